"""Documents follow any sequence of edits, in any encoding, as the protocol counts."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings, strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from steward.lsp.convert import cursor_at, workspace_edit
from steward.lsp.documents import Document, Documents, file_path
from steward.lsp.session import ClientAbilities
from steward.workspace.proposal import EditProposal, FileChange

ENCODINGS = {
    types.PositionEncodingKind.Utf8: ("utf-8", 1),
    types.PositionEncodingKind.Utf16: ("utf-16-le", 2),
    types.PositionEncodingKind.Utf32: ("utf-32-le", 4),
}
"""Kind → Python's codec, and bytes a code unit."""
URI = "file:///w/a.py"
TEXTS = st.text(alphabet="ab\r\n\x0b\x0c\x1c\x85é漢\u2028😀", max_size=12)
NUMBERS = st.integers(0, 6)
LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass
class CodeUnits:
    """An editor that knows only an array of code units. The independent reference."""

    units: list[bytes]
    codec: str
    width: int

    @classmethod
    def of(cls, text: str, encoding: types.PositionEncodingKind) -> "CodeUnits":
        codec, width = ENCODINGS[encoding]
        content = text.encode(codec)
        return cls([content[at : at + width] for at in range(0, len(content), width)], codec, width)

    @property
    def text(self) -> str:
        return b"".join(self.units).decode(self.codec)

    def index(self, line: int, character: int) -> int:
        """The unit at a position; beyond a line's or the text's end is the end."""
        at = 0
        for _ in range(line):
            end = self._line_end(at)
            if end == len(self.units):
                return end
            at = end + (2 if self._is(end, "\r") and self._is(end + 1, "\n") else 1)
        wanted = min(at + character, self._line_end(at))
        while wanted > at and not self._is_boundary(wanted):
            wanted -= 1  # The middle of a character is its beginning.
        return wanted

    def replace(self, start: int, end: int, text: str) -> None:
        new = CodeUnits.of(text, next(k for k, v in ENCODINGS.items() if v[0] == self.codec))
        self.units[start : max(start, end)] = new.units

    def _line_end(self, at: int) -> int:
        while at < len(self.units) and not (self._is(at, "\r") or self._is(at, "\n")):
            at += 1
        return at

    def _is(self, at: int, character: str) -> bool:
        return at < len(self.units) and self.units[at] == character.encode(self.codec)

    def _is_boundary(self, at: int) -> bool:
        try:
            b"".join(self.units[:at]).decode(self.codec)
        except UnicodeDecodeError:
            return False
        return True


def document(text: str, encoding: types.PositionEncodingKind) -> Document:
    return Document(URI, source=text, version=1, position_codec=PositionCodec(encoding))


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=150, deadline=None)
@given(
    text=TEXTS,
    edits=st.lists(st.tuples(st.tuples(NUMBERS, NUMBERS), st.tuples(NUMBERS, NUMBERS), TEXTS)),
)
def test_any_edits_give_what_an_editor_has(
    encoding: types.PositionEncodingKind,
    text: str,
    edits: list[tuple[tuple[int, int], tuple[int, int], str]],
) -> None:
    ours, editor = document(text, encoding), CodeUnits.of(text, encoding)
    for one, other, new in edits:
        start, end = sorted((one, other))
        change = types.TextDocumentContentChangePartial(
            types.Range(types.Position(*start), types.Position(*end)), new
        )
        ours.apply_change(change)
        editor.replace(editor.index(*start), editor.index(*end), new)
        assert ours.source == editor.text


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None)
@given(text=TEXTS, line=st.integers(0, 2**31 - 1), character=st.integers(0, 2**31 - 1))
def test_a_position_beyond_the_end_is_the_end(
    encoding: types.PositionEncodingKind, text: str, line: int, character: int
) -> None:
    editor = CodeUnits.of(text, encoding)
    cursor = cursor_at(document(text, encoding), types.Position(line, character), "a.py")
    assert cursor.before + cursor.after == text
    before = b"".join(editor.units[: editor.index(min(line, 50), character)])
    assert cursor.before.encode(editor.codec) == before


def test_an_edit_from_back_to_front_changes_nothing_but_what_it_inserts() -> None:
    ours = document("one\ntwo\n", types.PositionEncodingKind.Utf16)
    back_to_front = types.Range(types.Position(1, 2), types.Position(0, 1))
    ours.apply_change(types.TextDocumentContentChangePartial(back_to_front, "X"))
    assert ours.source == "one\ntwXo\n"


def test_a_documents_lines_end_where_the_protocol_says() -> None:
    ours = document("a\x0cb\u2028c\r\nd\re\nf", types.PositionEncodingKind.Utf16)
    assert ours.lines == ["a\x0cb\u2028c\r\n", "d\r", "e\n", "f"]


def test_a_full_change_replaces_everything() -> None:
    ours = document("one\ntwo\n", types.PositionEncodingKind.Utf16)
    ours.apply_change(types.TextDocumentContentChangeWholeDocument("new"))
    assert ours.source == "new"


CLIENTS = (
    ClientAbilities(),
    ClientAbilities(document_changes=True),
    ClientAbilities(document_changes=True, change_annotations=True),
)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=200, deadline=None)
@given(before=TEXTS, after=TEXTS, is_open=st.booleans(), can=st.sampled_from(CLIENTS))
def test_the_edit_that_is_sent_makes_exactly_the_approved_text(
    encoding: types.PositionEncodingKind,
    before: str,
    after: str,
    is_open: bool,
    can: ClientAbilities,
) -> None:
    opened = document(before, encoding)
    proposal = EditProposal("p1", "run", "Edit", (FileChange("a.py", before, after),))
    sent = workspace_edit(
        proposal, {"a.py": (URI, opened if is_open else None)}, can, document("", encoding)
    )
    (edit,) = edits_of(sent, can, version=1 if is_open else None)
    editor = CodeUnits.of(before, encoding)
    start, end = edit.range.start, edit.range.end
    # Not every client clamps: a position must lie in the document.
    assert start.line <= end.line <= len(LINE_END.findall(before))
    editor.replace(
        editor.index(start.line, start.character),
        editor.index(end.line, end.character),
        edit.new_text,
    )
    assert editor.text == after


def edits_of(
    sent: types.WorkspaceEdit, can: ClientAbilities, version: int | None
) -> list[types.TextEdit | types.AnnotatedTextEdit]:
    """The edits, after a look at how they are wrapped for this client."""
    if not can.document_changes:
        assert sent.document_changes is None
        assert sent.change_annotations is None
        assert list(sent.changes or {}) == [URI]
        return list((sent.changes or {})[URI])
    assert sent.changes is None
    (change,) = sent.document_changes or []
    assert isinstance(change, types.TextDocumentEdit)
    assert (change.text_document.uri, change.text_document.version) == (URI, version)
    edits = [edit for edit in change.edits if not isinstance(edit, types.SnippetTextEdit)]
    annotations = sent.change_annotations or {}
    assert [one.needs_confirmation for one in annotations.values()] == (
        [True] if can.change_annotations else []
    )
    used = {getattr(edit, "annotation_id", None) for edit in change.edits}
    assert used == (set(annotations) if can.change_annotations else {None})
    return edits


def test_a_document_is_found_however_its_uri_is_written() -> None:
    changes: list[int] = []
    documents = Documents(None, "utf-16", lambda: changes.append(1), print)
    item = types.TextDocumentItem("file:///w/a%20b.py", "python", 1, "text")
    documents.put_text_document(item)
    found = documents.find("file:///w/a b.py")
    assert found is not None
    assert found is documents.find("file:///w/a%20b.py")
    assert [str(path) for path in documents.by_path()] == ["/w/a b.py"]
    documents.remove_text_document("file:///w/a b.py")
    assert documents.find("file:///w/a%20b.py") is None
    assert len(changes) == 2


def test_a_uri_is_never_a_reason_to_read_the_disk() -> None:
    documents = Documents(None, "utf-16", lambda: None, print)
    assert documents.find("file:///etc/hostname") is None
    assert documents.get_text_document("file:///etc/hostname").source == ""


@pytest.mark.parametrize(
    "uri",
    [
        *("", "untitled:Untitled-1", "http://h/a.py", "file://host/a.py", "file:a.py"),
        *("git:/w/a.py", "file:///w/a%00b"),
    ],
)
def test_only_a_local_file_has_a_path(uri: str) -> None:
    assert file_path(uri) is None
