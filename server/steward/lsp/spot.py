"""What a person points at: a symbol, a selection, a comment, the empty body of a function.

It costs no model. A name that comes out of a document goes into menus and into the words of an
errand, so only what is surely a name is taken for one.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from steward.lsp.documents import Document
from steward.lsp.outlines import Outline
from steward.lsp.session import Session
from steward.syntax.language import language_of

if TYPE_CHECKING:
    from steward.syntax.symbols import Definition

_AT_ONCE_S, _FIRST_TIME_S = 0.004, 0.25
"""How long a menu waits for the outline: of a document that nobody asked about before, longer."""
_NAME = re.compile(r"[^\W\d]\w{0,79}")
_COMMENT_LINES_MAX = 50


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a document and what is known of it."""

    uri: str
    path: str
    """Relative to the workspace."""
    range: types.Range
    """What an errand there is about: the selection, else the symbol, else the cursor."""
    name: str = ""
    """The symbol's; empty where none is known."""
    owner: str = ""
    """What the symbol belongs to, such as its class."""
    kind: str = ""
    is_part: bool = False
    """It is a selection inside of the symbol, and not the symbol."""
    is_selection: bool = False
    is_empty: bool = False
    """The symbol is a function whose body is still to be written."""
    comment: types.Range | None = None
    """The comment that the cursor is in."""

    @property
    def in_words(self) -> str:
        """What a menu calls it."""
        if self.name:
            return f"the selection in `{self.name}`" if self.is_part else f"`{self.name}`"
        return "the selection" if self.is_selection else "this"

    @property
    def is_function(self) -> bool:
        """Whether it is a function, whole."""
        return self.kind in ("function", "method") and not self.is_part


async def spot_at(session: Session, uri: str, range_: types.Range) -> Spot:
    """What is at a range of a document, as far as it can be told at once."""
    path = session.relative(uri)
    is_selection = range_.start != range_.end
    bare = Spot(uri, path, range_, is_selection=is_selection)
    document = session.protocol.documents.find(uri)
    if document is None or document.is_lost:
        return bare
    within_s = _AT_ONCE_S if session.outlines.has(document) else _FIRST_TIME_S
    outline = await session.outlines.of(document, path, within_s)
    if outline is None:
        return bare
    first, last = _lines(range_)
    comment = None if last > first else _comment(document, path, first)
    found = outline.around(first, last)
    if found is None or not _NAME.fullmatch(found.name):
        return Spot(uri, path, range_, is_selection=is_selection, comment=comment)
    return _named(bare, document, found, comment)


async def outline_of(session: Session, document: Document, within_s: float) -> Outline | None:
    """The outline of an open document; None where there is none, or not in time."""
    return await session.outlines.of(document, session.relative(document.uri), within_s)


def range_of(definition: "Definition") -> types.Range:
    """The lines of a definition."""
    start = types.Position(definition.line, 0)
    return types.Range(start, types.Position(definition.end_line + 1, 0))


def _named(
    bare: Spot, document: Document, found: "Definition", comment: types.Range | None
) -> Spot:
    first, last = _lines(bare.range)
    is_whole = first <= found.line and last >= found.end_line
    selected = bare.is_selection and not is_whole and _selected(document, bare.range) != found.name
    return Spot(
        bare.uri,
        bare.path,
        bare.range if selected else range_of(found),
        found.name,
        found.container if _NAME.fullmatch(found.container) else "",
        found.kind,
        is_part=selected,
        is_selection=bare.is_selection,
        is_empty=found.is_empty,
        comment=comment,
    )


def _lines(range_: types.Range) -> tuple[int, int]:
    """The first and the last line; a whole line ends where the next one begins."""
    start, end = range_.start.line, range_.end.line
    return start, end - 1 if range_.end.character == 0 and end > start else end


def _selected(document: Document, range_: types.Range) -> str:
    if range_.start.line != range_.end.line:
        return ""
    start, end = (document.offset_at_position(each) for each in (range_.start, range_.end))
    return document.source[start:end]


def _comment(document: Document, path: str, line: int) -> types.Range | None:
    """The comment lines around a line that is one."""
    mark = language_of(path, document.language_id or "").line_comment
    lines = document.lines

    def is_comment(number: int) -> bool:
        if not mark or not 0 <= number < len(lines):
            return False
        text = lines[number].strip()
        return text.startswith(mark) and len(text) > len(mark) and not text.startswith("#!")

    if not is_comment(line):
        return None
    first = last = line
    while first > line - _COMMENT_LINES_MAX and is_comment(first - 1):
        first -= 1
    while last < line + _COMMENT_LINES_MAX and is_comment(last + 1):
        last += 1
    return types.Range(types.Position(first, 0), types.Position(last + 1, 0))
