"""Whoever watches the typing is told what each edit takes away and what it puts there."""

from pathlib import Path

from hypothesis import given
from lsprotocol import types

from steward.lsp.documents import Document, Documents
from steward.lsp.server import build_server
from steward.workspace.edit import Edit
from steward.workspace.lines import Place
from tests.lsp.test_documents import PLACES, TEXTS, URI


@given(TEXTS, PLACES, PLACES, TEXTS)
def test_an_edit_is_told_before_it_is_applied_as_what_it_takes_and_puts(
    text: str, start: tuple[int, int], end: tuple[int, int], new: str
) -> None:
    told: list[tuple[str, Place, str, str]] = []

    def listen(document: Document, place: Place, removed: str, inserted: str) -> None:
        told.append((document.source, place, removed, inserted))

    documents = Documents(None, "utf-32", lambda: None, print, listen)
    documents.put_text_document(types.TextDocumentItem(URI, "python", 1, text))
    range_ = types.Range(types.Position(*min(start, end)), types.Position(*max(start, end)))
    change = types.TextDocumentContentChangePartial(range=range_, text=new)
    documents.change(types.VersionedTextDocumentIdentifier(version=2, uri=URI), [change])
    ((before, place, removed, inserted),) = told
    document = documents.find(URI)
    assert document is not None
    assert (before, inserted) == (text, new)
    at = Document(URI, text, position_codec=documents.position_codec).offset_at_position(
        types.Position(*place)
    )
    assert text[at:].startswith(removed)
    assert text[:at] + inserted + text[at + len(removed) :] == document.source


def test_whoever_watches_hears_that_a_text_is_gone() -> None:
    gone: list[str] = []
    documents = Documents(None, "utf-32", lambda: None, print, _deaf, gone.append)
    documents.put_text_document(types.TextDocumentItem(URI, "python", 1, "a\n"))
    whole = types.TextDocumentContentChangeWholeDocument("b\n")
    documents.change(types.VersionedTextDocumentIdentifier(version=2, uri=URI), [whole])
    documents.remove_text_document(URI)
    documents.remove_text_document(URI)
    assert gone == [URI, URI]


async def test_an_edit_is_applied_also_where_whoever_watches_fails(tmp_path: Path) -> None:
    _, session = build_server()
    session.begin(types.InitializeParams(types.ClientCapabilities(), root_uri=tmp_path.as_uri()))
    told: list[Edit] = []

    def broken(_edit: Edit) -> None:
        raise IndexError("somebody's mistake")

    session.on_edit += [broken, told.append]
    documents = session.protocol.documents
    documents.put_text_document(types.TextDocumentItem(URI, "python", 1, "a\n"))
    start = types.Position(0, 0)
    change = types.TextDocumentContentChangePartial(range=types.Range(start, start), text="b")
    documents.change(types.VersionedTextDocumentIdentifier(version=2, uri=URI), [change])
    document = documents.find(URI)
    assert document is not None
    assert document.source == "ba\n"
    assert [edit.inserted for edit in told] == ["b"]


def _deaf(_document: Document, _place: Place, _removed: str, _inserted: str) -> None:
    return
