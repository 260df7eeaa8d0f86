"""Typing along a suggestion leaves exactly its rest; nothing is left for any other text."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from steward.completion.alike import narrowed
from steward.completion.asking.along import accepted, agrees, moved, remainder
from steward.completion.asking.known import Entry, Known
from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor
from steward.workspace.edit import Edit
from tests.completion.desk import typed
from tests.context.test_cursor import at

PIECES = st.sampled_from(["a", "b", " ", "\n", "(", ")", "x1", "]", '"', "é", "😀"])
TEXTS = st.lists(PIECES, min_size=1, max_size=12).map("".join)


def whole(cursor: Cursor, suggestion: Suggestion) -> str:
    """The text that accepting makes."""
    taken = accepted(cursor, suggestion)
    return taken.before + taken.after


@given(TEXTS, TEXTS, TEXTS, st.data())
def test_typing_along_leaves_exactly_the_rest(
    before: str, after: str, text: str, data: st.DataObject
) -> None:
    cursor, suggestion = Cursor("a.py", before, after), Suggestion(text)
    count = data.draw(st.integers(0, len(text) - 1))
    now = typed(cursor, text[:count])
    assert remainder(cursor, suggestion, now) == Suggestion(text[count:])
    known = Known()
    known.keep(Entry(cursor, suggestion, "model", "m"))
    found = known.find(now)
    assert found is not None
    assert found.suggestion == Suggestion(text[count:])


@given(TEXTS, TEXTS, TEXTS, st.integers(0, 3), TEXTS, TEXTS)
def test_whatever_is_left_makes_the_same_text(
    before: str, after: str, text: str, replaces: int, now_before: str, now_after: str
) -> None:
    line = after.split("\n", 1)[0]
    cursor, suggestion = Cursor("a.py", before, after), Suggestion(text, min(replaces, len(line)))
    known = Known()
    known.keep(Entry(cursor, suggestion, "model", "m"))
    for now in (
        Cursor("a.py", now_before, now_after),
        Cursor("a.py", before + text[:1], now_after),
        Cursor("a.py", before + text[:1], ")" + after),
        Cursor("a.py", before + text[:2], after[1:]),
    ):
        left = remainder(cursor, suggestion, now)
        found = known.find(now)
        for rest in (left, found.suggestion if found else None):
            if rest is not None:
                assert whole(now, rest) == whole(cursor, suggestion)


@pytest.mark.parametrize(
    ("cursor", "suggestion", "now", "left"),
    [
        (at("f|\n"), Suggestion("(a, b)"), at("f(|)\n"), Suggestion("a, b)", 1)),
        (at("f|\n"), Suggestion("(a, b)"), at("f(a, b|)\n"), Suggestion(")", 1)),
        (at("f(|)\n"), Suggestion("a, b)", 1), at("f(a|)\n"), Suggestion(", b)", 1)),
        (at("f(|)\n"), Suggestion("g(a))", 1), at("f(g(|))\n"), Suggestion("a))", 2)),
        (at("x = |\n"), Suggestion("{\n    1\n}"), at("x = {|}\n"), None),
        (at("f|\n"), Suggestion("(a, b)"), at("f(a, b)|\n"), None),
        (at("f|\n"), Suggestion("(a, b)"), at("f(|x\n"), None),
        (at("f|\n"), Suggestion("(a, b)"), replace(at("f(|\n"), path="b.py"), None),
    ],
)
def test_a_bracket_that_the_editor_closed_is_covered(
    cursor: Cursor, suggestion: Suggestion, now: Cursor, left: Suggestion | None
) -> None:
    assert remainder(cursor, suggestion, now) == left


def test_a_window_that_moves_on_with_the_lines_changes_nothing() -> None:
    lines = [f"line {number}\n" for number in range(2_000)]
    text = "one\ntwo\nthree"
    cursor = Cursor("a.py", "".join(lines), "\n", line=1_999)
    now = Cursor("a.py", "".join(lines[1_000:]) + "one\ntw", "\n", line=2_000)
    assert remainder(cursor, Suggestion(text), now) == Suggestion("o\nthree")
    other = replace(now, before=now.before.replace("line 1500", "line x"))
    assert remainder(cursor, Suggestion(text), other) is None


def edit(start: tuple[int, int], removed: str, inserted: str) -> Edit:
    return Edit("", "a.py", start, removed, inserted)


@pytest.mark.parametrize(
    ("change", "now"),
    [
        (edit((0, 1), "", "oo"), ("foo", ")\n")),
        (edit((0, 1), "", "()"), ("f(", "))\n")),
        (edit((0, 1), ")", ")"), ("f)", "\n")),
        (edit((0, 0), "f", "foo"), ("foo", ")\n")),
        (edit((0, 0), "f", ""), ("", ")\n")),
        (edit((0, 1), "", "\n  "), ("f\n  ", ")\n")),
        (edit((0, 0), "", "x"), None),
        (edit((1, 0), "", "x"), None),
        (edit((0, 1), "x", ""), None),
    ],
)
def test_an_edit_at_the_cursor_moves_it(change: Edit, now: tuple[str, str] | None) -> None:
    found = moved(at("f|)\n"), change)
    assert (found and (found.before, found.after)) == now


@pytest.mark.parametrize(
    ("raw", "what_was_typed", "does_agree"),
    [
        ("", "x", True),
        ("a + b", "a +", True),
        ("a", "a + b", True),
        (" a", "a", True),
        ("return a", "a", True),
        ("retu", "a", True),
        ("```python\nx", "a", True),
        ("a + b", "b", False),
        ("a + b", "a + c", False),
    ],
)
def test_a_stream_agrees_as_long_as_it_may_lead_there(
    raw: str, what_was_typed: str, does_agree: bool
) -> None:
    target = at("def f():\n    return |\n")
    assert agrees(raw, target, typed(target, what_was_typed)) == does_agree


LONG = st.text(alphabet="ab\n", min_size=70, max_size=90)


@given(LONG, st.integers(0, 70), st.integers(0, 3), st.text(alphabet="ab\n", max_size=3))
def test_an_edit_that_sends_everything_is_the_edit_of_what_has_changed(
    text: str, at_: int, taken: int, put: str
) -> None:
    changed = text[:at_] + put + text[at_ + taken :]
    small = narrowed(edit((3, 5), text, changed))
    assert len(small.removed) <= taken or len(changed) < 64
    line, column = small.start
    lines = text.split("\n")
    start = sum(len(each) + 1 for each in lines[: line - 3]) + column - (5 if line == 3 else 0)
    assert text[start : start + len(small.removed)] == small.removed
    assert text[:start] + small.inserted + text[start + len(small.removed) :] == changed
