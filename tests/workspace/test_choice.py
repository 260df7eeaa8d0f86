"""Of a proposal exactly the chosen hunks are made, and nothing else of it."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from steward.core.agent_limits import HUNKS_MAX
from steward.core.errors import InvalidInputError
from steward.workspace.choice import Hunk, hunks_of, kept_part, listed
from steward.workspace.lines import split_lines
from steward.workspace.proposal import EditProposal, FileChange, Undo
from steward.workspace.shown import edit_question

_HEADER = re.compile(r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@")


def _written(bom: str, body: list[tuple[str, str]], last: str) -> str:
    return bom + "".join(f"{word}{end}" for word, end in body) + last


LINES = st.tuples(st.sampled_from("abc "), st.sampled_from(("\n", "\r\n", "\r")))
TEXTS: st.SearchStrategy[str] = st.builds(
    _written,
    st.sampled_from(("", "\ufeff")),
    st.lists(LINES, max_size=14),
    st.sampled_from(("", "end", "\x0b\u2028")),
)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, str]:
    before = draw(TEXTS)
    return before, draw(TEXTS.filter(lambda after: after != before))


def proposal_of(pairs: Sequence[tuple[str, str]]) -> EditProposal:
    changes = [FileChange(f"{n}.py", *pair) for n, pair in enumerate(pairs)]
    return EditProposal("run.1", "run", "Edit", tuple(changes))


def spliced(change: FileChange, kept: Sequence[Hunk]) -> str:
    """The text that follows from the numbers in the hunks' headers, and from nothing else."""
    old, new = split_lines(change.before or ""), split_lines(change.after or "")
    for hunk in reversed(kept):
        found = _HEADER.fullmatch(hunk.header)
        assert found is not None
        first, count, new_first, new_count = map(int, found.groups())
        # An empty range is numbered by the line before it.
        at, new_at = first - (count > 0), new_first - (new_count > 0)
        old[at : at + count] = new[new_at : new_at + new_count]
    return "".join(old)


@given(st.lists(edits(), min_size=1, max_size=3), st.data())
@settings(max_examples=150, deadline=None)
def test_any_choice_of_hunks_makes_exactly_those(
    pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    proposal = proposal_of(pairs)
    hunks = hunks_of(proposal)
    assert len({hunk.id for hunk in hunks}) == len(hunks)
    assert hunks == hunks_of(proposal_of(pairs))
    kept = data.draw(st.lists(st.sampled_from(hunks), min_size=1, unique=True))
    part = kept_part(proposal, [hunk.id for hunk in kept], "run.1~1")
    in_order = [hunk for hunk in hunks if hunk in kept]
    expected = {
        change.path: spliced(change, [one for one in in_order if one.file == change.path])
        for change in proposal.changes
        if any(one.file == change.path for one in kept)
    }
    assert {change.path: change.after for change in part.changes} == expected
    before = {change.path: change.before for change in proposal.changes}
    assert all(change.before == before[change.path] for change in part.changes)
    if len(kept) == len(hunks):
        assert part.by_path() == proposal.by_path()


def test_files_that_are_made_deleted_or_renamed_are_kept_whole_or_not_at_all() -> None:
    changes = (
        FileChange("new.py", None, "one\ntwo\n"),
        FileChange("gone.py", "three\n", None),
        FileChange("moved.py", "1\n2\n3\n", "one\n2\nthree\n", "old.py"),
        FileChange("a.py", "1\n2\n3\n", "one\n2\nthree\n"),
    )
    proposal = EditProposal("run.1", "run", "Tidy up", changes)
    hunks = hunks_of(proposal)
    assert [(hunk.file, hunk.header) for hunk in hunks] == [
        ("new.py", "new file"),
        ("gone.py", "deleted file"),
        ("moved.py", "renamed from old.py"),
        ("a.py", "@@ -1,1 +1,1 @@"),
        ("a.py", "@@ -3,1 +3,1 @@"),
    ]
    assert [hunk.lines for hunk in hunks[:3]] == [
        "+one\n+two\n",
        "-three\n",
        "-1\n+one\n-3\n+three\n",
    ]
    assert hunks[4].lines == "-3\n+three\n"
    part = kept_part(proposal, [hunks[2].id, hunks[4].id], "run.1~1")
    assert part.changes == (changes[2], FileChange("a.py", "1\n2\n3\n", "1\n2\nthree\n"))


def test_hunks_that_say_the_same_are_told_apart_by_their_order() -> None:
    first, second = hunks_of(proposal_of([("x\nkeep\nx\n", "y\nkeep\ny\n")]))
    assert (first.lines, first.id != second.id) == (second.lines, True)
    part = kept_part(proposal_of([("x\nkeep\nx\n", "y\nkeep\ny\n")]), [second.id], "run.1~1")
    assert part.changes[0].after == "x\nkeep\ny\n"


def test_what_is_not_in_the_proposal_cannot_be_kept_of_it() -> None:
    proposal = proposal_of([("1\n2\n3\n", "one\n2\nthree\n")])
    first, second = hunks_of(proposal)
    other = hunks_of(proposal_of([("1\n2\n3\n", "one\n2\n3!\n")]))[1]
    for wrong in (
        [],
        [first.id, first.id],
        [first.id, other.id],
        [first.id.upper()],
        [second.id, ""],
    ):
        with pytest.raises(InvalidInputError):
            kept_part(proposal, wrong, "run.1~1")


def test_a_choice_is_offered_where_there_is_one_that_a_person_can_read() -> None:
    one = proposal_of([("1\n", "2\n")])
    assert edit_question(one).takes == {"reason"}
    two = proposal_of([("1\n", "2\n"), ("1\n", "2\n")])
    assert edit_question(two).takes == {"reason", "choice"}
    changes = tuple(FileChange(f"{n}.py", None, "x\n") for n in range(HUNKS_MAX + 1))
    assert listed(EditProposal("run.1", "run", "Many", changes)) == ()
    much = proposal_of([("1\n", "2\n"), ("", "x" * 1_000_001)])
    assert listed(much) == ()
    assert edit_question(much).takes == {"reason"}


def test_every_hunk_is_listed_also_where_none_can_be_kept_alone() -> None:
    one = proposal_of([("1\n", "2\n")])
    assert listed(one) == hunks_of(one)
    taken_back = replace(
        proposal_of([("1\n", "2\n"), ("1\n", "2\n")]),
        undo=Undo(("run.0",), (), is_redo=False, owner="here"),
    )
    assert len(listed(taken_back)) == 2
    assert edit_question(taken_back).takes == {"reason"}
