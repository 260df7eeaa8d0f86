"""What surrounds the cursor, as far as an answer must fit to it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise

from steward.completion.shape.nesting import (
    Nesting,
    Open,
    is_closed_in,
    nesting_at_end,
    spans_lines,
)
from steward.context.cursor import Cursor
from steward.syntax.language import Language

_HOLES_MAX = 4
_CHARS_BEFORE = 6_000
_CHARS_AFTER = 4_000
_LINES_ABOVE = 12
_LINES_BELOW = 40
_LINES_KNOWN = 400
_NEAR = 20
_LEVELS_MAX = 16
_LINE_CHARS_MAX = 2_000
_INDENT_CHARS_MAX = 400
_TAB_COLUMNS = 4
_WIDTHS = (2, 3, 4, 8)
_LINE_ENDS = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Line:
    """One line that holds something."""

    indent: int
    """In columns."""
    key: str
    """The line without any white space: lines with the same key differ in nothing else."""
    text: str


@dataclass(frozen=True, slots=True)
class Level:
    """One bracket or string that is open at the cursor."""

    mark: str
    is_text: bool
    is_closed_below: bool
    """Whether the document closes it already, so that the answer must not."""
    is_closed_on_line: bool
    """Whether what closes it stands on the cursor's line."""


@dataclass(frozen=True, slots=True)
class Hole:
    """The place that an answer is meant for."""

    language: Language
    line_before: str
    line_after: str
    takes_several_lines: bool
    stack: tuple[Open, ...]
    levels: tuple[Level, ...]
    """What is open, the innermost last; as many as `stack`."""
    spare: tuple[str, ...]
    """What the lines below close and nothing has opened yet, the nearest first."""
    above: tuple[str, ...]
    """The keys of the lines over the cursor's, the nearest last."""
    below: tuple[Line, ...]
    """The lines under the cursor's that hold something."""
    known: frozenset[str]
    """Keys that the document has above: what is written often proves little."""
    base: int | None
    """The columns that the lines of the block begin at, at least; None where the answer says."""
    unit: str
    """What the document indents one level by; empty where it does not show."""
    newline: str

    @property
    def is_text(self) -> bool:
        """Whether the cursor is in a string or a comment."""
        return bool(self.stack) and self.stack[-1].is_text

    def nesting(self) -> Nesting:
        """What is open at the cursor, to read on from."""
        return Nesting(self.language, self.stack)


@lru_cache(maxsize=_HOLES_MAX)
def hole_at(cursor: Cursor) -> Hole:
    """The hole at a cursor. Reads a few thousand characters, whatever the document's size.

    Remembers the last few: a stream is watched first, and its text made to fit afterwards.
    """
    language, line_end = cursor.language, len(cursor.line_after)
    line_before = cursor.line_before
    stack = tuple(nesting_at_end(language, cursor.before, _CHARS_BEFORE).stack)
    over = lines_of(cursor.before[-_CHARS_BEFORE * 2 : len(cursor.before) - len(line_before)])
    above = [key for line in over[-_LINES_KNOWN:] if (key := key_of(line))]
    under = lines_of(cursor.after[line_end : line_end + _CHARS_AFTER * 2])
    below = tuple(islice((line_of(line) for line in under if line.strip()), _LINES_BELOW))
    levels, spare = _levels(cursor, stack, below)
    return Hole(
        language,
        line_before[-_LINE_CHARS_MAX:],
        cursor.after[: min(line_end, _LINE_CHARS_MAX)],
        cursor.takes_several_lines,
        stack,
        levels,
        spare,
        tuple(above[-_LINES_ABOVE:]),
        below,
        frozenset(above),
        _base(line_before, has_several=cursor.takes_several_lines),
        unit_of(
            [*over[-_LINES_KNOWN:], *under], [line_before, *reversed(over[-_NEAR:]), *under[:_NEAR]]
        ),
        _newline(cursor),
    )


def lines_of(text: str) -> list[str]:
    """The lines of a text without their ends, whichever these are."""
    return _LINE_ENDS.split(text)


def line_of(text: str) -> Line:
    """What a line is compared by."""
    return Line(columns(text), key_of(text), text)


def columns(line: str) -> int:
    """How far a line is indented."""
    blank = line[: len(line) - len(line.lstrip(" \t"))]
    return len(blank) + blank.count("\t") * (_TAB_COLUMNS - 1)


def key_of(line: str) -> str:
    """A line without its white space."""
    return "".join(line.split())


def unit_of(lines: Sequence[str], near: Sequence[str]) -> str:
    """What these lines are indented by, one level; empty when none is.

    `near`: the lines around the cursor, the nearest first. The first of them that is indented says
    whether it is tabs: a document may hold texts that are indented otherwise.
    """
    nearest = next((line for line in near if line[:1] in ("\t", " ")), "")
    if nearest.startswith("\t"):
        return "\t"
    indents = [line[: len(line) - len(line.lstrip(" "))] for line in lines if line.strip()]
    texts = [line.rstrip() for line in lines if line.strip()]
    steps = Counter(
        len(deeper) - len(flatter)
        for (flatter, deeper), text in zip(pairwise(indents), texts, strict=False)
        # What merely continues a line or a comment is indented as its writer likes.
        if text.endswith((":", "{", "=>", "then", "do")) and len(deeper) > len(flatter)
    )
    step, count = steps.most_common(1)[0] if steps else (0, 0)
    is_clear = count * 3 > sum(steps.values()) * 2
    return " " * step if is_clear and step in _WIDTHS else ""


def _newline(cursor: Cursor) -> str:
    end = len(cursor.line_after)
    if cursor.after[end : end + 2] == "\r\n":
        return "\r\n"
    is_windows = end == len(cursor.after) and "\r\n" in cursor.before[-_CHARS_BEFORE:]
    return "\r\n" if is_windows else "\n"


def _base(line_before: str, *, has_several: bool) -> int | None:
    if not line_before:
        return None
    if not line_before.strip():
        return columns(line_before)
    return columns(line_before) + 1 if has_several else 0


@dataclass(frozen=True, slots=True)
class _Closer:
    mark: str
    indent: int | None
    """None where something stands before it on its line."""
    is_on_line: bool


def _levels(
    cursor: Cursor, stack: tuple[Open, ...], below: tuple[Line, ...]
) -> tuple[tuple[Level, ...], tuple[str, ...]]:
    """What is open at the cursor, and what is closed below that nothing opens yet."""
    closers = _closers(cursor, stack)
    is_cut = len(cursor.after) > _CHARS_AFTER
    levels: list[Level] = []
    spare: list[str] = []
    for opened in reversed(stack):
        if len(levels) >= _LEVELS_MAX:
            levels.append(Level(opened.mark, opened.is_text, True, False))
            continue
        indent = _indent_at(cursor.before, opened.at)
        while closers and _is_spare(closers[0], opened, indent, columns(cursor.line_before)):
            spare.append(closers.pop(0).mark)
        closer = closers[0] if closers and _is_closed_by(closers[0], opened, indent) else None
        is_closed = closer is not None
        if closer:
            closers.pop(0)
        elif not closers and is_cut and opened.closer == "}":
            # Too far away to be seen: what is deeper than a block's first line is still of it.
            is_closed |= bool(below) and below[0].indent > indent
        is_on_line = closer is not None and closer.is_on_line
        levels.append(Level(opened.mark, opened.is_text, is_closed, is_on_line))
    return tuple(reversed(levels)), (*spare, *(closer.mark for closer in closers))


def _is_spare(closer: _Closer, opened: Open, indent: int, line_indent: int) -> bool:
    """Whether it closes a block that is not opened yet, by the cursor's own line."""
    return opened.closer == closer.mark == "}" and closer.indent == line_indent > indent


def _is_closed_by(closer: _Closer, opened: Open, indent: int) -> bool:
    if closer.mark != opened.closer:
        return False
    if closer.is_on_line or closer.indent is None or opened.is_text:
        return True
    return closer.indent >= indent


def _closers(cursor: Cursor, stack: tuple[Open, ...]) -> list[_Closer]:
    """What is closed behind the cursor and was not opened there, in its order."""
    if stack and stack[-1].is_text and not is_closed_in(stack[-1], _reach(cursor, stack[-1])):
        stack = stack[:-1]
    after = cursor.after[:_CHARS_AFTER]
    line_end = len(cursor.line_after)
    found: list[_Closer] = []
    floor = len(stack)
    for closed in Nesting(cursor.language, stack).read(after):
        if closed.depth >= floor:
            continue
        floor = max(0, closed.depth)
        if closed.is_lapse:
            continue
        start = after.rfind("\n", 0, closed.at) + 1
        is_first = start > 0 and not after[start : closed.at].strip()
        indent = columns(after[start : closed.at]) if is_first else None
        found.append(_Closer(closed.mark, indent, closed.at < line_end))
        if len(found) >= _LEVELS_MAX:
            break
    return found


def _reach(cursor: Cursor, opened: Open) -> str:
    """How far a string or a comment may go on: those of one line no further than it."""
    return cursor.after if spans_lines(cursor.language, opened) else cursor.line_after


def _indent_at(text: str, at: int) -> int:
    start = text.rfind("\n", 0, at) + 1
    return columns(text[start : min(at + 1, start + _INDENT_CHARS_MAX)])
