"""Keeping a change true while the document is edited."""

import random

import pytest
from hypothesis import given, settings, strategies as st

from steward.completion.next_edit.change import Change, made_by, rebased
from steward.workspace.edit import Edit
from steward.workspace.lines import Lines, Place

TEXT = "def total(items):\n    return sum(items)\n\nprint(total([1, 2]))\n"


def made(start: Place, removed: str, inserted: str) -> Change:
    return made_by(Edit("file:///a.py", "a.py", start, removed, inserted))


def after(text: str, *changes: Change) -> str:
    """The text when these were made, one after the other."""
    lines = Lines(text)
    for change in changes:
        assert lines.between(change.start, change.end) == change.removed
        lines.replace(change.start, change.end, change.inserted)
    return lines.text


def test_an_edit_above_moves_a_change_and_one_below_leaves_it() -> None:
    change = Change((3, 6), "total", "amount")
    above = made((0, 0), "", "# Sums.\n")
    assert rebased(change, above) == Change((4, 6), "total", "amount")
    below = made((4, 0), "", "print(0)\n")
    assert rebased(change, below) == change
    same_line = made((3, 0), "print", "log")
    assert rebased(change, same_line) == Change((3, 4), "total", "amount")


def test_typing_what_a_change_puts_in_leaves_the_rest_of_it() -> None:
    change = Change((1, 4), "", "total = 0\n    ")
    left = rebased(change, made((1, 4), "", "tot"))
    assert left == Change((1, 7), "", "al = 0\n    ")
    done = rebased(Change((1, 7), "", "al"), made((1, 7), "", "al"))
    assert done is not None
    assert done.is_done


def test_a_closing_bracket_that_the_editor_adds_counts_as_typed() -> None:
    change = Change((3, 0), "", "print(1)")
    left = rebased(change, made((3, 0), "", "print()"))
    assert left == Change((3, 6), "", "1")


def test_taking_away_what_a_change_takes_away_leaves_the_rest_of_it() -> None:
    change = Change((3, 6), "total", "amount")
    assert rebased(change, made((3, 6), "total", "")) == Change((3, 6), "", "amount")
    assert rebased(change, made((3, 10), "l", "")) == Change((3, 6), "tota", "amount")


@pytest.mark.parametrize(
    "edit",
    [
        made((3, 8), "", "x"),
        made((3, 7), "ot", "z"),
        made((3, 5), "(", "["),
        made((3, 6), "", "sub"),
        made((3, 11), "", "s"),
        made((2, 0), "\nprint(to", "x"),
        made((3, 8), "t", ""),
    ],
    ids=str,
)
def test_an_edit_that_disagrees_ends_a_change(edit: Change) -> None:
    assert rebased(Change((3, 6), "total", "amount"), edit) is None


def test_whole_lines_above_or_below_disagree_with_nothing() -> None:
    change = Change((1, 0), "    return sum(items)\n", "")
    assert rebased(change, made((1, 0), "", "    # Adds.\n")) == Change(
        (2, 0), *change_texts(change)
    )
    assert rebased(change, made((2, 0), "", "x = 1\n")) == change


def change_texts(change: Change) -> tuple[str, str]:
    return change.removed, change.inserted


_WORDS = ("a", "bb", "\n", "x = 1\n", "\r\n", "(", ")", "é", "🙂", " ", "\r")


def a_change(dice: random.Random, text: str) -> Change:
    lines = Lines(text)
    first, last = sorted(dice.randint(0, len(text)) for _ in range(2))
    last = min(last, first + dice.randint(0, 12))
    inserted = "".join(dice.choices(_WORDS, k=dice.randint(0, 4)))
    start = place_at(lines, first)
    return Change(start, text[first:last], inserted).smallest()


def place_at(lines: Lines, offset: int) -> Place:
    for number, line in enumerate(lines.lines):
        if offset < len(line):
            return number, offset
        offset -= len(line)
    return lines.end


def splits_a_line_end(text: str, change: Change) -> bool:
    lines = Lines(text)
    if lines.between(change.start, change.end) != change.removed:
        return True
    line, column = change.start
    return line < len(lines.lines) and column > len(lines.content(line))


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_change_and_an_edit_elsewhere_make_the_same_text_in_both_orders(
    dice: random.Random,
) -> None:
    text = "".join(dice.choices(("ab", "cd ", "\n", "x\n", "é(", "🙂", "\r\n"), k=30))
    if "\r" in text.replace("\r\n", ""):
        return
    change, edit = a_change(dice, text), a_change(dice, text)
    if splits_a_line_end(text, change) or splits_a_line_end(text, edit):
        return  # No editor does that.
    left = rebased(change, edit)
    if left is None or (change.start == edit.start and not change.removed and not edit.removed):
        return  # Of two insertions at one place either may come first.
    edited = after(text, edit)
    if "\r" in edited.replace("\r\n", ""):
        return
    assert Lines(edited).between(left.start, left.end) == left.removed
    both = after(edited, left)
    other = rebased(edit, change)
    is_elsewhere = left.removed == change.removed and left.inserted == change.inserted
    if is_elsewhere and other is not None and not other.is_done:
        first = after(text, change)
        if "\r" not in first.replace("\r\n", ""):
            assert both == after(first, other)
    if not is_elsewhere:
        assert both == after(text, change), "what is left of it makes what it would have made"
