"""Finds lines that a model has copied, more and more leniently, and never chooses between two.

The steps: the same lines but for spaces at their ends → shifted as a whole, or tabs for spaces →
the same again without blank lines around them → typographic characters for plain ones → other
white space anywhere → a few words changed, where one place alone comes near. The first step that
finds anything decides; what it finds twice is refused. What is put there differs from the file only
by what the model changed between its old and its new text: lines and words that it left alone stay
as the file has them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from steward.workspace.edits.indent import Shift, shift_between, shifted
from steward.workspace.edits.merge import merge
from steward.workspace.edits.nearest import nearest
from steward.workspace.edits.spaces import carried_over, places
from steward.workspace.edits.text import differences
from steward.workspace.edits.typography import in_plain_signs, without_the_models_signs

_LIKENESS_MIN = 0.85
_RIVAL_GAP_MIN = 0.2
_RIVAL_TIMES = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """Lines to be found and what they become, without their ends."""

    olds: tuple[str, ...]
    news: tuple[str, ...]

    def without_blanks(self) -> "Wanted":
        """The same without blank lines at the beginning and the end, which both have to lose."""
        head = min(_blanks(self.olds), _blanks(self.news)) if self.news else _blanks(self.olds)
        tail_olds, tail_news = self.olds[head:][::-1], self.news[head:][::-1]
        tail = min(_blanks(tail_olds), _blanks(tail_news)) if tail_news else _blanks(tail_olds)
        olds, news = self.olds[head:], self.news[head:]
        return Wanted(olds[: len(olds) - tail], news[: max(0, len(news) - tail)])


@dataclass(frozen=True, slots=True)
class Fit:
    """Lines of the file that were meant, and what becomes of them."""

    first: int
    count: int
    news: tuple[str, ...]


Step = Callable[[Sequence[str], Wanted], list[Fit]]


def climb(lines: Sequence[str], wanted: Wanted) -> list[Fit]:
    """Every place that the first successful step finds; more than one means that it is unclear.

    `lines` are those of the file, without their ends.
    """
    return climb_for_sure(lines, wanted) or climb_to_drifted(lines, wanted)


def climb_to_drifted(lines: Sequence[str], wanted: Wanted) -> list[Fit]:
    """The last step alone: a few words differ."""
    bare = wanted.without_blanks()
    return drifted(lines, bare) if any(line.strip() for line in bare.olds) else []


def climb_for_sure(lines: Sequence[str], wanted: Wanted) -> list[Fit]:
    """The same without the last step: every word is as the model has it."""
    if not any(line.strip() for line in wanted.olds):
        return []
    for step, form in _steps(wanted):
        fits = step(lines, form)
        if fits:
            return fits
    return []


def same_but_for_ends(lines: Sequence[str], wanted: Wanted) -> list[Fit]:
    """The same lines, spaces and tabs at their ends aside."""
    places = _places([line.rstrip() for line in lines], [line.rstrip() for line in wanted.olds])
    return [Fit(place, len(wanted.olds), _kept(lines, place, wanted)) for place in places]


def shifted_as_a_whole(lines: Sequence[str], wanted: Wanted) -> list[Fit]:
    """The same lines with another indentation; the new ones are shifted alike."""
    olds = wanted.olds
    fits: list[Fit] = []
    for place in _places([line.strip() for line in lines], [line.strip() for line in olds]):
        shift = shift_between(olds, lines[place : place + len(olds)])
        news = None if shift is None else _shifted(wanted, lines, place, shift)
        if news is not None:
            fits.append(Fit(place, len(olds), news))
    return fits


def typeset(lines: Sequence[str], wanted: Wanted) -> list[Fit]:
    """The same but for quotes, dashes and spaces that a word processor would make."""
    there = [in_plain_signs(line.rstrip()) for line in lines]
    olds = [in_plain_signs(line.rstrip()) for line in wanted.olds]
    fits: list[Fit] = []
    for place in _places(there, olds):
        real = "\n".join(line.rstrip() for line in lines[place : place + len(olds)])
        old = "\n".join(line.rstrip() for line in wanted.olds)
        new = without_the_models_signs("\n".join(wanted.news), old, real)
        news = _in_the_type_of(real, without_the_models_signs(old, old, real), new)
        fits.append(Fit(place, len(olds), tuple(news.split("\n")) if wanted.news else ()))
    return fits


def spaced(lines: Sequence[str], wanted: Wanted) -> list[Fit]:
    """The same but for white space, blank lines included."""
    fits: list[Fit] = []
    for place in places(lines, wanted.olds):
        news = carried_over(wanted.olds, wanted.news, place)
        if news is None:
            return []
        fits.append(Fit(place.first, place.count, news))
    return fits


def drifted(lines: Sequence[str], wanted: Wanted) -> list[Fit]:
    """A few words differ, in one place that is far nearer than any other.

    What the change touches must be as the model has it: the rest is a person's, and stays.
    """
    found = nearest(lines, wanted.olds)
    if not found or found[0].likeness < _LIKENESS_MIN:
        return []
    best, size = found[0], len(wanted.olds)
    gap = max(_RIVAL_GAP_MIN, _RIVAL_TIMES * (1 - best.likeness))
    if any(1 - rival.likeness < gap for rival in found[1:]):
        return []
    reals = lines[best.first : best.first + size]
    if stands_elsewhere(lines, wanted.olds, reals) or not _is_same_where_changed(wanted, reals):
        return []
    real = "\n".join(reals)
    merged = merge("\n".join(wanted.olds), "\n".join(wanted.news), real) if wanted.news else None
    return [] if merged is None else [Fit(best.first, size, tuple(merged.split("\n")))]


def _is_same_where_changed(wanted: Wanted, reals: Sequence[str]) -> bool:
    """Whether the lines that change, or those beside what is put in, are as the model has them."""
    for first, last, _, _ in differences(wanted.olds, wanted.news):
        low, high = (first, last) if first < last else (max(0, first - 1), first + 1)
        pairs = zip(wanted.olds[low:high], reals[low:high], strict=True)
        if any(old.split() != real.split() for old, real in pairs):
            return False
    return True


def stands_elsewhere(lines: Sequence[str], olds: Sequence[str], here: Sequence[str]) -> bool:
    """Whether one of the lines, of those that have words, is not here and is in the file."""
    missed = {line.strip() for line in olds} - {line.strip() for line in here}
    words = {line for line in missed if any(sign.isalnum() for sign in line)}
    return bool(words) and not words.isdisjoint(line.strip() for line in lines)


def _steps(wanted: Wanted) -> Iterable[tuple[Step, Wanted]]:
    yield same_but_for_ends, wanted
    yield shifted_as_a_whole, wanted
    bare = wanted.without_blanks()
    if bare != wanted:
        yield same_but_for_ends, bare
        yield shifted_as_a_whole, bare
    yield typeset, bare
    yield spaced, bare


def _places(there: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where all the wanted lines stand one after the other."""
    size = len(wanted)
    # The longest line is most probably the rarest.
    pivot = max(range(size), key=lambda number: len(wanted[number]))
    return [
        number - pivot
        for number, line in enumerate(there)
        if line == wanted[pivot]
        and number >= pivot
        and list(there[number - pivot : number - pivot + size]) == list(wanted)
    ]


def _kept(lines: Sequence[str], place: int, wanted: Wanted) -> tuple[str, ...]:
    """The file's own lines where the model changed nothing, and its new ones between them."""
    kept: list[str] = []
    at = 0
    for first, last, low, high in differences(wanted.olds, wanted.news):
        kept += (*lines[place + at : place + first], *wanted.news[low:high])
        at = last
    return (*kept, *lines[place + at : place + len(wanted.olds)])


def _shifted(
    wanted: Wanted, lines: Sequence[str], place: int, shift: Shift
) -> tuple[str, ...] | None:
    news = [shifted(line, shift) for line in wanted.news]
    whole = tuple(line for line in news if line is not None)
    if len(whole) < len(news):
        return None
    olds = tuple(shifted(line, shift) or line for line in wanted.olds)
    return _kept(lines, place, Wanted(olds, whole))


def _in_the_type_of(real: str, old: str, new: str) -> str:
    """The new text, with the file's own characters where the model changed nothing."""
    written: list[str] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, first, last, low, high in matcher.get_opcodes():
        written.append(real[first:last] if kind == "equal" else new[low:high])
    return "".join(written)


def _blanks(lines: Sequence[str]) -> int:
    return next((number for number, line in enumerate(lines) if line.strip()), len(lines))
