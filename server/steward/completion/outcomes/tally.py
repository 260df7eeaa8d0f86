"""Counts of what became of suggestions, added up before they are written down."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from steward.completion.outcomes.showing import Outcome, Terms

LOOKS_S = (15, 30, 120, 300, 600)
"""Seconds after an acceptance at which is looked whether the text is still there."""
WITHIN_MS = (25, 50, 100, 200, 400, 800, 1600, 3200)
"""The bounds of the counts by time; what took longer is in none of them."""


@dataclass(slots=True)
class Counts:
    """Sums under one heading. The names are those of the table's columns."""

    offered: int = 0
    shown: int = 0
    """Visible long enough to be read, or taken."""
    accepted: int = 0
    partly: int = 0
    typed: int = 0
    rejected: int = 0
    unseen: int = 0
    offered_lines: int = 0
    offered_characters: int = 0
    accepted_lines: int = 0
    accepted_characters: int = 0
    looked_15_s: int = 0
    """Of those accepted, at how many was looked after 15 seconds."""
    kept_15_s: int = 0
    """At how many of these most of the words were still there."""
    looked_30_s: int = 0
    kept_30_s: int = 0
    looked_120_s: int = 0
    kept_120_s: int = 0
    looked_300_s: int = 0
    kept_300_s: int = 0
    looked_600_s: int = 0
    kept_600_s: int = 0
    asked: int = 0
    """For how many a model was asked; the times are those of these."""
    wait_ms: int = 0
    context_ms: int = 0
    network_ms: int = 0
    rest_ms: int = 0
    within_25_ms: int = 0
    """How many took no longer than this in all, and longer than the bound before."""
    within_50_ms: int = 0
    within_100_ms: int = 0
    within_200_ms: int = 0
    within_400_ms: int = 0
    within_800_ms: int = 0
    within_1600_ms: int = 0
    within_3200_ms: int = 0

    def add(self, name: str, amount: int = 1) -> None:
        """Raise one of them."""
        setattr(self, name, getattr(self, name) + amount)

    def join(self, other: "Counts") -> None:
        """Add all of another's."""
        for name in NAMES:
            self.add(name, getattr(other, name))


NAMES = tuple(field.name for field in fields(Counts))


class Tally:
    """Counts by the terms of the suggestions."""

    def __init__(self) -> None:
        self._counts: dict[Terms, Counts] = {}

    def __bool__(self) -> bool:
        """Whether there is anything to be written down."""
        return bool(self._counts)

    def __iter__(self) -> Iterator[tuple[Terms, Counts]]:
        """The terms, each with its counts."""
        return iter(self._counts.items())

    def of(self, terms: Terms) -> Counts:
        """The counts under these terms."""
        return self._counts.setdefault(terms, Counts())

    def join(self, other: "Tally") -> None:
        """Add what could not be written down."""
        for terms, counts in other:
            self.of(terms).join(counts)

    def count_outcome(self, terms: Terms, outcome: Outcome, text: str) -> None:
        """A suggestion's end, which everyone has once."""
        counts = self.of(terms)
        counts.add("offered")
        counts.add(outcome)
        counts.add("shown", outcome != "unseen")
        counts.add("offered_lines", text.count("\n") + 1)
        counts.add("offered_characters", len(text))

    def count_accepted(self, terms: Terms, lines: int, characters: int) -> None:
        """What was taken of a suggestion, without being typed."""
        counts = self.of(terms)
        counts.add("accepted_lines", lines)
        counts.add("accepted_characters", characters)

    def count_look(self, terms: Terms, after_s: int, *, is_kept: bool) -> None:
        """One look at what was accepted."""
        counts = self.of(terms)
        counts.add(f"looked_{after_s}_s")
        counts.add(f"kept_{after_s}_s", is_kept)

    def count_times(self, terms: Terms, milliseconds: Mapping[str, int]) -> None:
        """How long the answer took, in parts and in all."""
        counts = self.of(terms)
        counts.add("asked")
        for part, took_ms in milliseconds.items():
            counts.add(f"{part}_ms", took_ms)
        total_ms = sum(milliseconds.values())
        bound = next((each for each in WITHIN_MS if total_ms <= each), None)
        if bound is not None:
            counts.add(f"within_{bound}_ms")
