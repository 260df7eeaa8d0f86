"""What was accepted, followed for ten minutes to see whether it stays.

The text is in memory only, and only so long. What stays is counted in words: no search for the
least difference, and one changed letter does not make a line a new one.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from steward.completion.outcomes.piece import Change, Piece
from steward.completion.outcomes.showing import Terms
from steward.completion.outcomes.tally import LOOKS_S

_WORD = re.compile(r"\w+|[^\w\s]")
_MOST = 0.5


def _words(text: str) -> Counter[int]:
    return Counter(map(hash, _WORD.findall(text)))


@dataclass(slots=True)
class Kept:
    """One accepted text."""

    document: str
    piece: Piece
    terms: Terms
    since_s: float
    looks: list[int] = field(default_factory=lambda: list(LOOKS_S))
    """The seconds of the looks that are to come."""
    words: Counter[int] = field(init=False)

    def __post_init__(self) -> None:
        self.words = _words(self.piece.text)

    @property
    def due_s(self) -> float:
        """When the next look is due."""
        return self.since_s + self.looks[0]

    def take(self, change: Change) -> None:
        """Follow an edit of its document."""
        self.piece.take(change)

    @property
    def is_there(self) -> bool:
        """Whether most of its words are."""
        there = (self.words & _words(self.piece.text)).total()
        return there >= _MOST * self.words.total()
