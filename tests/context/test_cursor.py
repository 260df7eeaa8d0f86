"""Ghost text is wanted only where it is in nobody's way."""

import pytest
from hypothesis import given, strategies as st

from steward.context.cursor import Cursor

TEXTS = st.text(alphabet="ab (){}:\r\n", max_size=40)


def at(text: str) -> Cursor:
    """The cursor where the bar stands."""
    before, after = text.split("|")
    return Cursor("a.py", before, after)


@pytest.mark.parametrize(
    "text",
    [
        *("|", "x = |", "f(|)", "f([|])", "d = {|}", "s = '|'", "if x(|):", "f(|),", "f(|);"),
        *("x|\nnext", "x|\r\nnext", "a[|]   ", "f(|) {"),
    ],
)
def test_a_suggestion_fits_at_the_end_and_before_what_closes(text: str) -> None:
    assert at(text).is_worth_asking


@pytest.mark.parametrize("text", ["|x", "f(|a)", "ret|urn x", "x = | + 1", "f(|) + 1", "|# note"])
def test_no_suggestion_in_the_middle_of_code(text: str) -> None:
    assert not at(text).is_worth_asking


@pytest.mark.parametrize(
    ("text", "several"),
    [
        ("|", True),
        ("    |", True),
        ("def f():\n    |", True),
        ("def f():|", True),
        ("if (x) {|", True),
        ("f(|\n", True),
        ("x = |", False),
        ("return |", False),
        ("f(|)", False),
        ("    |)", False),
        ("if x(|):", False),
    ],
)
def test_more_than_the_line_is_wanted_where_a_block_begins(text: str, several: bool) -> None:
    assert at(text).takes_several_lines == several


@pytest.mark.parametrize(
    ("path", "line", "several"),
    [
        ("a.rb", "def f(a)", True),
        ("a.rb", "each do |b|", True),
        ("a.rb", "a if b", False),
        ("a.lua", "function f()", True),
        ("a.lua", "if a then", True),
        ("a.sh", "for a in b; do", True),
        ("a.sh", "case $a in", True),
        ("a.html", '<ul class="a">', True),
        ("a.html", "<br>", False),
        ("a.html", "<p>a</p>", False),
        ("a.py", "def f(a)", False),
    ],
)
def test_words_and_tags_begin_a_block_as_well(path: str, line: str, several: bool) -> None:
    assert Cursor(path, line, "\n").takes_several_lines == several


def test_the_line_is_the_cursors() -> None:
    cursor = at("one\n  two|three\r\nfour")
    assert (cursor.line_before, cursor.line_after) == ("  two", "three")


@given(TEXTS, TEXTS)
def test_a_small_document_is_seen_whole(before: str, after: str) -> None:
    assert Cursor("a.py", before, after).window() == (before, after)


def test_of_a_large_document_the_nearest_whole_lines_are_seen() -> None:
    line = "0123456789" * 4 + "\n"
    cursor = Cursor("a.py", line * 1000 + "here", "\n" + line * 1000)
    before, after = cursor.window()
    assert before.endswith(line + "here")
    assert len(before) <= 6_000
    assert before.startswith(line)
    assert after.startswith("\n" + line)
    assert len(after) <= 2_000
    assert after.endswith(line)


def test_one_endless_line_is_cut_and_not_lost() -> None:
    before, after = Cursor("a.py", "x" * 10_000, "y" * 10_000).window()
    assert (before, after) == ("x" * 6_000, "y" * 2_000)
