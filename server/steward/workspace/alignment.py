"""Which lines of two texts are the same ones, within a bounded effort.

Lines that each text has exactly once are matched first, as patience sorting does: they are what a
person would go by. Between them the shortest edit script is looked for (Myers, "An O(ND)
Difference Algorithm", 1986). What remains when the effort is used up counts as changed whole, so
texts that have little in common cost no more than a known amount.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from steward.core.limits import ALIGNMENT_DEPTH_MAX, ALIGNMENT_EDITS_MAX, ALIGNMENT_STEPS_MAX
from steward.workspace.edits.text import shared

Difference = tuple[int, int, int, int]
"""`(a, b, c, d)`: the old lines `a` to `b` became the new lines `c` to `d`; ends are exclusive."""

_Numbers = Sequence[int]
"""Lines, of which equal ones have the same number."""


@dataclass(slots=True)
class _Effort:
    """The steps that the rest of a comparison may still take."""

    left: int


def differing(olds: Sequence[str], news: Sequence[str]) -> list[Difference]:
    """Which runs of lines differ, from the top; between two of them is at least one shared line."""
    numbers: dict[str, int] = {}
    old = [numbers.setdefault(line, len(numbers)) for line in olds]
    new = [numbers.setdefault(line, len(numbers)) for line in news]
    effort = _Effort(ALIGNMENT_STEPS_MAX)
    found: list[Difference] = []
    # The last is looked at first, so the one on top of the pile is always the next from the top.
    waiting = [(0, len(old), 0, len(new), 0)]
    while waiting:
        a, b, c, d, depth = waiting.pop()
        head = shared(old[a:b], new[c:d])
        a, c = a + head, c + head
        tail = shared(old[a:b][::-1], new[c:d][::-1])
        b, d = b - tail, d - tail
        if a == b or c == d:
            found += [(a, b, c, d)] if a < b or c < d else []
            continue
        anchors = _anchors(old[a:b], new[c:d]) if depth < ALIGNMENT_DEPTH_MAX else []
        if anchors:
            waiting += reversed(list(_between(anchors, (a, b, c, d), depth + 1)))
        else:
            small = _shortest(old[a:b], new[c:d], effort)
            found += [(a + i, a + j, c + k, c + last) for i, j, k, last in small]
    return _joined(found)


def _anchors(old: _Numbers, new: _Numbers) -> list[tuple[int, int]]:
    """Places of the lines that each has once, as many as stand in the same order in both."""
    olds, news = Counter(old), Counter(new)
    where = {line: at for at, line in enumerate(new) if news[line] == 1}
    pairs = [(at, where[line]) for at, line in enumerate(old) if olds[line] == 1 and line in where]
    return rising(pairs)


def rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest selection whose second numbers rise; the first ones do already."""
    lowest: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        at = bisect_left(lowest, place)
        before.append(ends[at - 1] if at else -1)
        lowest[at : at + 1], ends[at : at + 1] = [place], [number]
    chosen: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        chosen.append(pairs[number])
        number = before[number]
    return chosen[::-1]


def _between(
    anchors: Sequence[tuple[int, int]], piece: Difference, depth: int
) -> Iterable[tuple[int, int, int, int, int]]:
    a, b, c, d = piece
    places = [(-1, -1), *anchors, (b - a, d - c)]
    for (old, new), (next_old, next_new) in pairwise(places):
        yield a + old + 1, a + next_old, c + new + 1, c + next_new, depth


def _shortest(old: _Numbers, new: _Numbers, effort: _Effort) -> list[Difference]:
    """The shortest edit script, as differences; one difference where it would be too long."""
    trace = _reached(old, new, effort)
    if trace is None:
        return [(0, len(old), 0, len(new))]
    found: list[Difference] = []
    x, y = len(old), len(new)
    for edits in range(len(trace) - 1, 0, -1):
        diagonal, furthest = x - y, trace[edits - 1]
        is_insertion = _comes_by_insertion(furthest, diagonal, edits)
        came_from = diagonal + 1 if is_insertion else diagonal - 1
        at_x = furthest[came_from]
        at_y = at_x - came_from
        # One line more or less; what stands behind it up to (x, y) is shared.
        found.append((at_x, at_x + (not is_insertion), at_y, at_y + is_insertion))
        x, y = at_x, at_y
    return _joined(found[::-1])


def _reached(old: _Numbers, new: _Numbers, effort: _Effort) -> list[dict[int, int]] | None:
    """Number of edits → diagonal → how many old lines it reaches, up to the end of both."""
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(ALIGNMENT_EDITS_MAX + 1):
        now: dict[int, int] = {}
        for diagonal in range(-edits, edits + 1, 2):
            is_insertion = _comes_by_insertion(furthest, diagonal, edits)
            x = furthest[diagonal + 1] if is_insertion else furthest[diagonal - 1] + 1
            begun = x
            while x < len(old) and 0 <= x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            effort.left -= 1 + x - begun
            now[diagonal] = x
            if x >= len(old) and x - diagonal >= len(new):
                return [*trace, now]
        if effort.left <= 0:
            return None
        trace.append(now)
        furthest = now
    return None


def _comes_by_insertion(furthest: dict[int, int], diagonal: int, edits: int) -> bool:
    if diagonal == -edits:
        return True
    return diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1]


def _joined(found: Iterable[Difference]) -> list[Difference]:
    """Those between which no line is shared, as one."""
    joined: list[Difference] = []
    for a, b, c, d in found:
        if joined and joined[-1][1] == a and joined[-1][3] == c:
            joined[-1] = (joined[-1][0], b, joined[-1][2], d)
        else:
            joined.append((a, b, c, d))
    return joined
