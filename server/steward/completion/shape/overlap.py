"""Where an answer stops being new and goes on with what stands below the cursor anyway."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from steward.completion.shape.hole import Hole, Line

_PROOF = 24
"""Characters of unusual lines, one after the other, that are proof enough in mid-answer."""
_PROOF_LINES = 6
_LINE_PROOF_MAX = 16
_SIMILAR = 0.7
_NAMES_MAX = 2
_RUNS_MAX = 16
_PART_CHARS_MIN, _LONE_PART_CHARS_MIN = 3, 10
_WORD_CHARS_MIN = 4
_TOKEN = re.compile(r"""\w+|"[^"]*"|'[^']*'|[^\w\s]""")
_TOKENS_MAX = 60


@dataclass(slots=True)
class _Run:
    """Lines of the answer, one after the other, that the document has below."""

    start: int
    """The line of the answer that is the first line below."""
    at: int = 0
    """How many lines below have been met."""
    same: int = 0
    """Of those that say more than that something ends."""
    renamed: int = 0
    """Lines that are the same but for names, one always for the same other."""
    similar: int = 0
    proof: int = 0
    names: dict[str, str] = field(default_factory=dict[str, str])

    def rename(self, one: Sequence[str], other: Sequence[str]) -> bool:
        """Whether two lines say the same when names stand for each other as before."""
        if len(one) != len(other):
            return False
        names = dict(self.names)
        for a, b in zip(one, other, strict=True):
            if names.get(a, a if a not in names.values() else None) == b:
                continue
            if a in names or not (a.isidentifier() and b.isidentifier()):
                return False
            names[a] = b
        if len(names) > _NAMES_MAX:
            return False
        self.names = names
        return True


class Overlap:
    """Takes the lines of an answer and says from which one on the document has them."""

    def __init__(self, hole: Hole) -> None:
        self._hole = hole
        self._tokens = [_tokens(line.text) for line in hole.below]
        self._runs: list[_Run] = []

    def take(self, number: int, line: Line, *, is_last: bool = False) -> int | None:
        """The line from which on the answer repeats the document, when this one proves it.

        `is_last`: the line may be the first part of one.
        """
        runs = [*self._runs[:_RUNS_MAX], _Run(number)]
        self._runs = [run for run in runs if self._goes_on(run, line, is_last=is_last)]
        return next((run.start for run in self._runs if _is_proven(run)), None)

    def starts(self) -> list[int]:
        """The lines from which on the answer, now at its end, may repeat the document."""
        return [run.start for run in self._runs if _is_likely(run)]

    def _goes_on(self, run: _Run, line: Line, *, is_last: bool) -> bool:
        if run.at >= len(self._hole.below):
            return run.at > 0  # More is written than was looked at.
        below = self._hole.below[run.at]
        if line.indent != below.indent:
            return False
        if line.key == below.key or (is_last and _is_part(line.key, below.key, run)):
            run.same += _has_words(line.key)
            if line.key not in self._hole.known:
                run.proof += min(len(line.key), _LINE_PROOF_MAX)
        elif run.start == 0:
            return False  # All of the answer would be a variation of what follows.
        elif run.rename(tokens := _tokens(line.text), self._tokens[run.at]):
            run.renamed += 1
        elif _similarity(tokens, self._tokens[run.at]) >= _SIMILAR:
            run.similar += 1
        else:
            return False
        run.at += 1
        return True


def _is_proven(run: _Run) -> bool:
    if run.similar + run.renamed > run.same:
        return False
    return run.same > 1 and (run.proof >= _PROOF or run.same >= _PROOF_LINES)


def _is_likely(run: _Run) -> bool:
    if not run.similar and not run.renamed:
        return True
    if run.similar:
        return run.same > 0 and run.same >= run.similar
    # One name changed throughout is a change; several are another statement.
    return run.same > 0 or (run.renamed > 1 and len(run.names) == 1)


def _has_words(key: str) -> bool:
    """Whether a line says more than that something ends."""
    return sum(map(str.isalnum, key)) >= _WORD_CHARS_MIN


def _is_part(key: str, below: str, run: _Run) -> bool:
    """Whether one of two lines is how the other begins."""
    enough = _PART_CHARS_MIN if run.at else _LONE_PART_CHARS_MIN
    return min(len(key), len(below)) >= enough and (below.startswith(key) or key.startswith(below))


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)[:_TOKENS_MAX]


def _similarity(one: list[str], other: list[str]) -> float:
    """How many words and signs two lines have at the same places."""
    longest = max(len(one), len(other))
    return sum(a == b for a, b in zip(one, other, strict=False)) / longest if longest else 1.0
