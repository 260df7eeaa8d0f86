"""From an old and a new text of a file to the smallest edit that stands in it exactly once."""


def edit_of(path: str, old: str, new: str) -> dict[str, str]:
    """A change of `propose_edit` that makes the new text of the old one."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    shortest = min(len(before), len(after)) - start
    while end < shortest and before[-1 - end] == after[-1 - end]:
        end += 1
    while True:
        piece = "".join(before[start : len(before) - end])
        if piece and old.count(piece) == 1:
            break
        if start == 0 and end == 0:
            return {"do": "write", "path": path, "new_text": new}
        start, end = max(0, start - 1), max(0, end - 1)
    made = "".join(after[start : len(after) - end])
    return {"do": "edit", "path": path, "old_text": piece, "new_text": made}
