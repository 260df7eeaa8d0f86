"""Applies search-and-replace blocks, all of them or none; each has to be found for certain."""

from collections.abc import Sequence
from itertools import pairwise

from steward.core.errors import InvalidInputError
from steward.workspace.edits.block import Block
from steward.workspace.edits.elision import check_is_whole, is_elided
from steward.workspace.edits.ladder import Fit, Step, Wanted, climb_for_sure, climb_to_drifted
from steward.workspace.edits.nearest import what_is_there
from steward.workspace.edits.text import Change, number_at, plain, plain_lines, rewrite
from steward.workspace.edits.wrapping import readings

_NUMBERS_MAX = 6


def apply_blocks(text: str, blocks: Sequence[Block]) -> str:
    """The text with all blocks replaced; each is looked for in the text as it was before any.

    Raises:
        InvalidInputError: one is not found, is found twice, overlaps another, changes nothing or
            leaves text out. The message shows what stands there instead.
    """
    was = plain(text)
    changes: list[tuple[int, Change]] = []
    for number, block in enumerate(blocks, 1):
        which = f"Edit {number}: old_text" if len(blocks) > 1 else "old_text"
        changes += [(number, change) for change in _changes(was, block, which)]
    _check_apart(changes)
    return rewrite(text, [change for _, change in changes])


def _changes(was: str, block: Block, which: str) -> list[Change]:
    old, new = plain(block.old_text), plain(block.new_text)
    check_is_whole(new, was)
    if not old:
        if was:
            raise InvalidInputError(f"{which} is empty; copy the text to replace from the file.")
        return [Change(0, 0, new)]
    if old == new:
        raise InvalidInputError(f"{which} and new_text are the same, so nothing would change.")
    changes = _found(was, old, new)
    if not changes:
        raise InvalidInputError(_not_found(was, old, which))
    if len(changes) > 1 and not block.replace_all:
        raise InvalidInputError(
            f"{which} occurs {len(changes)} times, at lines {_lines_of(was, changes)}; include more"
            " of the lines around the place that you mean, or set replace_all."
        )
    return _apart(changes) if block.replace_all else changes


def _found(was: str, old: str, new: str) -> list[Change]:
    """Every place, by the strictest reading of the two texts that finds any."""
    found = _exact(was, old, new) or _lenient(was, old, new, climb_for_sure)
    for reading in readings(old, new):
        if found:
            break
        if not reading.in_whole_lines:
            found = _exact(was, reading.old, reading.new)
        found = found or _lenient(was, reading.old, reading.new, climb_for_sure)
    if found or is_elided(old):
        return found  # Between the words that it has, anything may be left out.
    return _lenient(was, old, new, climb_to_drifted)


def _exact(was: str, old: str, new: str) -> list[Change]:
    if old.endswith("\n") and new and not new.endswith("\n"):
        new += "\n"  # Whole lines become whole lines: nobody means to glue on the line below.
    found: list[Change] = []
    at = was.find(old)
    while at >= 0:
        found.append(Change(at, at + len(old), new))
        # Places that overlap are two places all the same.
        at = was.find(old, at + 1)
    return found


def _lenient(was: str, old: str, new: str, climb: Step) -> list[Change]:
    whole = plain_lines(was)
    lines = [line.removesuffix("\n") for line in whole]
    wanted = Wanted(_bodies(old), _bodies(new))
    starts = [0]
    for line in whole:
        starts.append(starts[-1] + len(line))
    return [_as_change(was, starts, fit) for fit in climb(lines, wanted)]


def _as_change(was: str, starts: Sequence[int], fit: Fit) -> Change:
    start, end = starts[fit.first], starts[fit.first + fit.count]
    new = "".join(f"{line}\n" for line in fit.news)
    # The file's last line keeps its end, or its want of one.
    return Change(start, end, new if was[start:end].endswith("\n") else new.removesuffix("\n"))


def _bodies(text: str) -> tuple[str, ...]:
    return tuple(line.removesuffix("\n") for line in plain_lines(text))


def _apart(changes: list[Change]) -> list[Change]:
    """Those that do not overlap one before them, from the top."""
    kept: list[Change] = []
    for change in changes:
        if not kept or change.start >= kept[-1].end:
            kept.append(change)
    return kept


def _check_apart(changes: list[tuple[int, Change]]) -> None:
    ordered = sorted(changes, key=lambda each: (each[1].start, each[1].end))
    for (one, before), (other, after) in pairwise(ordered):
        if after.start < before.end or (before.start, before.end) == (after.start, after.end):
            raise InvalidInputError(
                f"Edits {min(one, other)} and {max(one, other)} change the same lines, so nothing"
                " was changed. Make one edit of them; all edits of a call are looked for in the"
                " file as it is now."
            )


def _lines_of(was: str, changes: Sequence[Change]) -> str:
    numbers = [str(number_at(was, change.start)) for change in changes[:_NUMBERS_MAX]]
    return ", ".join(numbers) + (" …" if len(changes) > _NUMBERS_MAX else "")


def _not_found(was: str, old: str, which: str) -> str:
    lines = [line.removesuffix("\n") for line in plain_lines(was)]
    if is_elided(old):
        return (
            f"{which} leaves out lines with dots, and only text that stands in the file can be"
            " found. Copy it whole, or make several edits of it."
        )
    return f"{which} does not occur in the file. {what_is_there(lines, list(_bodies(old)))}"
