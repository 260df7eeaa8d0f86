"""What is easily overlooked in a diff is marked, with the file and the line that it is at."""

import pytest

from steward.core.agent_limits import MARKS_MAX
from steward.workspace.marks import Mark, marks_of
from steward.workspace.proposal import EditProposal, FileChange
from steward.workspace.shown import edit_question


def marks(*changes: FileChange) -> list[tuple[str, int | None, str]]:
    return [(mark.file, mark.line, mark.kind) for mark in marks_of(proposal(*changes))]


def proposal(*changes: FileChange) -> EditProposal:
    return EditProposal("run.1", "run", "Edit", changes)


def test_files_that_are_made_moved_or_deleted_are_marked_as_a_whole() -> None:
    found = marks_of(
        proposal(
            FileChange("new.py", None, "x\n"),
            FileChange("gone.py", "x\n", None),
            FileChange("there.py", "x\n", "x\n", "he\u200bre.py"),
        )
    )
    assert found == (
        Mark("new.py", None, "create", "This file is new."),
        Mark("gone.py", None, "delete", "This file is deleted."),
        Mark("there.py", None, "rename", "This file is renamed from he⟨U+200B⟩re.py."),
    )


@pytest.mark.parametrize("path", [".github/workflows/ci.yml", ".ENVRC", "a/.vscode/tasks.json"])
def test_a_file_that_other_programs_obey_is_marked(path: str) -> None:
    assert marks(FileChange(path, "a\n", "b\n")) == [(path, None, "control")]
    assert marks(FileChange("a.py", "a\n", "a\n", path)) == [
        ("a.py", None, "rename"),
        ("a.py", None, "control"),
    ]


@pytest.mark.parametrize(
    ("added", "kind"),
    [
        ("a\u202eb", "hidden"),
        ("p\u0430ypal = 1", "alike"),
        ("x" * 401, "long"),
        ("a\r", "ends"),
    ],
)
def test_a_mark_stands_at_the_line_that_is_added_and_at_no_other(added: str, kind: str) -> None:
    before = "one\ntwo\nthree\nfour\n"
    after = f"0\none\ntwo\nplain\n{added}\nthree\nfour!\n"
    found = [mark for mark in marks(FileChange("a.py", before, after)) if mark[1] is not None]
    assert found == [("a.py", 5, kind)]
    assert marks(FileChange("a.py", after, before)) == []


def test_line_ends_of_another_kind_are_marked_where_they_begin() -> None:
    after = "one\na\r\nb\r\nc\r\n"
    assert marks(FileChange("a.py", "one\n", after)) == [("a.py", 2, "ends")]


def test_of_too_many_marks_those_of_whole_files_stay() -> None:
    odd = FileChange("a.py", "", "\u200b\n" * (2 * MARKS_MAX))
    found = marks(odd, FileChange("gone.py", "x\n", None))
    assert found[0] == ("gone.py", None, "delete")
    assert len(found) == MARKS_MAX


def test_an_answer_is_bound_to_the_marks_that_were_shown_with_the_question() -> None:
    question = edit_question(proposal(FileChange("a.py", "one\n", "o\u200bne\n")))
    assert question.draft is not None
    assert question.draft["marks"] == [
        {
            "file": "a.py",
            "line": 1,
            "kind": "hidden",
            "text": "This line holds a hidden character: o⟨U+200B⟩ne",
        }
    ]
