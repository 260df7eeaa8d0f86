"""The difference between two texts: runs of whole lines, and how they are shown."""

from dataclasses import dataclass

from steward.workspace.edits.text import differences, shared
from steward.workspace.lines import split_lines
from steward.workspace.reveal import reveal

_CONTEXT_LINES = 3


@dataclass(frozen=True, slots=True)
class Region:
    """Lines `start` to `end` (zero-based, end exclusive) of the old text become `new`."""

    start: int
    end: int
    new: tuple[str, ...]


def changed_region(before: str, after: str) -> Region:
    """The smallest run of whole lines that turns `before` into `after`."""
    old, new = split_lines(before), split_lines(after)
    head = shared(old, new)
    tail = shared(old[head:][::-1], new[head:][::-1])
    return Region(head, len(old) - tail, tuple(new[head : len(new) - tail]))


def changed_regions(before: str, after: str) -> list[Region]:
    """The runs of whole lines that turn `before` into `after`, from the top.

    One run where the texts are too long to be compared line by line.
    """
    old, new = split_lines(before), split_lines(after)
    return [
        Region(first, last, tuple(new[low:high]))
        for first, last, low, high in differences(old, new)
    ]


def unified_diff(old_name: str | None, new_name: str | None, before: str, after: str) -> str:
    """The change as a unified diff, hidden characters spelled out.

    A name is `a/…` or `b/…`, and `None` where there is no such file.
    """
    head = _header(old_name, new_name)
    regions = changed_regions(before, after)
    if not regions:
        return head
    names = f"--- {_shown(old_name)}\n+++ {_shown(new_name)}\n"
    old = split_lines(before)
    hunks: list[str] = []
    shift = 0
    for group in _together(regions):
        hunks.append(_hunk(old, group, shift))
        shift += sum(len(region.new) - (region.end - region.start) for region in group)
    return head + names + "".join(hunks)


def hunk_header(region: Region, shift: int) -> str:
    """Which lines become which, as in a unified diff without context.

    `shift`: by how many lines the new text is longer, up to here.
    """
    return _header_of(region.start, region.end - region.start, len(region.new), shift)


def hunk_lines(old: list[str], region: Region) -> str:
    """What is taken away and added, each line after its sign, hidden characters spelled out."""
    gone = (_line("-", line) for line in old[region.start : region.end])
    return "".join((*gone, *(_line("+", line) for line in region.new)))


def _together(regions: list[Region]) -> list[list[Region]]:
    """Those whose lines of context meet make one hunk."""
    groups: list[list[Region]] = []
    for region in regions:
        if groups and region.start - groups[-1][-1].end <= 2 * _CONTEXT_LINES:
            groups[-1].append(region)
        else:
            groups.append([region])
    return groups


def _hunk(old: list[str], regions: list[Region], shift: int) -> str:
    """`shift`: by how many lines the new text is longer, up to here."""
    first = max(0, regions[0].start - _CONTEXT_LINES)
    last = min(len(old), regions[-1].end + _CONTEXT_LINES)
    body: list[str] = []
    at = first
    for region in regions:
        body += (_line(" ", line) for line in old[at : region.start])
        body += (_line("-", line) for line in old[region.start : region.end])
        body += (_line("+", line) for line in region.new)
        at = region.end
    body += (_line(" ", line) for line in old[at:last])
    old_count = last - first
    new_count = old_count + sum(len(one.new) - (one.end - one.start) for one in regions)
    return f"{_header_of(first, old_count, new_count, shift)}\n{''.join(body)}"


def _header_of(first: int, old_count: int, new_count: int, shift: int) -> str:
    # An empty range is numbered by the line before it (the unified format's own rule).
    starts = first + (old_count > 0), first + shift + (new_count > 0)
    return f"@@ -{starts[0]},{old_count} +{starts[1]},{new_count} @@"


def _header(old_name: str | None, new_name: str | None) -> str:
    """What git writes above the names when more happens to a file than new text."""
    if old_name is None:
        return f"new file {_plain(new_name)}\n"
    if new_name is None:
        return f"deleted file {_plain(old_name)}\n"
    if _plain(old_name) == _plain(new_name):
        return ""
    return f"rename from {_plain(old_name)}\nrename to {_plain(new_name)}\n"


def _shown(name: str | None) -> str:
    return "/dev/null" if name is None else reveal(name)[0]


def _plain(name: str | None) -> str:
    return _shown(name).partition("/")[2]


def _line(mark: str, line: str) -> str:
    text = line.removesuffix("\r\n") if line.endswith("\r\n") else line.removesuffix("\n")
    shown, _ = reveal(text)
    has_end = line.endswith(("\n", "\r"))
    return f"{mark}{shown}\n" + ("" if has_end else "\\ No newline at end of file\n")
