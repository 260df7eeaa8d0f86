"""The difference between two texts: one region of whole lines, and how it is shown."""

from dataclasses import dataclass
from itertools import takewhile

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
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    return Region(head, len(old) - tail, tuple(new[head : len(new) - tail]))


def unified_diff(old_name: str | None, new_name: str | None, before: str, after: str) -> str:
    """The change as a unified diff of one hunk, hidden characters spelled out.

    A name is `a/…` or `b/…`, and `None` where there is no such file.
    """
    head = _header(old_name, new_name)
    old = split_lines(before)
    region = changed_region(before, after)
    if region.start == region.end and not region.new:
        return head
    first = max(0, region.start - _CONTEXT_LINES)
    last = min(len(old), region.end + _CONTEXT_LINES)
    lead, trail = old[first : region.start], old[region.end : last]
    removed, added = old[region.start : region.end], region.new
    old_count, new_count = last - first, len(lead) + len(added) + len(trail)
    body = [
        *(_line(" ", line) for line in lead),
        *(_line("-", line) for line in removed),
        *(_line("+", line) for line in added),
        *(_line(" ", line) for line in trail),
    ]
    names = f"--- {_shown(old_name)}\n+++ {_shown(new_name)}\n"
    # An empty range is numbered by the line before it (the unified format's own rule).
    at = f"@@ -{first + (old_count > 0)},{old_count} +{first + (new_count > 0)},{new_count} @@\n"
    return head + names + at + "".join(body)


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


def _shared(left: list[str], right: list[str]) -> int:
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))
    return sum(1 for _ in pairs)


def _line(mark: str, line: str) -> str:
    text = line.removesuffix("\r\n") if line.endswith("\r\n") else line.removesuffix("\n")
    shown, _ = reveal(text)
    has_end = line.endswith(("\n", "\r"))
    return f"{mark}{shown}\n" + ("" if has_end else "\\ No newline at end of file\n")
