"""What two texts have in common.

It is found by halves: comparing slices is far quicker than looking at each character.
"""

from dataclasses import replace

from steward.workspace.edit import Edit

_SMALL = 64


def shared(text: str, other: str, start: int = 0) -> int:
    """How many characters `text` begins with that stand in `other` from `start` on."""
    low, high = 0, min(len(text), len(other) - start)
    while low < high:
        middle = (low + high + 1) // 2
        if other.startswith(text[low:middle], start + low):
            low = middle
        else:
            high = middle - 1
    return low


def shared_end(text: str, other: str) -> int:
    """How many characters both end with."""
    low, high = 0, min(len(text), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if text[len(text) - middle :] == other[len(other) - middle :]:
            low = middle
        else:
            high = middle - 1
    return low


def narrowed(edit: Edit) -> Edit:
    """The same edit without what stays as it is: some editors send a whole document for a key."""
    removed, inserted = edit.removed, edit.inserted
    if len(removed) < _SMALL or len(inserted) < _SMALL:
        return edit
    start = shared(removed, inserted)
    removed, inserted = removed[start:], inserted[start:]
    end = shared_end(removed, inserted)
    line, column = edit.start
    same = edit.removed[:start]
    breaks = same.count("\n")
    column = len(same) - same.rfind("\n") - 1 if breaks else column + start
    return replace(
        edit,
        start=(line + breaks, column),
        removed=removed[: len(removed) - end],
        inserted=inserted[: len(inserted) - end],
    )
