"""Applies the hunks of a unified diff, found by what they hold and not by their numbers.

The hunks keep their order, so there may be places where a hunk fits and is not meant, before the
one ahead of it. Where two arrangements remain, the diff is refused. Line numbers decide nothing:
in a file that has grown above, a stale number names one of two like places with great certainty,
and the wrong one.
"""

from collections.abc import Iterable, Sequence

from steward.core.errors import InvalidInputError
from steward.workspace.edits.elision import check_is_whole
from steward.workspace.edits.ladder import (
    Fit,
    Wanted,
    climb,
    climb_for_sure,
    same_but_for_ends,
    stands_elsewhere,
)
from steward.workspace.edits.nearest import what_is_there
from steward.workspace.edits.patch import Hunk, parse
from steward.workspace.edits.text import Change, plain, plain_lines, rewrite, shared

_FUZZ_MAX = 2
"""Lines of context that may be wrong, at each end of a hunk (as patch(1) has it)."""
_NUMBERS_MAX = 6
_SIGNS_MIN = 4
"""Letters and digits of a line that tells one place from another; `end` has three."""


def apply_diff(text: str, diff: str) -> str:
    """The text with all hunks of a unified diff applied.

    Raises:
        InvalidInputError: it is no diff of one file, or a hunk is not found for certain.
    """
    was = plain(text)
    hunks = parse(plain(diff))
    check_is_whole("\n".join(line for hunk in hunks for line in _added(hunk)), was)
    whole = plain_lines(was)
    lines = [line.removesuffix("\n") for line in whole]
    found = [_fits(lines, hunk) for hunk in hunks]
    arranged = _arranged(hunks, found)
    starts = [0]
    for line in whole:
        starts.append(starts[-1] + len(line))
    changes = [
        _as_change(was, starts, hunk, fit) for hunk, fit in zip(hunks, arranged, strict=True)
    ]
    made = rewrite(text, changes)
    if made == text:
        raise InvalidInputError("diff changes nothing in the file as it is now.")
    return made


def _fits(lines: Sequence[str], hunk: Hunk) -> list[Fit]:
    """Everywhere that the hunk could go, by the strictest reading that finds anything."""
    if not hunk.olds:
        if lines:
            raise InvalidInputError(
                f"Hunk {hunk.number} of the diff says only what comes and not where. Put three"
                " lines that stand before it, and three behind it, around it."
            )
        return [Fit(0, 0, hunk.news)]
    read = _read(lines, hunk)
    for wanted in _fuzzy(read):
        # Less context and other words together would find a neighbour of what was meant.
        fits = (climb if wanted is read else climb_for_sure)(lines, wanted)
        fits = [fit for fit in fits if wanted is read or not _is_meant_elsewhere(lines, read, fit)]
        if not fits and not any(line.strip() for line in wanted.olds):
            fits = _blank_fits(lines, wanted)
        fits = [fit for fit in fits if _agrees(lines, hunk, fit)]
        if fits:
            return fits
    raise InvalidInputError(
        f"Hunk {hunk.number} of the diff does not fit the file. {what_is_there(lines, hunk.olds)}"
    )


def _read(lines: Sequence[str], hunk: Hunk) -> Wanted:
    """The hunk's lines, by the reading of its marks that the file bears out."""
    wanted, unmarked = Wanted(hunk.olds, hunk.news), Wanted(*hunk.unmarked)
    is_unmarked = not same_but_for_ends(lines, wanted) and same_but_for_ends(lines, unmarked)
    return unmarked if is_unmarked else wanted


def _fuzzy(wanted: Wanted) -> Iterable[Wanted]:
    """The hunk as it is, and with less and less context. What goes is never left out."""
    head = shared(wanted.olds, wanted.news)
    tail = shared(wanted.olds[head:][::-1], wanted.news[head:][::-1])
    yield wanted
    for fuzz in range(1, _FUZZ_MAX + 1):
        first, last = min(fuzz, head), min(fuzz, tail)
        olds = wanted.olds[first : len(wanted.olds) - last]
        news = wanted.news[first : len(wanted.news) - last]
        gone = (*wanted.olds[:first], *wanted.olds[len(wanted.olds) - last :])
        # A line that stays has to say where, also when all others have changed.
        if 0 < first + last < head + tail and _says(olds) > _says(gone):
            yield Wanted(olds, news)


def _is_meant_elsewhere(lines: Sequence[str], read: Wanted, fit: Fit) -> bool:
    """Whether context that was left out of account stands in the file, and not here."""
    near = slice(max(0, fit.first - _FUZZ_MAX), fit.first + fit.count + _FUZZ_MAX)
    return stands_elsewhere(lines, read.olds, lines[near])


def _says(lines: Sequence[str]) -> int:
    """How many of the lines say more than that something ends."""
    return sum(sum(map(str.isalnum, line)) >= _SIGNS_MIN for line in lines)


def _blank_fits(lines: Sequence[str], wanted: Wanted) -> list[Fit]:
    """A hunk of blank lines alone fits only a file that has no more than these."""
    if [line.strip() for line in lines] == [line.strip() for line in wanted.olds]:
        return [Fit(0, len(lines), wanted.news)]
    return []


def _agrees(lines: Sequence[str], hunk: Hunk, fit: Fit) -> bool:
    """Whether the hunk says "no newline at end of file" only where the file ends."""
    return not hunk.says_end or fit.first + fit.count == len(lines)


def _arranged(hunks: Sequence[Hunk], found: Sequence[Sequence[Fit]]) -> list[Fit]:
    """The one way to put the hunks in order."""
    earliest = _in_order(found)
    latest = [
        _mirrored(fit)
        for fit in reversed(_in_order([[_mirrored(fit) for fit in fits] for fits in found[::-1]]))
    ]
    if len(earliest) < len(hunks):
        number = len(earliest) + 1
        raise InvalidInputError(
            f"Hunk {number} of the diff fits only before hunk {number - 1}, or on the same lines."
            " Put the hunks in the order of the file and do not let them overlap."
        )
    for hunk, first, last, fits in zip(hunks, earliest, latest, found, strict=True):
        if first != last:
            numbers = ", ".join(str(fit.first + 1) for fit in fits[:_NUMBERS_MAX])
            raise InvalidInputError(
                f"Hunk {hunk.number} of the diff fits at lines {numbers}. Line numbers of a diff"
                " decide nothing here; include more of the lines around the place that you mean."
            )
    return earliest


def _in_order(found: Sequence[Sequence[Fit]]) -> list[Fit]:
    """Each hunk at its first place behind the one before, as far as that goes."""
    arranged: list[Fit] = []
    at = None
    for fits in found:
        fit = next(
            (fit for fit in sorted(fits, key=lambda fit: fit.first) if _is_behind(at, fit)), None
        )
        if fit is None:
            break
        arranged.append(fit)
        at = fit.first + fit.count
    return arranged


def _is_behind(at: int | None, fit: Fit) -> bool:
    return at is None or fit.first >= at


def _mirrored(fit: Fit) -> Fit:
    """The same lines, counted from the end of the file: so "first" becomes "last"."""
    return Fit(-(fit.first + fit.count), fit.count, fit.news)


def _as_change(was: str, starts: Sequence[int], hunk: Hunk, fit: Fit) -> Change:
    start, end = starts[fit.first], starts[fit.first + fit.count]
    new = "".join(f"{line}\n" for line in fit.news)
    old_has_end = was[start:end].endswith("\n") or (start == end and not was)
    is_last = end == len(was)
    has_end = hunk.new_has_end if is_last and hunk.says_end else old_has_end
    return Change(start, end, new if has_end else new.removesuffix("\n"))


def _added(hunk: Hunk) -> list[str]:
    known = set(hunk.olds)
    return [line for line in hunk.news if line not in known]
