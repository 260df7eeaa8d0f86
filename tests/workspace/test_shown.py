"""A person is shown the whole change, with a warning of what would hide in it."""

import sys
from types import FrameType

import pytest

from steward.workspace import diff
from steward.workspace.proposal import EditProposal, FileChange
from steward.workspace.shown import edit_question
from tests.rooms import Rooms, answering, no


def body(before: str, after: str) -> str:
    return edit_question(
        EditProposal("run.1", "run", "Edit", (FileChange("a.py", before, after),))
    ).body


def test_a_hidden_character_that_goes_does_not_excuse_one_that_comes() -> None:
    shown = body("a\u200b\nb\n", "a\nb\u202e\n")
    assert "hold 1 hidden characters" in shown
    assert "+b⟨U+202E⟩" in shown


@pytest.mark.parametrize(
    ("before", "after"),
    [("a\u200b\nb\n", "a\u200b\nc\n"), ("a\u200b\nb\n", "b\n")],
    ids=["stays elsewhere", "goes"],
)
def test_hidden_characters_that_the_change_does_not_add_are_no_warning(
    before: str, after: str
) -> None:
    assert "Careful" not in body(before, after)


async def test_the_diff_is_computed_beside_the_loop(rooms: Rooms) -> None:
    before = "one\ntwo\nthree\n"
    edit = EditProposal("run.1", "run", "Edit", (FileChange("a.py", before, "other\n"),))
    await rooms.proposals.keep(rooms.principal, edit)
    on_the_loop: list[str] = []

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_filename == diff.__file__:
            on_the_loop.append(frame.f_code.co_name)

    async with answering(rooms, rooms.principal, no) as asked:
        sys.setprofile(note)  # For this thread, which is the loop's.
        try:
            await rooms.lander.land(rooms.principal, edit.id)
        finally:
            sys.setprofile(None)
    assert "-two\n" in asked[0].body
    assert on_the_loop == []


def test_how_much_changes_is_said_first() -> None:
    assert body("a\nb\nc\n", "a\nx\ny\nc\n").startswith("2 lines added, 1 line removed.\n\n")


@pytest.mark.parametrize(
    ("added", "warning"),
    [
        ("\u202ea", "1 hidden"),
        ("a\u200bb\ufe0f", "2 hidden"),
        ("\U000e0041", "1 hidden"),
        ("\x1b[2Ka", "1 hidden"),
        ("a\rb", "CR line ends"),
        ("a\r\nb", "CRLF line ends"),
        ("p\u0430ypal = 1", "`p⟨U+0430⟩ypal`"),
        ("\u03bfpen(x)", "`⟨U+03BF⟩pen`"),
        ("\U0001d41e\U0001d42f\U0001d41a\U0001d425()", "`⟨U+1D41E⟩⟨U+1D42F⟩⟨U+1D41A⟩⟨U+1D425⟩`"),
        ("\uff45xec()", "`⟨U+FF45⟩xec`"),
        ("x = 1" + " " * 5_000 + "; evil()", "1 added lines have over"),
    ],
)
def test_what_deceives_the_eye_is_announced_above_the_diff(added: str, warning: str) -> None:
    before, after = "one\ntwo\n", f"one\n{added}\ntwo\n"
    shown = body(before, after)
    assert warning in shown.partition("```")[0]
    assert "Careful" not in body(after, before)


@pytest.mark.parametrize(
    "added", ["naïve = größe", "привет = 1", "λ = 2", "数 = 3", "x = 'é'", "# Ångström"]
)
def test_words_of_one_alphabet_are_no_warning(added: str) -> None:
    assert "Careful" not in body("one\n", f"one\n{added}\n")
