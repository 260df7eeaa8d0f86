"""What is made of a model's answer: nothing, where it cannot be believed."""

import pytest

from steward.completion.next_edit.answer import rewritten
from steward.completion.next_edit.change import Change
from steward.completion.next_edit.difference import changes_between
from steward.completion.next_edit.limits import LINES_MAX
from steward.completion.next_edit.offered import NextEdit, as_ghost_text
from steward.completion.outcomes.showing import Terms
from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor
from tests.context.test_cursor import at

REGION = "\ndef f(a):\n    return a\n\n\nf(1)\n"
RIGHT = "def f(a, b):\n    return a\n\n\nf(1)"


@pytest.mark.parametrize(
    "said",
    [
        RIGHT,
        f"{RIGHT}\n",
        f"\n\n{RIGHT}\n\n",
        f"```python\n{RIGHT}\n```",
        f"```\n{RIGHT}```\n",
        f"<region>\n{RIGHT}\n</region>",
        f"<think>It wants b.</think>\n{RIGHT}",
    ],
)
def test_what_models_put_around_the_lines_is_taken_off(said: str) -> None:
    assert rewritten(said, REGION, is_whole=True) == f"\n{RIGHT}\n"


@pytest.mark.parametrize(
    "said",
    [
        "",
        "\n\n",
        REGION,
        "```python\n" + RIGHT,
        f"Here it is:\n```python\n{RIGHT}\n```\nIt takes b now.",
        f"{RIGHT}\n</region>",
        "\n".join(f"g({number})" for number in range(10)),
        RIGHT.replace("a, b", "a, \u202eb"),
        RIGHT.replace("a, b", "a, \u200bb"),
        RIGHT + "\n" + "f(2)\n" * (LINES_MAX + 1),
    ],
)
def test_an_answer_that_is_no_rewriting_of_the_lines_is_nothing(said: str) -> None:
    assert rewritten(said, REGION, is_whole=True) is None


def test_an_answer_that_was_cut_off_is_nothing() -> None:
    assert rewritten(RIGHT, REGION, is_whole=False) is None


def test_the_lines_keep_their_ends() -> None:
    region = REGION.replace("\n", "\r\n")
    found = rewritten(RIGHT, region, is_whole=True)
    assert found == f"\n{RIGHT}\n".replace("\n", "\r\n")
    assert rewritten("a = 2", "a = 1", is_whole=True) == "a = 2"


def test_changes_are_small_and_of_whole_words() -> None:
    old = "a = items\nb = 1\nprint(total)\nc(x, y)\n"
    new = "a = item\nb = 1\nimport os\nprint(totals)\nc(x)\n"
    assert changes_between(old, new, 10) == (
        Change((10, 4), "items", "item"),
        Change((12, 0), "print(total)\nc(x, y", "import os\nprint(totals)\nc(x"),
    )
    assert changes_between("f(a)\ng(b)\n", "f(a, c)\ng(bb)\n", 0) == (
        Change((0, 3), "", ", c"),
        Change((1, 2), "b", "bb"),
    )
    assert changes_between("a\nb\nc\n", "a\nx\nb\n", 0) == (
        Change((1, 0), "", "x\n"),
        Change((2, 0), "c\n", ""),
    )


@pytest.mark.parametrize(
    ("change", "cursor", "shown"),
    [
        (Change((0, 3), "", ", b"), at("f(a|)\n"), Suggestion(", b")),
        (Change((0, 3), "", ", b"), at("f|(a)\n"), Suggestion("(a, b)", 3)),
        (Change((0, 2), "item", "items"), at("f(|item)\n"), Suggestion("items)", 5)),
        (Change((0, 4), "", "\n    pass"), at("f(a)|\n"), Suggestion("\n    pass")),
        (Change((0, 3), "", ",\n  b"), at("f(a|)\n"), None),
        (Change((0, 2), "item", "name"), at("f(|item)\n"), None),
        (Change((0, 0), "", "g = "), at("f|(a)\n"), None),
        (Change((1, 0), "", "g"), at("f|(a)\n"), None),
    ],
    ids=str,
)
def test_only_what_is_put_in_behind_the_cursor_shows_as_ghost_text(
    change: Change, cursor: Cursor, shown: Suggestion | None
) -> None:
    edit = NextEdit("1", "a.py", change, 0, Terms("", "", "", ""))
    assert as_ghost_text(edit, cursor) == shown
