"""Keystrokes become the places that were edited, with what stood there before."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from steward.context.recent_edits import EditedRange, RecentEdits
from steward.core.clock import ManualClock
from steward.core.limits import EDITED_CHARS_MAX, EDITED_DOCUMENTS_MAX, EDITED_RANGES_MAX
from steward.workspace.edit import Edit
from steward.workspace.lines import Lines, Place

CHANGES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 8), st.text("ab\né😀", max_size=6)), max_size=12
)


@dataclass
class Typist:
    """Edits one document and tells of every edit before it is made."""

    text: str
    path: str | None = "a.py"
    clock: ManualClock = field(
        default_factory=lambda: ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    )
    edits: RecentEdits = field(init=False)

    def __post_init__(self) -> None:
        self.edits = RecentEdits(self.clock)

    def put(self, at: int, length: int, new: str, path: str | None = None) -> None:
        """Replace `length` characters."""
        at = min(at, len(self.text))
        lines = Lines(self.text)
        start, end = place(self.text, at), place(self.text, at + length)
        removed = lines.between(start, end)
        uri = f"file:///{path or self.path}"
        self.edits.note(Edit(uri, path or self.path, start, removed, new))
        lines.replace(start, end, new)
        self.text = lines.text

    def type(self, at: int, new: str) -> None:
        """One key after the other."""
        for number, character in enumerate(new):
            self.put(at + number, 0, character)

    def wait(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))


def place(text: str, offset: int) -> Place:
    head = text[:offset]
    return head.count("\n"), len(head) - 1 - head.rfind("\n")


def undone(text: str, edited: EditedRange) -> str:
    lines = Lines(text)
    lines.replace(edited.start, edited.end, edited.removed)
    return lines.text


def test_the_keys_of_a_word_are_one_edit() -> None:
    typist = Typist("total = 1\nprint(total)\n")
    typist.put(0, 5, "")
    typist.type(0, "summe")
    (edited,) = typist.edits.recent()
    assert (edited.removed, edited.inserted, edited.start) == ("total", "summe", (0, 0))
    assert edited.lines(typist.text) == (0, "total = 1\n", "summe = 1\n")


def test_what_was_typed_and_taken_back_is_no_edit() -> None:
    typist = Typist("a\n")
    typist.type(1, "bc")
    typist.put(1, 2, "")
    assert typist.edits.recent() == ()


def test_the_latest_edit_comes_first_and_the_places_move_with_the_text() -> None:
    typist = Typist("one\ntwo\nthree\n")
    typist.put(8, 5, "drei")
    typist.wait(1)
    typist.put(0, 0, "zero\n\n")
    latest, older = typist.edits.recent()
    assert (latest.start, latest.inserted) == ((0, 0), "zero\n\n")
    assert (older.start, older.removed, older.inserted) == ((4, 0), "three", "drei")
    assert older.lines(typist.text) == (4, "three\n", "drei\n")


def test_an_edit_beside_one_of_a_while_ago_is_another_one() -> None:
    typist = Typist("x\n")
    typist.type(1, "a")
    typist.wait(31)
    typist.type(2, "b")
    assert [edited.inserted for edited in typist.edits.recent()] == ["b", "a"]


def test_what_was_edited_half_an_hour_ago_is_forgotten() -> None:
    typist = Typist("x\n")
    typist.type(1, "a")
    typist.wait(1801)
    assert typist.edits.recent() == ()


def test_a_file_outside_the_workspace_is_not_remembered() -> None:
    typist = Typist("x\n", path=None)
    typist.type(1, "a")
    assert typist.edits.recent() == ()


def test_a_place_has_no_lines_in_another_text() -> None:
    typist = Typist("one\ntwo\n")
    typist.put(4, 3, "zwei")
    (edited,) = typist.edits.recent()
    assert edited.lines("one\nzwo\n") is None
    assert edited.lines("") is None


def test_only_so_much_is_remembered() -> None:
    typist = Typist("\n" * 500)
    typist.put(0, 0, "x" * (EDITED_CHARS_MAX + 1))
    assert typist.edits.recent() == ()
    typist.put(0, 0, "x" * EDITED_CHARS_MAX)
    typist.put(0, 0, "y")
    assert typist.edits.recent() == ()
    typist.put(0, EDITED_CHARS_MAX + 1, "")
    for number in range(100):
        typist.wait(1)
        typist.put(EDITED_CHARS_MAX + 1 + number * 4, 0, f"{number}")
    assert len(typist.edits.recent()) == EDITED_RANGES_MAX
    assert typist.edits.recent()[0].inserted == "99"
    for number in range(100):
        typist.put(0, 0, "x", path=f"{number}.py")
    assert len({edited.uri for edited in typist.edits.recent()}) == EDITED_DOCUMENTS_MAX


@given(st.text("ab\né😀", max_size=40), CHANGES, st.lists(st.sampled_from([0, 40]), max_size=12))
def test_undoing_every_place_gives_the_text_before(
    text: str, changes: list[tuple[int, int, str]], pauses_s: list[int]
) -> None:
    typist = Typist(text)
    for number, (at, length, new) in enumerate(changes):
        typist.put(at, length, new)
        typist.wait(pauses_s[number] if number < len(pauses_s) else 1)
    now = typist.text
    for edited in sorted(typist.edits.recent(), key=lambda edited: edited.start, reverse=True):
        assert edited.lines(typist.text) is not None
        now = undone(now, edited)
    assert now == text
