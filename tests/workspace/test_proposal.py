"""A proposal says exactly which bytes would replace which."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, strategies as st

from steward.core.errors import InvalidInputError
from steward.workspace.git.commit import PreparedCommit
from steward.workspace.proposal import (
    CommitProposal,
    EditProposal,
    FileChange,
    commit_from_json,
    edit_from_json,
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


@given(
    st.lists(
        st.tuples(st.text(max_size=5), TEXTS, TEXTS), max_size=3, unique_by=lambda change: change[0]
    )
)
def test_an_edit_is_kept_and_found_again_unchanged(changes: list[tuple[str, str, str]]) -> None:
    edit = replace(EDIT, changes=tuple(FileChange(*change) for change in changes))
    assert edit_from_json(edit.id, edit.run_id, edit.as_json()) == edit


CHANGES = (
    FileChange("a", "1\n", "2\n"),
    FileChange("b", None, "new\n"),
    FileChange("c", "old\n", None),
    FileChange("e", "moved\n", "moved\n", moved_from="d"),
)


def test_what_happens_to_whole_files_is_kept_and_found_again() -> None:
    edit = replace(EDIT, changes=CHANGES)
    assert edit_from_json(edit.id, edit.run_id, edit.as_json()) == edit
    assert [change.kind for change in edit.changes] == ["edit", "create", "delete", "rename"]
    assert edit.names() == "a, b (new), c (deleted), d → e"


def test_a_change_and_its_reverse_leave_everything_as_it_was() -> None:
    for change in CHANGES:
        assert change.reversed().reversed() == change
        there, back = change.by_path(), change.reversed().by_path()
        assert {path: (old, new) for path, (new, old) in back.items()} == there


@pytest.mark.parametrize(
    "change",
    [("a", None, None, None), ("a", None, "x", "b"), ("a", "x", None, "b")],
    ids=["nothing", "moved from nothing", "moved to nothing"],
)
def test_a_change_that_says_nothing_is_refused(
    change: tuple[str, str | None, str | None, str | None],
) -> None:
    with pytest.raises(InvalidInputError):
        FileChange(*change)


def test_one_proposal_changes_a_path_once() -> None:
    renamed = FileChange("b", "x", "x", moved_from="a")
    with pytest.raises(InvalidInputError, match="twice"):
        replace(EDIT, changes=(renamed, FileChange("a", None, "y")))


def test_the_diff_names_what_happens_to_a_file() -> None:
    assert [change.diff() for change in CHANGES] == [
        "--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-1\n+2\n",
        "new file b\n--- /dev/null\n+++ b/b\n@@ -0,0 +1,1 @@\n+new\n",
        "deleted file c\n--- a/c\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-old\n",
        "rename from d\nrename to e\n",
    ]


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
