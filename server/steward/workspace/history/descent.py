"""From which line of an older text each line of a newer one comes, with every doubt kept.

A difference of two texts is one of several that explain them: where a second blank line was
added, nobody can say which of the two is the new one. Whoever shows a shortest difference picks
one. Here all lines from which a line may come are given, and whether it may be new; so that who
asks where a line is from never hears a guess. `descent_search` finds them.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from steward.core.agent_limits import (
    DESCENT_GAP_LINES_MAX,
)
from steward.workspace.lines import split_lines

_WORD = re.compile(r"\w+|[^\w\s]")
_ALIKE = 0.75
"""Which share of two lines' words must be the same for one to be the other, changed."""
_ALIKE_ALONE = 0.65
"""The same where one line took the place of one."""
_AHEAD = 0.1
"""By how much the most alike line must be more alike than the next."""
_MOVED_CHARS_MIN = 8
"""Letters and digits of a line that is recognised elsewhere; shorter ones stand in many places."""

Gap = tuple[int, int, int, int]
"""The old lines `a` to `b` and the new lines `c` to `d`; ends are exclusive."""


@dataclass(frozen=True, slots=True)
class Descent:
    """Where a line comes from."""

    olds: tuple[int, ...] = ()
    """The lines that it may have been before, counted from nought."""
    may_be_new: bool = False
    is_unclear: bool = False
    """More lines come into question than are named."""
    is_reformatted: bool = False
    """It is the same but for its whitespace."""
    has_moved: bool = False

    @property
    def is_new(self) -> bool:
        """Whether it certainly was not there before."""
        return self.may_be_new and not self.olds and not self.is_unclear


_NEW = Descent(may_be_new=True)


def lines_in(text: str) -> list[str]:
    """The lines without their ends."""
    return [line.rstrip("\r\n") for line in split_lines(text)]


def is_telling(line: str) -> bool:
    """Whether a line says enough to be recognised elsewhere."""
    return sum(each.isalnum() for each in line) >= _MOVED_CHARS_MIN


@dataclass(slots=True)
class Descents:
    """The answer for every line of a text."""

    olds: Sequence[str]
    news: Sequence[str]
    is_same: bool = field(init=False)
    certain: dict[int, Descent] = field(default_factory=dict[int, Descent])
    """New line → what is known of it; one that is not in here is new."""
    head: int = 0
    """So many lines at the beginning are the same, and far from any that is not."""
    tail: int = 0
    """As many at the end."""
    gaps: list[Gap] = field(default_factory=list[Gap])
    """Where something was replaced by something else."""
    _changed: dict[Gap, dict[int, tuple[int, ...]]] = field(
        default_factory=dict[Gap, dict[int, tuple[int, ...]]]
    )

    def __post_init__(self) -> None:
        self.is_same = self.olds == self.news

    def of(self, line: int) -> Descent:
        """Where this line of the newer text comes from."""
        if self.is_same or line < self.head:
            return Descent((line,))
        if line >= len(self.news) - self.tail:
            return Descent((line - len(self.news) + len(self.olds),))
        return self.certain.get(line, _NEW)

    def changed_from(self, line: int) -> tuple[int, ...]:
        """The older lines of which a new line may be a changed one: none, one or several."""
        gap = next((gap for gap in self.gaps if gap[2] <= line < gap[3]), None)
        if gap is None:
            return ()
        if gap not in self._changed:
            self._changed[gap] = self._alike(gap)
        return self._changed[gap].get(line, ())

    def _alike(self, gap: Gap) -> dict[int, tuple[int, ...]]:
        """New line → the old lines of the gap that it is most alike, and that are gone."""
        a, b, c, d = gap
        kept = {old for each in self.certain.values() for old in each.olds}
        olds = [old for old in range(a, b) if old not in kept]
        news = [new for new in range(c, d) if self.of(new).is_new]
        if not olds or not news or max(len(olds), len(news)) > DESCENT_GAP_LINES_MAX:
            return {}
        old_words = [_words(self.olds[old]) for old in olds]
        shares = {new: [_share(_words(self.news[new]), each) for each in old_words] for new in news}
        alike = _ALIKE_ALONE if len(olds) == len(news) == 1 else _ALIKE
        best = [max(row[at] for row in shares.values()) for at in range(len(olds))]
        found: dict[int, tuple[int, ...]] = {}
        for new, row in shares.items():
            most = max(row)
            # An old line became one new line, and not each that resembles it.
            near = tuple(
                olds[at]
                for at, share in enumerate(row)
                if share >= max(alike, most - _AHEAD) and share == best[at]
            )
            if near:
                found[new] = near
        return found


def _words(line: str) -> Counter[str]:
    return Counter(_WORD.findall(line))


def _share(left: Counter[str], right: Counter[str]) -> float:
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 0.0
