"""What the protocol does not say is read off the edits: typed, deleted, undone, or many at once."""

import pytest

from steward.completion.asking.strokes import Strokes
from steward.workspace.edit import Edit


class Document:
    def __init__(self) -> None:
        self.strokes = Strokes()
        self._version = 0

    def change(self, *edits: tuple[tuple[int, int], str, str]) -> str:
        """One notification: place, what was there, what is there now."""
        self._version += 1
        for start, removed, inserted in edits:
            self.strokes.note(Edit("file:///a.py", "a.py", start, removed, inserted, self._version))
        return self.strokes.last


@pytest.mark.parametrize(
    ("removed", "inserted", "stroke"),
    [
        ("", "a", "typed"),
        ("", "\n    ", "typed"),
        ("", "()", "typed"),
        ("a", "b", "typed"),
        ("fo", "foo", "typed"),
        ("    ", "}", "typed"),
        ("a", "", "deleted"),
        ("a\n", "", "deleted"),
        ("foo", "fo", "deleted"),
        ("foo", "oo", "deleted"),
    ],
)
def test_an_edit_says_what_was_done(removed: str, inserted: str, stroke: str) -> None:
    assert Document().change(((3, 1), removed, inserted)) == stroke


def test_what_comes_back_to_where_it_was_taken_from_was_not_typed() -> None:
    document = Document()
    document.change(((0, 4), "total", ""))
    assert document.change(((0, 4), "", "total")) == "undone"


def test_what_was_deleted_key_by_key_comes_back_at_once() -> None:
    backwards, forwards = Document(), Document()
    for column in (6, 5, 4):
        backwards.change(((0, column), "abc"[column - 4], ""))
        forwards.change(((0, 4), "abc"[6 - column], ""))
    assert backwards.change(((0, 4), "", "abc")) == "undone"
    assert forwards.change(((0, 4), "", "abc")) == "undone"


def test_a_replacement_that_is_taken_back_was_not_typed() -> None:
    document = Document()
    document.change(((0, 4), "total", "summe"))
    assert document.change(((0, 4), "summe", "total")) == "undone"


def test_what_was_cut_here_and_put_there_was_typed() -> None:
    document = Document()
    document.change(((0, 4), "total", ""))
    assert document.change(((2, 4), "", "total")) == "typed"


def test_the_same_at_two_places_at_once_are_several_cursors() -> None:
    document = Document()
    assert document.change(((4, 1), "", "x"), ((2, 1), "", "x")) == "several_cursors"
    assert document.change(((4, 2), "", "y")) == "typed"


def test_an_import_that_comes_with_a_word_is_no_second_cursor() -> None:
    document = Document()
    assert document.change(((0, 0), "", "import os\n"), ((4, 1), "o", "os")) == "typed"


def test_the_same_key_twice_is_one_cursor() -> None:
    document = Document()
    assert document.change(((4, 1), "", "x")) == "typed"
    assert document.change(((4, 2), "", "x")) == "typed"
