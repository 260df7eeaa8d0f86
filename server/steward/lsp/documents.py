"""Open documents as the protocol counts their lines, and nothing that is not open.

pygls splits lines as Python does and reads any file that a URI names; both are wrong here.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote

from lsprotocol import types
from pygls.uris import to_fs_path
from pygls.workspace import PositionCodec, TextDocument, Workspace

from steward.core.errors import LimitError, StaleError, StewardError
from steward.core.limits import DOCUMENT_CHARS_MAX
from steward.workspace.lines import Lines, Place

_CONTINUATION_BYTES = bytes(range(0x80, 0xC0))


class Document(TextDocument):
    """A document whose lines end at LF, CRLF and CR only.

    What the editor has is not always known: an edit may refer to a version that never came, and
    a text may be too large to be kept. Then nobody gets a text here, until the editor sends a
    whole one again.
    """

    def __init__(
        self,
        uri: str,
        source: str = "",
        version: int | None = None,
        language_id: str | None = None,
        *,
        position_codec: PositionCodec,
    ) -> None:
        # Without the URI, which pygls would parse: one that cannot be parsed names a document too.
        super().__init__("", "", version, language_id, position_codec=position_codec)
        self.uri = uri
        self.filename = unquote(uri.rpartition("/")[2])
        self.file = file_path(uri)
        """Where it is on the disk; `None` for anything else than a local file."""
        self.was_reported_lost = False
        """Whether the person has been told that its text is not known."""
        self._why_lost: tuple[type[StewardError], str] | None = None
        self._text = Lines("")
        self._take(source)

    @property
    def is_lost(self) -> bool:
        """Whether nobody knows its text."""
        return self._why_lost is not None

    @property
    def source(self) -> str:
        """The whole text.

        Raises:
            StaleError: the editor's edits do not follow each other, so its text is not known.
            LimitError: it is too large to be kept.
        """
        return self._known().text

    @property
    def lines(self) -> Sequence[str]:
        """The lines with their ends; raises as `source` does."""
        return self._known().lines

    def around(self, position: types.Position, reach: int) -> tuple[str, str]:
        """The text before a position and after it, see `Lines.around`; raises as `source` does."""
        return self._known().around(self._place(position), reach)

    def between(self, start: Place, end: Place) -> str:
        """The text between two places, see `Lines.between`; raises as `source` does."""
        return self._known().between(start, end)

    def offset_at_position(self, client_position: types.Position) -> int:
        """The index into `source`; a position beyond a line's or the document's end is clamped."""
        return self._known().offset(self._place(client_position))

    def lose(self, error: type[StewardError], why: str) -> None:
        """Forget the text. From now on whoever asks for it gets this error."""
        self._why_lost = error, why
        self._text = Lines("")

    @property
    def why_lost(self) -> str:
        """Why its text is not known; empty if it is."""
        return self._why_lost[1] if self._why_lost is not None else ""

    def _apply_full_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        self._take(change.text)

    def _apply_incremental_change(self, change: types.TextDocumentContentChangePartial) -> None:
        start, end = self._places(change.range)
        self._known().replace(start, end, change.text)
        self._check_size()

    def edit(self, change: types.TextDocumentContentChangePartial) -> tuple[Place, str, str]:
        """Where a change that comes now would change what: the place, the old text, the new."""
        start, end = self._places(change.range)
        return start, self._known().between(start, end), change.text

    def _places(self, range_: types.Range) -> tuple[Place, Place]:
        start = self._place(range_.start)
        return start, max(start, self._place(range_.end))

    def _take(self, text: str) -> None:
        self._why_lost = None
        self._text = Lines(text)
        self._check_size()

    def _check_size(self) -> None:
        if len(self._text) > DOCUMENT_CHARS_MAX:
            self.lose(
                LimitError,
                f"{self.filename!r} has more than {DOCUMENT_CHARS_MAX:,} characters, which is more"
                " than Steward keeps of a document. It leaves this one alone; split it to change"
                " that.",
            )

    def _known(self) -> Lines:
        if self._why_lost is not None:
            error, why = self._why_lost
            raise error(why)
        return self._text

    def _place(self, position: types.Position) -> Place:
        if position.line >= len(self._text.lines):
            return self._text.end
        content = self._text.content(position.line)
        return position.line, codepoints(content, position.character, self.position_codec)


OnEdit = Callable[[Document, Place, str, str], None]
"""A document, the place of an edit, the old text there and the new."""


class Documents(Workspace):
    """The open documents. `on_change` is called after every change.

    `on_edit` is called before each edit is applied; not where a document comes whole again.
    `on_gone` gets the URI of one that is closed, or comes whole again: nothing of its text counts.
    `on_lost` gets a sentence for the person when a document's text is not known any more.
    """

    def __init__(
        self,
        root_uri: str | None,
        encoding: types.PositionEncodingKind | str | None,
        on_change: Callable[[], None],
        on_lost: Callable[[str], None],
        on_edit: OnEdit,
        on_gone: Callable[[str], None] = lambda _uri: None,
    ) -> None:
        super().__init__(root_uri, position_encoding=encoding)
        self._on_gone = on_gone
        self._on_change = on_change
        self._on_lost = on_lost
        self._on_edit = on_edit

    def find(self, uri: str) -> Document | None:
        """The open document with this URI."""
        opened = self.text_documents.get(_key(uri))
        return opened if isinstance(opened, Document) else None

    def by_path(self) -> dict[Path, Document]:
        """The open documents that are files, by absolute path."""
        return {
            document.file: document
            for document in self.text_documents.values()
            if isinstance(document, Document) and document.file is not None
        }

    def get_text_document(self, doc_uri: str) -> TextDocument:
        """The open document, or an empty one: a URI is never a reason to read the disk."""
        return self.find(doc_uri) or self._create_text_document(doc_uri, source="")

    def put_text_document(
        self, text_document: types.TextDocumentItem, notebook_uri: str | None = None
    ) -> None:
        """Take over a document that was opened; one that was open already begins anew."""
        super().put_text_document(text_document, notebook_uri)
        if (document := self.find(text_document.uri)) is not None:
            self._note(document)

    def update_text_document(
        self,
        text_doc: types.VersionedTextDocumentIdentifier,
        change: types.TextDocumentContentChangeEvent,
    ) -> None:
        """Apply one change to an open document."""
        self.change(text_doc, [change])

    def change(
        self,
        identifier: types.VersionedTextDocumentIdentifier,
        changes: Sequence[types.TextDocumentContentChangeEvent],
    ) -> None:
        """Apply the changes of one notification to an open document, in their order.

        Versions rise with every notification (LSP 3.18, `VersionedTextDocumentIdentifier`), and may
        skip some. An edit whose version does not rise was made to a text that we do not have, so
        it is not applied, and the text is unknown until a whole one comes.
        """
        document = self.find(identifier.uri)
        if document is None:
            return
        if document.version is not None and identifier.version <= document.version:
            document.lose(
                StaleError,
                f"The editor's changes of {document.filename!r} came out of order (version"
                f" {identifier.version} after {document.version}), so Steward does not know its"
                " text and leaves it alone. Close and open it again.",
            )
        for change in changes:
            is_part = isinstance(change, types.TextDocumentContentChangePartial)
            if not is_part or not document.is_lost:
                if is_part:
                    self._on_edit(document, *document.edit(change))
                else:
                    self._on_gone(document.uri)
                document.apply_change(change)
        document.version = identifier.version
        self._note(document)

    def remove_text_document(self, doc_uri: str) -> None:
        """Forget a document that was closed; from now on the disk's text counts."""
        if (document := self.find(doc_uri)) is not None:
            self._on_gone(document.uri)
        super().remove_text_document(doc_uri)
        self._on_change()

    def _note(self, document: Document) -> None:
        if document.is_lost and not document.was_reported_lost:
            document.was_reported_lost = True
            self._on_lost(document.why_lost)
        self._on_change()

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> TextDocument:
        return Document(
            doc_uri, source or "", version, language_id, position_codec=self.position_codec
        )


def codepoints(content: str, units: int, codec: PositionCodec) -> int:
    """How many characters `units` code units of the client's encoding are, at most all.

    The middle of a character is its beginning.
    """
    head = content[:units]  # No character has less than one unit.
    if head.isascii() or codec.encoding == types.PositionEncodingKind.Utf32:
        return len(head)
    if codec.encoding == types.PositionEncodingKind.Utf8:
        encoded = head.encode()
        begun = len(encoded[: units + 1].translate(None, _CONTINUATION_BYTES))
        # The unit behind the cut begins a character, or a character is cut in two.
        return begun - 1 if len(encoded) > units else begun
    # Half a pair is left out; `message` lets none in that would stand alone.
    return len(head.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore"))


def file_path(uri: str) -> Path | None:
    """The absolute path of a local `file:` URI; anything else, other hosts included, is `None`."""
    if not uri.startswith("file:///"):
        return None
    path = to_fs_path(uri)
    # `file:///C:/a.py` is a path on Windows only; elsewhere it would be a relative one.
    return Path(path) if path and "\0" not in path and os.path.isabs(path) else None


def _key(uri: str) -> str:
    return unquote(uri)
