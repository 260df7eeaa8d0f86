"""What the open documents define, read off the loop and once for each version."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steward.core.limits import OUTLINES_MAX
from steward.lsp.documents import Document
from steward.syntax.language import Language, language_of

if TYPE_CHECKING:  # The grammars' library is loaded with the first outline, and not before.
    from steward.syntax.symbols import Definition

_HOLDERS = frozenset({"function", "method", "class", "struct", "interface", "enum"})
"""What a person means by the symbol at a place; a variable or a field is too small for it."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The functions and classes of one version of a document, in their order."""

    definitions: "tuple[Definition, ...]"

    def around(self, first: int, last: int) -> "Definition | None":
        """The innermost one that holds all of these lines."""
        holding = [one for one in self.definitions if one.line <= first and last <= one.end_line]
        return max(holding, key=lambda one: one.line, default=None)


@dataclass(frozen=True, slots=True)
class _Reading:
    document: Document
    version: int | None
    outline: "asyncio.Future[Outline | None]"

    def is_of(self, document: Document) -> bool:
        """Whether it is of this very text; a document that is opened again is another one."""
        return self.document is document and self.version == document.version


class Outlines:
    """The outlines of the documents that were asked about last."""

    def __init__(self) -> None:
        self._known: dict[str, _Reading] = {}

    def has(self, document: Document) -> bool:
        """Whether this document, in whatever version, was asked about before."""
        known = self._known.get(document.uri)
        return known is not None and known.document is document

    async def of(self, document: Document, path: str, within_s: float) -> Outline | None:
        """The outline of a document as it is now; None where there is none, or not in time.

        One that comes too late is there for whoever asks next.
        """
        if document.is_lost:
            return None
        known = self._known.pop(document.uri, None)
        # One at a time: who types on asks for more versions than anybody could read.
        if known is None or (known.outline.done() and not known.is_of(document)):
            language = language_of(path, document.language_id or "")
            known = _Reading(document, document.version, _begun(language, document.source))
        self._known[document.uri] = known
        if len(self._known) > OUTLINES_MAX:
            del self._known[next(iter(self._known))]
        await asyncio.wait((known.outline,), timeout=within_s)
        return _result(known.outline) if known.is_of(document) else None

    def forget(self, uri: str) -> None:
        """Drop a document that is closed."""
        self._known.pop(uri, None)


def _begun(language: Language, text: str) -> "asyncio.Future[Outline | None]":
    # On the loop's own threads, and no task: it is bounded, and ends by itself.
    return asyncio.get_running_loop().run_in_executor(None, _read, language, text)


def _result(outline: "asyncio.Future[Outline | None]") -> Outline | None:
    if not outline.done() or outline.cancelled() or outline.exception() is not None:
        return None
    return outline.result()


def _read(language: Language, text: str) -> Outline | None:
    from steward.syntax.symbols import definitions_of

    definitions = definitions_of(language, text)
    if definitions is None:
        return None
    return Outline(tuple(one for one in definitions if one.kind in _HOLDERS))
