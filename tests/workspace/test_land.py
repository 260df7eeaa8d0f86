"""A file changes only as a person approved it, and what is recorded is what was read back."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from steward.core.errors import StaleError, StewardError, UnavailableError
from steward.permissions.question import OpenQuestion
from steward.workspace.editor import EditorReply
from steward.workspace.land import Landed
from steward.workspace.proposal import EditProposal, FileChange
from tests.rooms import DEADLINE_S, Rooms, answering, no, open_rooms, silent, yes

BEFORE = "one\ntwo\nthree\n"
AFTER = "one\n2\nthree\n"
NO = EditorReply(is_applied=False, reason="the person said no", is_declined=True)
FAILED = EditorReply(is_applied=False, reason="the version moved")
EDIT = EditProposal(
    "run.1",
    "run",
    "Edit two files",
    (FileChange("a.py", BEFORE, AFTER), FileChange("b.py", "four\n", "five\n")),
)


def texts(rooms: Rooms) -> tuple[str, str]:
    root = rooms.workspace.root
    return (root / "a.py").read_text(), (root / "b.py").read_text()


OLD, NEW = (BEFORE, "four\n"), (AFTER, "five\n")


async def land(
    rooms: Rooms,
    choose: Callable[[OpenQuestion], bool | None] = yes,
    edit: EditProposal = EDIT,
) -> Landed:
    await rooms.proposals.keep(rooms.principal, edit)
    async with answering(rooms, rooms.principal, choose):
        return await rooms.lander.land(rooms.principal, edit.id)


@pytest.fixture(params=[False, True], ids=["we ask", "the editor asks"])
def asked_rooms(rooms: Rooms, request: pytest.FixtureRequest) -> Rooms:
    rooms.editor.shows_diff = request.param
    return rooms


async def test_an_approved_edit_is_applied_whole_and_read_back(asked_rooms: Rooms) -> None:
    choose = silent if asked_rooms.editor.shows_diff else yes
    landed = await land(asked_rooms, choose)
    assert landed.state == "applied"
    assert "read back" in landed.outcome
    assert texts(asked_rooms) == NEW
    assert await asked_rooms.proposals.landed_in("run") == {"a.py": AFTER, "b.py": "five\n"}
    trail = await asked_rooms.trail()
    assert trail.count("approval.approved") == trail.count("approval.used") == 1
    assert trail[-1] == "proposal.applied"


async def test_a_refused_edit_touches_nothing(rooms: Rooms) -> None:
    landed = await land(rooms, no)
    assert landed.state == "refused"
    assert rooms.editor.edits == []
    assert texts(rooms) == OLD
    assert "approval.used" not in await rooms.trail()


async def test_a_diff_discarded_in_the_editor_is_a_no(rooms: Rooms) -> None:
    rooms.editor.shows_diff, rooms.editor.answer, rooms.editor.changes_max = True, NO, 0
    landed = await land(rooms, silent)
    assert landed.state == "refused"
    assert "the person said no" in landed.outcome
    assert texts(rooms) == OLD
    assert "approval.rejected" in await rooms.trail()


async def test_an_editor_that_cannot_apply_the_edit_is_nobodys_no(rooms: Rooms) -> None:
    rooms.editor.shows_diff, rooms.editor.answer, rooms.editor.changes_max = True, FAILED, 0
    landed = await land(rooms, silent)
    assert landed.state == "refused"
    assert "the version moved" in landed.outcome
    assert texts(rooms) == OLD
    trail = await rooms.trail()
    assert "approval.rejected" not in trail
    assert trail[-2:] == ["approval.withdrawn", "proposal.refused"]


async def test_the_question_shows_the_whole_diff_and_binds_every_byte(rooms: Rooms) -> None:
    asked: list[OpenQuestion] = []

    def refuse(question: OpenQuestion) -> bool:
        asked.append(question)
        return False

    await land(rooms, refuse)
    (question,) = asked
    assert question.body == (
        "All of it, the hunks that you keep, or nothing (2 files):\n\n"
        "- changed: `a.py`\n- changed: `b.py`\n\n"
        "2 lines added, 2 lines removed.\n\n"
        f"```diff\n{EDIT.diff()}```"
    )
    assert "-two\n+2\n" in question.body
    assert "-four\n+five\n" in question.body


async def test_hidden_characters_are_warned_of(rooms: Rooms) -> None:
    asked: list[OpenQuestion] = []

    def refuse(question: OpenQuestion) -> bool:
        asked.append(question)
        return False

    change = FileChange("a.py", BEFORE, "one\n\u202etwo\u2066\nthree\n")
    await land(rooms, refuse, EditProposal("run.1", "run", "Edit", (change,)))
    assert "the lines it adds hold 2 hidden characters" in asked[0].body
    assert "⟨U+202E⟩two⟨U+2066⟩" in asked[0].body


async def test_a_file_that_changed_before_the_question_is_never_asked_about(
    asked_rooms: Rooms,
) -> None:
    (asked_rooms.workspace.root / "b.py").write_text("theirs\n")
    landed = await land(asked_rooms, silent)
    assert landed.state == "stale"
    assert "'b.py'" in landed.outcome
    assert texts(asked_rooms) == (BEFORE, "theirs\n")
    assert await asked_rooms.approvals.pending(asked_rooms.principal) == ()


async def test_a_file_that_changed_during_the_question_is_not_overwritten(rooms: Rooms) -> None:
    def change_and_approve(_question: OpenQuestion) -> bool:
        (rooms.workspace.root / "a.py").write_text("theirs\n")
        return True

    landed = await land(rooms, change_and_approve)
    assert landed.state == "stale"
    assert rooms.editor.edits == []
    assert texts(rooms) == ("theirs\n", "four\n")


async def test_an_open_document_counts_and_not_the_disk(rooms: Rooms) -> None:
    path = rooms.workspace.root / "a.py"
    rooms.editor.documents[path] = "typed meanwhile\n"
    assert (await land(rooms)).state == "stale"
    rooms.editor.documents[path] = BEFORE
    path.write_text("not what the editor has\n")
    edit = EditProposal("run.2", "run", "Edit", EDIT.changes)
    assert (await land(rooms, edit=edit)).state == "applied"
    assert rooms.editor.documents[path] == AFTER
    assert path.read_text() == "not what the editor has\n"


async def test_an_editor_that_finds_the_document_changed_has_the_last_word(
    asked_rooms: Rooms,
) -> None:
    asked_rooms.editor.error = StaleError("'a.py' was edited meanwhile.")
    landed = await land(asked_rooms, silent if asked_rooms.editor.shows_diff else yes)
    assert landed == Landed("stale", "'a.py' was edited meanwhile.")
    assert await asked_rooms.approvals.pending(asked_rooms.principal) == ()


async def test_a_question_whose_file_changed_before_a_restart_is_withdrawn(
    tmp_path: Path, rooms: Rooms
) -> None:
    await cut_off(rooms, when="asked")
    (rooms.workspace.root / "a.py").write_text("theirs\n")
    async with open_rooms(tmp_path / "data" / "steward.db", rooms.workspace.root) as again:
        assert (await again.lander.land(again.principal, EDIT.id)).state == "stale"
        assert await again.approvals.pending(again.principal) == ()


@pytest.mark.parametrize(
    ("changes_max", "answer", "state", "result"),
    [
        (0, EditorReply(is_applied=True, reason=""), "refused", OLD),
        (1, EditorReply(is_applied=True, reason=""), "refused", OLD),
        (1, NO, "refused", OLD),
        (0, NO, "refused", OLD),
    ],
    ids=["yes but nothing", "yes but half", "no but half", "no"],
)
async def test_an_editor_is_not_believed(
    asked_rooms: Rooms,
    changes_max: int | None,
    answer: EditorReply,
    state: str,
    result: tuple[str, str],
) -> None:
    asked_rooms.editor.changes_max, asked_rooms.editor.answer = changes_max, answer
    landed = await land(asked_rooms, silent if asked_rooms.editor.shows_diff else yes)
    assert landed.state == state
    assert texts(asked_rooms) == result
    assert (await asked_rooms.proposals.find(EDIT.id)).state == state
    assert (await asked_rooms.proposals.landed_in("run") != {}) == (state == "applied")


async def test_an_approved_edit_that_the_editor_made_and_denies_is_recorded_as_made(
    rooms: Rooms,
) -> None:
    rooms.editor.answer = FAILED
    assert (await land(rooms)).state == "applied"
    assert texts(rooms) == NEW


async def test_changes_that_are_reported_late_are_waited_for(asked_rooms: Rooms) -> None:
    asked_rooms.editor.is_late = True
    landed = await land(asked_rooms, silent if asked_rooms.editor.shows_diff else yes)
    assert landed.state == "applied"
    assert texts(asked_rooms) == NEW


async def test_landing_twice_changes_nothing_and_asks_nobody(rooms: Rooms) -> None:
    first = await land(rooms)
    (rooms.workspace.root / "a.py").write_text(BEFORE)
    async with answering(rooms, rooms.principal, yes) as asked:
        assert await rooms.lander.land(rooms.principal, EDIT.id) == first
    assert asked == []
    assert len(rooms.editor.edits) == 1


async def test_one_proposal_is_before_the_person_at_a_time(rooms: Rooms) -> None:
    second = EditProposal("run.2", "run", "Second", (FileChange("b.py", "four\n", "six\n"),))
    for edit in (EDIT, second):
        await rooms.proposals.keep(rooms.principal, edit)
    async with answering(rooms, rooms.principal, no), asyncio.TaskGroup() as group:
        landings = [
            group.create_task(rooms.lander.land(rooms.principal, edit.id))
            for edit in (EDIT, second)
        ]
    assert [landing.result().state for landing in landings] == ["refused", "refused"]
    questions = [one for one in await rooms.trail() if one.startswith("approval.")]
    assert questions == ["approval.asked", "approval.rejected"] * 2


async def test_an_editor_that_shows_less_than_the_whole_is_a_no_before_anybody_is_asked(
    rooms: Rooms,
) -> None:
    rooms.editor.takes_edits, rooms.editor.shows_diff = False, True
    landed = await land(rooms, yes)
    assert landed.state == "refused"
    assert "cannot edit files" in landed.outcome
    assert "approval.asked" not in await rooms.trail()
    assert texts(rooms) == OLD


async def test_text_that_somebody_typed_while_the_edit_was_on_its_way_stays(
    asked_rooms: Rooms,
) -> None:
    rooms = asked_rooms
    await rooms.proposals.keep(rooms.principal, EDIT)
    rooms.editor.hold, rooms.editor.answer, rooms.editor.changes_max = asyncio.Event(), NO, 0
    choose = silent if rooms.editor.shows_diff else yes
    async with answering(rooms, rooms.principal, choose), asyncio.TaskGroup() as group:
        landing = group.create_task(rooms.lander.land(rooms.principal, EDIT.id))
        await rooms.editor.asked.wait()
        (rooms.workspace.root / "a.py").write_text("typed meanwhile\n")
        rooms.editor.hold.set()
    # A no stays a no; what was approved is given up with the lines that contradict each other.
    refused = ("refused", "rejected"), ("stale", "both change 'a.py' in line 1")
    state, because = refused[not rooms.editor.shows_diff]
    assert landing.result().state == state
    assert because in landing.result().outcome
    assert texts(rooms) == ("typed meanwhile\n", "four\n")


async def test_what_the_editor_cannot_do_is_not_recorded_as_done(asked_rooms: Rooms) -> None:
    rooms = asked_rooms
    rooms.editor.error = UnavailableError("This editor takes no edits.")
    landed = await land(rooms, silent if rooms.editor.shows_diff else yes)
    assert landed.state == "refused"
    assert "This editor takes no edits." in landed.outcome
    assert texts(rooms) == OLD
    assert (await rooms.proposals.find(EDIT.id)).state == "refused"


async def cut_off(rooms: Rooms, *, when: str) -> None:
    """Land until `when`, and die there."""
    await rooms.proposals.keep(rooms.principal, EDIT)
    choose = yes if when == "applying" and not rooms.editor.shows_diff else silent
    rooms.editor.hold = asyncio.Event()
    async with answering(rooms, rooms.principal, choose), asyncio.TaskGroup() as group:
        landing = group.create_task(rooms.lander.land(rooms.principal, EDIT.id))
        if when == "asked":
            while not await rooms.approvals.pending(rooms.principal):
                await asyncio.sleep(0)
        else:
            await rooms.editor.asked.wait()
        landing.cancel()


@pytest.mark.parametrize("shows_diff", [False, True], ids=["we ask", "the editor asks"])
@pytest.mark.parametrize(
    ("found", "state"),
    [
        (NEW, "applied"),
        (OLD, "applied"),
        ((AFTER, "four\n"), "applied"),
        ((AFTER, "theirs\n"), "partial"),
    ],
    ids=["all applied", "nothing applied", "half applied", "half applied and typed in"],
)
async def test_a_proposal_cut_off_while_it_was_applied_is_read_back_first(
    tmp_path: Path, rooms: Rooms, shows_diff: bool, found: tuple[str, str], state: str
) -> None:
    rooms.editor.shows_diff = shows_diff
    await cut_off(rooms, when="applying")
    assert (await rooms.proposals.find(EDIT.id)).state == "applying"
    for name, text in zip(("a.py", "b.py"), found, strict=True):
        (rooms.workspace.root / name).write_text(text)
    async with open_rooms(tmp_path / "data" / "steward.db", rooms.workspace.root) as again:
        again.editor.shows_diff = shows_diff
        choose = silent if shows_diff else yes
        async with answering(again, again.principal, choose):
            landed = await again.lander.land(again.principal, EDIT.id)
        assert landed.state == state
        # Only what has not happened whole is put before the person, and the editor, again; the
        # half that had happened is taken back first.
        is_half = found == (AFTER, "four\n")
        assert len(again.editor.edits) == (found == OLD) + 2 * is_half
        if found != OLD and not is_half:
            assert (await again.trail()).count("approval.asked") == 1
            assert "found after a restart" in landed.outcome or state == "partial"
        assert await again.approvals.pending(again.principal) == ()


async def test_a_question_that_was_open_at_the_end_is_the_same_afterwards(
    tmp_path: Path, rooms: Rooms
) -> None:
    await cut_off(rooms, when="asked")
    (before,) = await rooms.approvals.pending(rooms.principal)
    async with open_rooms(tmp_path / "data" / "steward.db", rooms.workspace.root) as again:
        async with answering(again, again.principal, yes) as asked:
            landed = await again.lander.land(again.principal, EDIT.id)
        assert [question.id for question in asked] == [before.id]
        assert landed.state == "applied"
        assert texts(again) == NEW


async def test_a_diff_that_nobody_answers_in_time_is_a_no(tmp_path: Path, rooms: Rooms) -> None:
    rooms.editor.shows_diff, rooms.editor.hold = True, asyncio.Event()
    await rooms.proposals.keep(rooms.principal, EDIT)
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        landing = group.create_task(rooms.lander.land(rooms.principal, EDIT.id))
        await rooms.editor.asked.wait()
        (question,) = await rooms.approvals.pending(rooms.principal)
        rooms.clock.advance(rooms.approvals.answer_within)
        with pytest.raises(StewardError):
            await rooms.approvals.answer(
                rooms.principal, question.id, question.digest, approve=True, channel="test"
            )
        rooms.editor.answer, rooms.editor.changes_max = NO, 0
        rooms.editor.hold.set()
    assert landing.result().state == "refused"
    assert texts(rooms) == OLD


async def test_why_a_diff_was_discarded_in_the_editor_is_in_the_outcome(rooms: Rooms) -> None:
    rooms.editor.shows_diff, rooms.editor.changes_max = True, 0
    rooms.editor.answer = replace(NO, said="Use the constant.")
    landed = await land(rooms, silent)
    assert (landed.state, landed.has_reason) == ("refused", True)
    assert landed.outcome.endswith("no file was touched. The person says: Use the constant.")
