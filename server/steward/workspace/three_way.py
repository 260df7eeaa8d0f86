"""Merges two changes of the same text, or says exactly where they meet.

Whole lines, with their ends, are what is compared: a line that ends otherwise is another line, and
so is one whose end is missing. Changes that overlap or stand side by side are a conflict unless
they are the same, for side by side nobody can say which comes first. Nothing is ever guessed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from steward.workspace.alignment import Difference, differing
from steward.workspace.lines import split_lines


@dataclass(frozen=True, slots=True)
class Passage:
    """Some lines of one version; no lines, where something stands between two of the others."""

    start: int
    """Zero-based."""
    end: int
    """Exclusive."""
    text: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """The same place in the three versions, of which both sides have made something else."""

    base: Passage
    ours: Passage
    theirs: Passage


Merged = str | tuple[Conflict, ...]
"""The one text with both changes, or the places where they meet, from the top."""


def merged(base: str, ours: str, theirs: str) -> Merged:
    """The text with the changes from `base` to `ours` and from `base` to `theirs`.

    Which of the two is which makes no difference but for the names in a conflict.
    """
    if ours in (base, theirs):
        return theirs
    if theirs == base:
        return ours
    versions = _Versions(split_lines(base), split_lines(ours), split_lines(theirs))
    pieces: list[str] = []
    conflicts: list[Conflict] = []
    at = 0
    for place in versions.places():
        pieces += versions.base[at : place.base.start]
        at = place.base.end
        agreed = _agreed(place)
        if agreed is None:
            conflicts.append(place)
        else:
            pieces.append(agreed)
    if conflicts:
        return tuple(conflicts)
    return "".join((*pieces, *versions.base[at:]))


def _agreed(place: Conflict) -> str | None:
    """What both say, or the one that says anything; `None` if they contradict each other."""
    if place.ours.text == place.theirs.text or place.theirs.text == place.base.text:
        return place.ours.text
    return place.theirs.text if place.ours.text == place.base.text else None


@dataclass(frozen=True, slots=True)
class _Versions:
    base: Sequence[str]
    ours: Sequence[str]
    theirs: Sequence[str]

    def places(self) -> Iterator[Conflict]:
        """Every place where a side has changed something; around it all three are the same."""
        ours_shift, theirs_shift = 0, 0
        for group in _meeting(differing(self.base, self.ours), differing(self.base, self.theirs)):
            start, end = group[0].difference[0], max(one.difference[1] for one in group)
            ours_start, theirs_start = start + ours_shift, start + theirs_shift
            ours_shift += sum(one.growth for one in group if one.is_ours)
            theirs_shift += sum(one.growth for one in group if not one.is_ours)
            yield Conflict(
                _passage(self.base, start, end),
                _passage(self.ours, ours_start, end + ours_shift),
                _passage(self.theirs, theirs_start, end + theirs_shift),
            )


@dataclass(frozen=True, slots=True)
class _Change:
    """A difference, and on which side it is."""

    difference: Difference
    is_ours: bool

    @property
    def growth(self) -> int:
        """By how many lines it makes its side longer."""
        first, last, low, high = self.difference
        return (high - low) - (last - first)


def _meeting(ours: Sequence[Difference], theirs: Sequence[Difference]) -> list[list[_Change]]:
    """The changes of both sides from the top; those that overlap or touch, put together."""
    changes = [_Change(one, is_ours=True) for one in ours]
    changes += [_Change(one, is_ours=False) for one in theirs]
    groups: list[list[_Change]] = []
    end = -1
    for change in sorted(changes, key=lambda change: change.difference[:2]):
        if change.difference[0] <= end:
            groups[-1].append(change)
        else:
            groups.append([change])
        end = max(end, change.difference[1])
    return groups


def _passage(lines: Sequence[str], start: int, end: int) -> Passage:
    return Passage(start, end, "".join(lines[start:end]))
