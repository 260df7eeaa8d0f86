"""Open documents as the protocol counts their lines, and nothing that is not open.

pygls splits lines as Python does and reads any file that a URI names; both are wrong here.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote

from lsprotocol import types
from pygls.uris import to_fs_path
from pygls.workspace import PositionCodec, TextDocument, Workspace

from steward.workspace.lines import split_lines


class Document(TextDocument):
    """A document whose lines end at LF, CRLF and CR only."""

    @property
    def lines(self) -> Sequence[str]:
        """The lines with their ends."""
        return split_lines(self.source)

    def offset_at_position(self, client_position: types.Position) -> int:
        """The index into `source`; a position beyond a line's or the document's end is clamped."""
        lines = split_lines(self.source)
        if client_position.line >= len(lines):
            return len(self.source)
        start = sum(map(len, lines[: client_position.line]))
        content = lines[client_position.line].rstrip("\r\n")
        return start + codepoints(content, client_position.character, self.position_codec)

    def _apply_incremental_change(self, change: types.TextDocumentContentChangePartial) -> None:
        start = self.offset_at_position(change.range.start)
        end = max(start, self.offset_at_position(change.range.end))
        self._source = self.source[:start] + change.text + self.source[end:]


class Documents(Workspace):
    """The open documents. `on_change` is called after every change."""

    def __init__(
        self,
        root_uri: str | None,
        encoding: types.PositionEncodingKind | str | None,
        on_change: Callable[[], None],
    ) -> None:
        super().__init__(root_uri, position_encoding=encoding)
        self._on_change = on_change

    def find(self, uri: str) -> Document | None:
        """The open document with this URI."""
        opened = self.text_documents.get(_key(uri))
        return opened if isinstance(opened, Document) else None

    def by_path(self) -> dict[Path, Document]:
        """The open documents that are files, by absolute path."""
        found: dict[Path, Document] = {}
        for document in self.text_documents.values():
            path = file_path(document.uri)
            if path is not None and isinstance(document, Document):
                found[path] = document
        return found

    def get_text_document(self, doc_uri: str) -> TextDocument:
        """The open document, or an empty one: a URI is never a reason to read the disk."""
        return self.find(doc_uri) or self._create_text_document(doc_uri, source="")

    def put_text_document(
        self, text_document: types.TextDocumentItem, notebook_uri: str | None = None
    ) -> None:
        """Take over a document that was opened."""
        super().put_text_document(text_document, notebook_uri)
        self._on_change()

    def update_text_document(
        self,
        text_doc: types.VersionedTextDocumentIdentifier,
        change: types.TextDocumentContentChangeEvent,
    ) -> None:
        """Apply one change to an open document."""
        if (document := self.find(text_doc.uri)) is not None:
            document.apply_change(change)
            document.version = text_doc.version
            self._on_change()

    def remove_text_document(self, doc_uri: str) -> None:
        """Forget a document that was closed; from now on the disk's text counts."""
        super().remove_text_document(doc_uri)
        self._on_change()

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> TextDocument:
        return Document(
            doc_uri,
            source=source or "",
            version=version,
            language_id=language_id,
            position_codec=self.position_codec,
        )


def codepoints(content: str, units: int, codec: PositionCodec) -> int:
    """How many characters `units` code units of the client's encoding are, at most all."""
    if content.isascii():
        return min(units, len(content))
    count = codec.client_num_units
    used = 0
    for index, character in enumerate(content):
        used += count(character)
        if used > units:
            return index
    return len(content)


def file_path(uri: str) -> Path | None:
    """The absolute path of a local `file:` URI; anything else, other hosts included, is `None`."""
    if not uri.startswith("file:///"):
        return None
    path = to_fs_path(uri)
    return Path(path) if path and "\0" not in path else None


def _key(uri: str) -> str:
    return unquote(uri)
