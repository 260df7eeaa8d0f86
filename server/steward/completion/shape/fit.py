"""Make a model's answer fit the hole it is meant for, in eight steps."""

import re
from dataclasses import dataclass, field

from steward.completion.shape.block import Block
from steward.completion.shape.hole import Hole, hole_at, key_of, line_of
from steward.completion.shape.indentation import indented
from steward.completion.shape.loops import ends_in_circles, loop_at
from steward.completion.shape.marks import is_own_name, mark_at, without_unfinished_mark
from steward.completion.shape.opening import begin, is_fenced
from steward.completion.shape.overlap import Overlap
from steward.completion.shape.prose import prose_end
from steward.completion.shape.readable import readable
from steward.completion.shape.rest_of_line import beside
from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor
from steward.core.limits import SUGGESTION_CHARS_MAX, SUGGESTION_LINES_MAX

_BROKEN = re.compile("[\ufffd\ud800-\udfff]")
_NOTHING = re.compile(r"[`~\s]{1,8}|(?://|#|--|/\*|\*)")


@dataclass(slots=True)
class _Reading:
    """What of the answer's lines belongs into the hole."""

    lines: list[str]
    end: int | None = None
    """Where in the first line something is closed that the document closes already."""
    is_cut: bool = False
    """Whether the answer went on behind these lines."""
    balanced: list[bool] = field(default_factory=list[bool])
    """For each line: whether the answer has closed by its end what it opened."""
    repeats: list[int] = field(default_factory=list[int])
    """Lines from which on the document may be repeated, the likeliest first."""


def fit(answer: str, cursor: Cursor, *, is_whole: bool) -> Suggestion | None:
    """What of an answer is shown at the cursor; None when nothing of it is worth showing.

    `is_whole` is False when the answer was not written to its end: its last line may be a half.
    """
    hole = hole_at(cursor)
    text, is_in_fence = _code(answer[:SUGGESTION_CHARS_MAX], cursor, hole, is_whole=is_whole)
    if hole.language.name == "markdown":
        text = text[: prose_end(cursor.before, text, cursor.after)]
    clear = readable(text, cursor.before)
    if not clear.strip():
        return None
    text, is_whole = clear, is_whole and clear == text
    lines = indented(text.split("\n"), hole)
    reading = _read(lines, cursor, hole, Block(hole, is_fenced=is_in_fence))
    if not is_whole and not reading.is_cut and len(reading.lines) > 1:
        _drop_half(reading)
    _drop_repeats(reading)
    return _result(reading, hole)


def _code(answer: str, cursor: Cursor, hole: Hole, *, is_whole: bool) -> tuple[str, bool]:
    """The answer without marks, half characters, thoughts and echoes; whether it was fenced."""
    text = answer.replace("\r\n", "\n").replace("\r", "\n")
    if (mark := mark_at(text, cursor)) is not None:
        text = text[:mark].rstrip("\n") + "\n"
    elif not is_whole:
        text = without_unfinished_mark(text)
    if broken := _BROKEN.search(text):
        text = text[: broken.start()]
    at = begin(text, hole, is_all=True) or 0
    is_in_fence = is_fenced(text, at)
    text = text[at:]
    if not hole.line_before.strip() or hole.line_before[-1].isspace():
        blank = len(text) - len(text.lstrip())
        text = text[text.rfind("\n", 0, blank) + 1 :]
    if hole.line_before[-1:].isspace():
        text = text.lstrip(" \t")  # One space too many is the commonest slip.
    return text, is_in_fence


def _read(lines: list[str], cursor: Cursor, hole: Hole, block: Block) -> _Reading:
    overlap = Overlap(hole)
    reading = _Reading([])
    numbers: list[int] = []
    keys: list[str] = []
    last = len(lines) - 1
    for number, line in enumerate(lines[:SUGGESTION_LINES_MAX]):
        is_text = block.is_text
        end = block.take(line)
        if end is None and number and not is_text and is_own_name(line, cursor.path, hole.language):
            end = 0
        if end is not None:
            _end(reading, line, number, end)
            break
        reading.lines.append(line)
        reading.balanced.append(block.is_complete)
        if not line.strip():
            continue
        numbers.append(number)
        keys.append(key_of(line))
        if (turn := loop_at(keys)) is not None:
            del reading.lines[numbers[turn] :]
            reading.is_cut = True
            break
        if number or not hole.line_before.strip():
            first = line if number else hole.line_before + line
            start = overlap.take(number, line_of(first), is_last=number == last)
            if start is not None:
                reading.is_cut = True
                reading.repeats = [start]
                return reading
    else:
        reading.is_cut = len(lines) > SUGGESTION_LINES_MAX
    reading.repeats = overlap.starts()
    return reading


def _end(reading: _Reading, line: str, number: int, end: int) -> None:
    reading.is_cut = True
    if number == 0:
        reading.lines.append(line)
        reading.end = end
    elif end:
        reading.lines.append(line[:end])
    reading.balanced.append(True)


def _drop_half(reading: _Reading) -> None:
    """Give up the last line, which may be a half, and what cannot stand without it."""
    count = len(reading.lines) - 1
    whole = next((at + 1 for at in range(count - 1, -1, -1) if reading.balanced[at]), 0)
    if any(line.strip() for line in reading.lines[:whole]):
        count = whole
    del reading.lines[count:]


def _drop_repeats(reading: _Reading) -> None:
    """Cut what the document goes on with, where what is left stands for itself."""
    for start in reading.repeats:
        if start >= len(reading.lines):
            continue
        if start == 0 or reading.balanced[start - 1]:
            del reading.lines[start:]
            reading.end = None
            return


def _result(reading: _Reading, hole: Hole) -> Suggestion | None:
    if not reading.lines:
        return None
    if len(reading.lines) == 1:
        found = beside(reading.lines[0], reading.end, hole)
    else:
        found = Suggestion("\n".join(reading.lines).rstrip())
    if not found.text.strip() or _is_nothing(found.text):
        return None
    return Suggestion(found.text.replace("\n", hole.newline), found.replaces)


def _is_nothing(text: str) -> bool:
    return _NOTHING.fullmatch(text.strip()) is not None or ends_in_circles(text)
