"""The search for the lines from which lines come.

Lines that both texts have once are matched first, in their order. What follows or precedes such a
line unchanged is matched with it. Then come whole lines that moved, and lines that differ in
nothing but their whitespace. All of it takes time that grows with the texts' length, not with its
square.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from steward.core.agent_limits import DESCENT_DEPTH_MAX, DESCENT_DOUBTS_MAX
from steward.workspace.alignment import rising
from steward.workspace.edits.text import shared
from steward.workspace.history.descent import Descent, Descents, Gap, is_telling

_MARGIN = 50
"""Lines beside what differs that are looked at too: one of them may be what was added."""


def descents(olds: Sequence[str], news: Sequence[str]) -> Descents:
    """Where each line of the newer text comes from."""
    if olds == news:
        return Descents(olds, news)
    head, tail = _same_at_start(olds, news), _same_at_end(olds, news)
    least = min(len(olds), len(news))
    # What is the same on both sides may be counted twice, where lines repeat.
    above = max(0, min(head, least - tail) - _MARGIN)
    below = max(0, min(tail, least - head) - _MARGIN)
    inner = Descents(olds[above : len(olds) - below], news[above : len(news) - below])
    search = _Search(inner)
    search.match()
    search.find_moved()
    search.find_reformatted()
    certain = {
        line + above: replace(each, olds=tuple(old + above for old in each.olds))
        for line, each in inner.certain.items()
    }
    gaps = [(a + above, b + above, c + above, d + above) for a, b, c, d in inner.gaps]
    return Descents(olds, news, certain, above, below, gaps)


def _same_at_start(olds: Sequence[str], news: Sequence[str]) -> int:
    """How many of the first lines are the same; compared by halves, which is much faster."""
    low, high = 0, min(len(olds), len(news))
    while low < high:
        middle = (low + high + 1) // 2
        if olds[low:middle] == news[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _same_at_end(olds: Sequence[str], news: Sequence[str]) -> int:
    return _same_at_start(olds[::-1], news[::-1])


class _Search:
    """One comparison of two texts."""

    def __init__(self, found: Descents) -> None:
        numbers: dict[str, int] = {}
        self._found = found
        self._certain = found.certain
        self._old = [numbers.setdefault(line, len(numbers)) for line in found.olds]
        self._new = [numbers.setdefault(line, len(numbers)) for line in found.news]
        self._olds, self._news = Counter(self._old), Counter(self._new)
        self._taken: set[int] = set()
        """The old lines from which some new line comes, or may come."""

    def match(self) -> None:
        """Match what stands in the same order in both."""
        waiting = [(0, len(self._old), 0, len(self._new), 0)]
        while waiting:
            a, b, c, d, depth = waiting.pop()
            if a == b or c == d:
                self._leave((a, b, c, d))
                continue
            old, new = self._old[a:b], self._new[c:d]
            head, tail = shared(old, new), shared(old[::-1], new[::-1])
            if head + tail >= min(len(old), len(new)):
                self._slide((a, b, c, d), head, tail)
                continue
            inner = a + head, b - tail, c + head, d - tail
            anchors = self._anchors(inner) if depth < DESCENT_DEPTH_MAX else []
            self._keep_ends((a, b, c, d), inner, anchors)
            if anchors:
                waiting += [(*gap, depth + 1) for gap in self._between(anchors, inner)]
            else:
                self._doubt(inner)
        self._found.gaps.sort(key=lambda gap: gap[2])

    def _leave(self, gap: Gap) -> None:
        """On one side there is nothing left."""
        if gap[0] < gap[1] or gap[2] < gap[3]:
            self._found.gaps.append(gap)

    def _slide(self, gap: Gap, head: int, tail: int) -> None:
        """One run of lines was added or removed, at one of several places."""
        a, b, c, d = gap
        olds, news = b - a, d - c
        more = news - olds
        # The run begins at one of these lines, counted from the gap's first.
        first, last = min(olds, news) - tail, min(head, olds, news)
        first = max(first, 0)
        for at in range(news):
            descent = _slid(at, more, first, last)
            self._set(
                c + at,
                Descent(
                    tuple(a + old for old in descent.olds), descent.may_be_new, descent.is_unclear
                ),
            )
        # What was added or removed lies in here, wherever it begins.
        gone, come = max(0, -more), max(0, more)
        self._found.gaps.append((a + first, a + last + gone, c + first, c + last + come))

    def _keep_ends(self, gap: Gap, inner: Gap, anchors: Sequence[tuple[int, int]]) -> None:
        """Match the lines at both ends; one that could as well be another beside it is in doubt."""
        a, _, c, d = gap
        first_old, end_old, first_new, end_new = inner
        sure = [pair for pair in anchors if self._is_sure(pair[1])]
        (next_old, next_new), (last_old, last_new) = (
            (sure[0], sure[-1]) if sure else ((end_old, end_new), (first_old - 1, first_new - 1))
        )
        head = [(c + at, a + at) for at in range(first_new - c - 1, -1, -1)]
        self._keep_end(head, (first_old, next_old, first_new, next_new))
        tail = [(end_new + at, end_old + at) for at in range(d - end_new)]
        self._keep_end(tail, (last_old + 1, end_old, last_new + 1, end_new))

    def _keep_end(self, run: Sequence[tuple[int, int]], beside: Gap) -> None:
        """Match a run of lines, from the one next to what differs on."""
        a, b, c, d = beside
        inside_new = set(self._new[c:d])
        inside_old: dict[int, list[int]] = {}
        for at in range(a, b):
            inside_old.setdefault(self._old[at], []).append(at)
        is_pinned = False
        for new, old in run:
            line = self._new[new]
            others = inside_old.get(line, [])
            is_pinned = is_pinned or not (others or line in inside_new)
            if is_pinned:
                self._set(new, Descent((old,)))
            else:
                self._set(new, _doubtful([old, *others], may_be_new=line in inside_new))

    def _is_sure(self, new: int) -> bool:
        """Whether each text has the line once, and it says anything.

        The same closing bracket may have gone and come in one go.
        """
        line = self._new[new]
        return self._olds[line] == self._news[line] == 1 and _says_anything(self._found.news[new])

    def _anchors(self, gap: Gap) -> list[tuple[int, int]]:
        """The lines that the gap has once on each side, as many as keep their order."""
        a, b, c, d = gap
        olds, news = Counter(self._old[a:b]), Counter(self._new[c:d])
        where = {line: at for at in range(c, d) if news[line := self._new[at]] == 1}
        pairs = [
            (at, where[line])
            for at in range(a, b)
            if olds[line := self._old[at]] == 1 and line in where
        ]
        return rising(pairs)

    def _between(self, anchors: Sequence[tuple[int, int]], gap: Gap) -> Iterable[Gap]:
        a, b, c, d = gap
        for old, new in anchors:
            self._set(new, Descent((old,), may_be_new=not self._is_sure(new)))
        places = [(a - 1, c - 1), *anchors, (b, d)]
        for (old, new), (next_old, next_new) in pairwise(places):
            if old + 1 < next_old or new + 1 < next_new:
                yield old + 1, next_old, new + 1, next_new

    def _doubt(self, gap: Gap) -> None:
        """No line pins another: each may come from any that is the same, or be new."""
        a, b, c, d = gap
        self._found.gaps.append(gap)
        same: dict[int, list[int]] = {}
        for at in range(a, b):
            same.setdefault(self._old[at], []).append(at)
        for at in range(c, d):
            if olds := same.get(self._new[at]):
                self._set(at, _doubtful(olds, may_be_new=True))

    def find_moved(self) -> None:
        """Match lines that stand elsewhere now, and their neighbours that went along."""
        gone: dict[int, list[int]] = {}
        for at, line in enumerate(self._old):
            if at not in self._taken:
                gone.setdefault(line, []).append(at)
        moved = [
            (at, gone[line][0])
            for at, line in enumerate(self._new)
            if at not in self._certain and line in gone and self._is_known_again(at)
        ]
        for new, old in moved:
            self._set(new, Descent((old,), has_moved=True))
        for new, old in moved:
            for step in (-1, 1):
                self._extend(new, old, step)
        for at, line in enumerate(self._new):
            # As many like it are gone from elsewhere: this may be one of them.
            if at not in self._certain and line in gone:
                self._set(at, replace(_doubtful(gone[line], may_be_new=True), has_moved=True))

    def _is_known_again(self, new: int) -> bool:
        line = self._new[new]
        return self._olds[line] == self._news[line] == 1 and is_telling(self._found.news[new])

    def _extend(self, new: int, old: int, step: int) -> None:
        """Match what stands beside a moved line; it went along if such a line follows again."""
        waiting: list[tuple[int, int]] = []
        new, old = new + step, old + step
        while 0 <= new < len(self._new) and 0 <= old < len(self._old):
            if self._new[new] != self._old[old]:
                break
            if self._certain.get(new) == Descent((old,), has_moved=True):
                for each, was in waiting:
                    self._set(each, Descent((was,), has_moved=True))
                return
            if new in self._certain or old in self._taken:
                break
            waiting.append((new, old))
            new, old = new + step, old + step
        for each, was in waiting:
            self._set(each, Descent((was,), may_be_new=True, has_moved=True))

    def find_reformatted(self) -> None:
        """Match the lines of a gap that differ in their whitespace only."""
        for a, b, c, d in self._found.gaps:
            olds = [at for at in range(a, b) if at not in self._taken]
            news = [at for at in range(c, d) if at not in self._certain]
            if olds and news:
                self._reformat(olds, news)

    def _reformat(self, olds: Sequence[int], news: Sequence[int]) -> None:
        old_words = {at: "".join(self._found.olds[at].split()) for at in olds}
        new_words = {at: "".join(self._found.news[at].split()) for at in news}
        old_counts, new_counts = Counter(old_words.values()), Counter(new_words.values())
        where = {word: at for at, word in old_words.items()}
        pairs = [
            (where[word], at)
            for at, word in new_words.items()
            if word and old_counts[word] == new_counts[word] == 1
        ]
        for old, new in rising(sorted(pairs)):
            self._set(new, Descent((old,), is_reformatted=True))
        for old, new in sorted(pairs):
            for step in (-1, 1):
                self._reformat_beside((old, new), step, old_words, new_words)

    def _reformat_beside(
        self,
        place: tuple[int, int],
        step: int,
        old_words: Mapping[int, str],
        new_words: Mapping[int, str],
    ) -> None:
        old, new = place[0] + step, place[1] + step
        while old in old_words and new in new_words and old_words[old] == new_words[new]:
            if old in self._taken or new in self._certain:
                return
            self._set(new, Descent((old,), is_reformatted=True))
            old, new = old + step, new + step

    def _set(self, new: int, descent: Descent) -> None:
        if not descent.is_new:
            self._certain[new] = descent
            self._taken.update(descent.olds)


def _slid(at: int, more: int, first: int, last: int) -> Descent:
    """A line of a gap in which a run of lines was added (`more` > 0) or removed.

    The run begins at a line from `first` to `last`; it is not known at which.
    """
    if more >= 0:
        before = [at] if at < last else []
        behind = [at - more] if at - more >= first else []
        may_be_new = max(first, at - more + 1) <= min(last, at)
    else:
        before = [at] if at < last else []
        behind = [at - more] if at >= first else []
        may_be_new = False
    return _doubtful([*before, *behind], may_be_new=may_be_new)


def _doubtful(olds: Sequence[int], *, may_be_new: bool) -> Descent:
    if len(olds) > DESCENT_DOUBTS_MAX:
        return Descent(tuple(olds[:DESCENT_DOUBTS_MAX]), may_be_new, is_unclear=True)
    return Descent(tuple(olds), may_be_new)


def _says_anything(line: str) -> bool:
    return any(each.isalnum() for each in line)
