"""Documents follow any sequence of edits, in any encoding, as the protocol counts."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import assume, given, settings, strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from steward.core.errors import LimitError, StaleError
from steward.core.limits import DOCUMENT_CHARS_MAX
from steward.lsp.convert import cursor_at, workspace_edit
from steward.lsp.documents import Document, Documents, file_path
from steward.lsp.session import ClientAbilities
from steward.workspace.lines import Place
from steward.workspace.proposal import EditProposal, FileChange

ENCODINGS = {
    types.PositionEncodingKind.Utf8: ("utf-8", 1),
    types.PositionEncodingKind.Utf16: ("utf-16-le", 2),
    types.PositionEncodingKind.Utf32: ("utf-32-le", 4),
}
"""Kind → Python's codec, and bytes a code unit."""
URI = "file:///w/a.py"
CHARACTERS = "ab\r\n\x0b\x0c\x1c\x85é\u0301漢\u2028\ufffd😀"
TEXTS = st.text(alphabet=CHARACTERS, max_size=12)
NUMBERS = st.integers(0, 6)
PLACES = st.tuples(NUMBERS, NUMBERS)


def unwatched(_document: Document, _start: Place, _removed: str, _inserted: str) -> None:
    """Nobody looks at single edits here."""


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

    def before(self, index: int) -> str:
        return b"".join(self.units[:index]).decode(self.codec)

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
            self.before(at)
        except UnicodeDecodeError:
            return False
        return True


def document(text: str, encoding: types.PositionEncodingKind) -> Document:
    return Document(URI, source=text, version=1, position_codec=PositionCodec(encoding))


def replacement(
    start: tuple[int, int], end: tuple[int, int], new: str
) -> types.TextDocumentContentChangePartial:
    range_ = types.Range(types.Position(*start), types.Position(*end))
    return types.TextDocumentContentChangePartial(range_, new)


def follow_an_editor(encoding: types.PositionEncodingKind, data: st.DataObject) -> None:
    """Open a document, type into it, and compare with what the editor has."""
    text = data.draw(TEXTS, "text")
    documents, lost = Documents(None, encoding, lambda: None, print, unwatched), 0
    documents.put_text_document(types.TextDocumentItem(URI, "python", 1, text))
    editor, ours, version = CodeUnits.of(text, encoding), documents.find(URI), 1
    assert ours is not None
    edit = st.tuples(PLACES, PLACES, TEXTS)
    for edits, is_read in data.draw(
        st.lists(st.tuples(st.lists(edit, min_size=1, max_size=3), st.booleans())), "notifications"
    ):
        for start, end, new in edits:
            begin = editor.index(*start)
            editor.replace(begin, max(begin, editor.index(*end)), new)
        version += data.draw(st.integers(1, 3), "versions passed")
        identifier = types.VersionedTextDocumentIdentifier(version, URI)
        documents.change(identifier, [replacement(*one) for one in edits])
        lost += ours.is_lost
        if is_read:  # What was read once must not be kept after the next edit.
            assert ours.source == editor.text
            assert "".join(ours.lines) == editor.text
    assert ours.source == editor.text
    contents = LINE_END.split(editor.text)
    assert [line.rstrip("\r\n") for line in ours.lines] == contents[: len(ours.lines)]
    assert len(contents) - len(ours.lines) == (contents[-1] == "")
    place = data.draw(PLACES, "cursor")
    cursor = cursor_at(ours, types.Position(*place), "a.py")
    assert cursor.before == editor.before(editor.index(*place))
    assert cursor.before + cursor.after == editor.text
    assert not lost


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_edits_give_what_an_editor_has(
    encoding: types.PositionEncodingKind, data: st.DataObject
) -> None:
    follow_an_editor(encoding, data)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=5_000, deadline=None)
@given(data=st.data())
def test_very_many_edits_give_what_an_editor_has(
    encoding: types.PositionEncodingKind, data: st.DataObject
) -> None:
    follow_an_editor(encoding, data)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None)
@given(text=TEXTS, line=st.integers(0, 2**31 - 1), character=st.integers(0, 2**31 - 1))
def test_a_position_beyond_the_end_is_the_end(
    encoding: types.PositionEncodingKind, text: str, line: int, character: int
) -> None:
    editor = CodeUnits.of(text, encoding)
    cursor = cursor_at(document(text, encoding), types.Position(line, character), "a.py")
    assert cursor.before + cursor.after == text
    assert cursor.before == editor.before(editor.index(min(line, 50), character))


def test_an_edit_from_back_to_front_changes_nothing_but_what_it_inserts() -> None:
    ours = document("one\ntwo\n", types.PositionEncodingKind.Utf16)
    back_to_front = types.Range(types.Position(1, 2), types.Position(0, 1))
    ours.apply_change(types.TextDocumentContentChangePartial(back_to_front, "X"))
    assert ours.source == "one\ntwXo\n"


def test_in_a_long_document_a_cursor_sees_what_is_near_and_typing_on_moves_only_its_own_end() -> (
    None
):
    line = "x = 1\n"
    ours = document(line * 20_000, types.PositionEncodingKind.Utf16)
    begun = cursor_at(ours, types.Position(10_000, 2), "a.py")
    assert (begun.before.count("\n"), begun.after.count("\n")) == (1000, 1001)
    ours.apply_change(replacement((10_000, 2), (10_000, 2), "one\ntwo"))
    typed = cursor_at(ours, types.Position(10_001, 3), "a.py")
    assert typed.before == begun.before + "one\ntwo"
    assert typed.after == begun.after
    assert ours.offset_at_position(types.Position(10_000, 2)) == 10_000 * len(line) + 2


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
    assume(before != after)
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
    documents = Documents(None, "utf-16", lambda: changes.append(1), print, unwatched)
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
    documents = Documents(None, "utf-16", lambda: None, print, unwatched)
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


class Opened:
    """One open document, and everything that the person was told about it."""

    def __init__(self, text: str, version: int = 5) -> None:
        self.told: list[str] = []
        self.documents = Documents(None, "utf-16", lambda: None, self.told.append, unwatched)
        self.open(text, version)

    def open(self, text: str, version: int) -> None:
        self.documents.put_text_document(types.TextDocumentItem(URI, "python", version, text))

    def change(self, version: int, *changes: types.TextDocumentContentChangeEvent) -> None:
        self.documents.change(types.VersionedTextDocumentIdentifier(version, URI), changes)

    @property
    def document(self) -> Document:
        found = self.documents.find(URI)
        assert found is not None
        return found


AT_THE_START = replacement((0, 0), (0, 0), "X")


@pytest.mark.parametrize("version", [5, 4, 0, -7])
def test_an_edit_whose_version_does_not_rise_is_not_applied_to_a_guess(version: int) -> None:
    opened = Opened("text", version=5)
    opened.change(version, AT_THE_START)
    for text_of in (
        lambda: opened.document.source,
        lambda: opened.document.lines,
        lambda: cursor_at(opened.document, types.Position(0, 0), "a.py"),
    ):
        with pytest.raises(StaleError, match="out of order"):
            text_of()
    opened.change(9, AT_THE_START)
    assert opened.document.is_lost
    assert len(opened.told) == 1, "the person is told once"


def test_a_whole_text_puts_a_lost_document_right() -> None:
    opened = Opened("text", version=5)
    opened.change(3, AT_THE_START)
    whole = types.TextDocumentContentChangeWholeDocument("whole")
    opened.change(2, AT_THE_START, whole, AT_THE_START)
    assert opened.document.source == "Xwhole"
    opened.change(3, AT_THE_START)
    assert opened.document.source == "XXwhole"


def test_opening_a_lost_document_again_puts_it_right() -> None:
    opened = Opened("text", version=5)
    opened.change(5, AT_THE_START)
    opened.open("again", version=1)
    opened.change(4, AT_THE_START)
    assert opened.document.source == "Xagain"


def test_versions_may_skip_and_changes_of_one_notification_share_theirs() -> None:
    opened = Opened("text", version=5)
    opened.change(70, AT_THE_START, AT_THE_START)
    opened.change(71, AT_THE_START)
    assert (opened.document.source, opened.document.version) == ("XXXtext", 71)
    assert not opened.told


def test_a_document_that_is_not_open_takes_no_change_and_closes_in_vain() -> None:
    opened = Opened("text")
    opened.documents.remove_text_document(URI)
    opened.documents.remove_text_document(URI)
    opened.change(6, AT_THE_START)
    assert opened.documents.find(URI) is None


def test_a_document_is_let_go_when_it_grows_too_large_and_kept_when_it_is_small_again() -> None:
    opened = Opened("x" * DOCUMENT_CHARS_MAX, version=1)
    assert len(opened.document.source) == DOCUMENT_CHARS_MAX
    opened.change(2, AT_THE_START)
    with pytest.raises(LimitError, match="more than 4,194,304 characters"):
        _ = opened.document.source
    opened.change(3, types.TextDocumentContentChangeWholeDocument("small"))
    assert opened.document.source == "small"
    opened.open("x" * (DOCUMENT_CHARS_MAX + 1), version=1)
    assert opened.document.is_lost
    assert len(opened.told) == 2


def test_a_text_that_shrinks_again_is_counted_as_it_is() -> None:
    opened = Opened("", version=1)
    large = "\n" * (DOCUMENT_CHARS_MAX - 1)
    for version in range(2, 8, 2):
        opened.change(version, replacement((0, 0), (0, 0), large))
        opened.change(version + 1, replacement((0, 0), (2**31 - 1, 0), "\r"))
    assert opened.document.source == "\r"
