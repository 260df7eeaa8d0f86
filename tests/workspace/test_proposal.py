"""A proposal says exactly which bytes would replace which."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, strategies as st

from steward.core.errors import InvalidInputError
from steward.workspace.commit import PreparedCommit
from steward.workspace.proposal import (
    CommitProposal,
    EditProposal,
    FileChange,
    commit_from_json,
    edit_from_json,
    replace_once,
)

TEXTS = st.text(alphabet="ab\r\n\ud800😀", max_size=10)
CHANGE = FileChange("a.py", "one\n", "two\n")
EDIT = EditProposal("run.step", "run", "Edit a.py", (CHANGE,))
COMMIT = PreparedCommit(
    root="/work",
    base_commit="1" * 40,
    tree="2" * 40,
    ref="refs/heads/steward/fix",
    expected_old=None,
    message="Fix it",
    files=("a.py",),
    patch="--- a/a.py\n",
)


def test_the_only_occurrence_is_replaced() -> None:
    assert replace_once("one two three", "two", "2") == "one 2 three"
    assert replace_once("one two three", " two", "") == "one three"


@pytest.mark.parametrize("old", ["", "four", "o", "One"])
def test_what_is_empty_missing_or_ambiguous_is_refused(old: str) -> None:
    with pytest.raises(InvalidInputError, match="old_text"):
        replace_once("one two", old, "x")


def test_crlf_line_ends_are_kept() -> None:
    text = "a\r\nb\r\nc\r\n"
    assert replace_once(text, "a\nb", "x\ny\nz") == "x\r\ny\r\nz\r\nc\r\n"
    assert replace_once(text, "a\nb", "x\r\ny") == "x\r\ny\r\nc\r\n"
    assert replace_once(text, "a\r\nb", "x\r\ny") == "x\r\ny\r\nc\r\n"
    assert replace_once(text, "b", "x\ny") == "a\r\nx\r\ny\r\nc\r\n"


def test_lf_line_ends_stay_lf() -> None:
    assert replace_once("a\nb\n", "a\nb", "x\ny") == "x\ny\n"


@given(st.lists(st.tuples(st.text(max_size=5), TEXTS, TEXTS), max_size=3))
def test_an_edit_is_kept_and_found_again_unchanged(changes: list[tuple[str, str, str]]) -> None:
    edit = replace(EDIT, changes=tuple(FileChange(*change) for change in changes))
    assert edit_from_json(edit.id, edit.run_id, edit.as_json()) == edit


def test_a_commit_is_kept_and_found_again_unchanged() -> None:
    commit = CommitProposal("run.step", "run", "Commit", COMMIT)
    assert commit_from_json(commit.id, commit.run_id, commit.as_json()) == commit


def test_operands_tell_every_difference_apart() -> None:
    edits = [
        EDIT,
        replace(EDIT, id="run.other"),
        replace(EDIT, changes=(replace(CHANGE, path="b.py"),)),
        replace(EDIT, changes=(replace(CHANGE, before="one"),)),
        replace(EDIT, changes=(replace(CHANGE, after="two\r\n"),)),
        replace(EDIT, changes=(CHANGE, replace(CHANGE, path="b.py"))),
    ]
    assert all(one.operands() != two.operands() for one, two in combinations(edits, 2))
    prepared = [
        COMMIT,
        replace(COMMIT, base_commit="3" * 40),
        replace(COMMIT, tree="3" * 40),
        replace(COMMIT, ref="refs/heads/steward/other"),
        replace(COMMIT, expected_old="3" * 40),
        replace(COMMIT, message="Fix it\n"),
        replace(COMMIT, root="/other"),
    ]
    commits = [CommitProposal("run.step", "run", "Commit", each).operands() for each in prepared]
    assert all(one != two for one, two in combinations(commits, 2))
