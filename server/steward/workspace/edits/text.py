"""A text as models write it, with LF alone, and the way back to the ends its lines really have.

Everything is found and replaced in the plain text. Then only what was replaced is written anew:
what stands around it is copied from the original, so its line ends cannot change.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

_END = re.compile(r"\r\n|\r|\n")
_ALIGNED_LINES_MAX = 4_000
"""Lines of one replaced stretch that are compared one by one."""


@dataclass(frozen=True, slots=True)
class Change:
    """The characters `start` to `end` of the plain text become `new`."""

    start: int
    end: int
    new: str


def plain(text: str) -> str:
    """The text with LF for CRLF and CR."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def plain_lines(text: str) -> list[str]:
    """The lines of a plain text, with their ends."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def number_at(text: str, offset: int) -> int:
    """The number of the line that holds an offset of a plain text, from 1."""
    return text.count("\n", 0, offset) + 1


def rewrite(text: str, changes: Sequence[Change]) -> str:
    """The text with the changes made, of which none overlaps another; `text` is not plain.

    New lines end as those that they replace, or as their neighbours do.
    """
    raw = _Raw(text)
    pieces: list[str] = []
    at = 0
    for change in sorted(changes, key=lambda change: change.start):
        for small in raw.narrowed(change):
            start, end = raw.offset(small.start), raw.offset(small.end)
            pieces += (text[at:start], raw.ended(small))
            at = end
    return "".join((*pieces, text[at:]))


class _Raw:
    """The original text, by offsets in the plain one."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._plain = plain(text)
        # Where in the plain text the line feed of each CRLF is: from there on it is one shorter.
        found = _positions(text, "\r\n")
        self._pairs = [position - number for number, position in enumerate(found)]
        self._is_mixed = _is_mixed(text)

    def offset(self, at: int) -> int:
        """The same place in the original."""
        return at + bisect_left(self._pairs, at)

    def narrowed(self, change: Change) -> list[Change]:
        """The change without the lines that it leaves alone, where their ends could be lost."""
        old = self._plain[change.start : change.end]
        if not self._is_mixed or "\n" not in old:
            return [change]
        olds, news = plain_lines(old), plain_lines(change.new)
        starts = [change.start]
        for line in olds:
            starts.append(starts[-1] + len(line))
        return [
            Change(starts[first], starts[last], "".join(news[low:high]))
            for first, last, low, high in differences(olds, news)
        ]

    def ended(self, change: Change) -> str:
        """The new text with line ends like those around it."""
        if "\r" not in self._text:
            return change.new
        ends = _ends(self._text[self.offset(change.start) : self.offset(change.end)])
        usual = ends[-1] if ends else self._end_near(change)
        lines = change.new.split("\n")
        joined = [
            line + (ends[number] if number < len(ends) else usual)
            for number, line in enumerate(lines[:-1])
        ]
        return "".join((*joined, lines[-1]))

    def _end_near(self, change: Change) -> str:
        """How the line before ends, or the one that holds the place, or the first."""
        before = self._plain.rfind("\n", 0, change.start)
        at = before if before >= 0 else self._plain.find("\n", change.end)
        if at < 0:
            return "\n"
        return self._text[self.offset(at) : self.offset(at + 1)]


def differences(olds: Sequence[str], news: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Which lines differ: `olds[a:b]` became `news[c:d]`, in order, as `(a, b, c, d)`."""
    head = shared(olds, news)
    tail = shared(olds[head:][::-1], news[head:][::-1])
    old, new = olds[head : len(olds) - tail], news[head : len(news) - tail]
    if not old and not new:
        return []
    if not old or not new or len(old) + len(new) > _ALIGNED_LINES_MAX:
        return [(head, head + len(old), head, head + len(new))]
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [
        (head + first, head + last, head + low, head + high)
        for kind, first, last, low, high in matcher.get_opcodes()
        if kind != "equal"
    ]


def shared(left: Sequence[object], right: Sequence[object]) -> int:
    """How many of their first elements are the same."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))
    return sum(1 for _ in pairs)


def _is_mixed(text: str) -> bool:
    pairs = text.count("\r\n")
    singles = (text.count("\n") - pairs, text.count("\r") - pairs, pairs)
    return sum(number > 0 for number in singles) > 1


def _ends(text: str) -> list[str]:
    """The line ends in a piece of the original."""
    return _END.findall(text)


def _positions(text: str, wanted: str) -> Iterator[int]:
    at = text.find(wanted)
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)
