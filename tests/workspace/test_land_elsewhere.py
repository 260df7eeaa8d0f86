"""A question that an editor shows as a diff is open elsewhere too; the first answer decides."""

import asyncio
from pathlib import Path

import pytest

from steward.workspace.editor import EditorReply
from steward.workspace.land import Landed
from tests.rooms import DEADLINE_S, Rooms, answering, open_rooms, silent
from tests.workspace.test_land import EDIT, FAILED, NEW, NO, OLD, texts


async def answer(rooms: Rooms, *, approve: bool) -> None:
    """Answer the open question, as another window would."""
    (question,) = await rooms.approvals.pending(rooms.principal)
    await rooms.approvals.answer(
        rooms.principal, question.id, question.digest, approve=approve, channel="elsewhere"
    )


async def land_and_answer(rooms: Rooms, *, approve: bool) -> Landed:
    """Land in an editor that shows the diff, for ever, and answer elsewhere."""
    rooms.editor.shows_diff, rooms.editor.hold = True, asyncio.Event()
    await rooms.proposals.keep(rooms.principal, EDIT)
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        landing = group.create_task(rooms.lander.land(rooms.principal, EDIT.id))
        await rooms.editor.asked.wait()
        await answer(rooms, approve=approve)
    return landing.result()


async def test_a_yes_elsewhere_lands_the_change_without_asking_again(rooms: Rooms) -> None:
    landed = await land_and_answer(rooms, approve=True)
    assert landed.state == "applied"
    assert texts(rooms) == NEW
    assert len(rooms.editor.edits) == 2
    trail = await rooms.trail()
    assert trail.count("approval.asked") == trail.count("approval.used") == 1


async def test_a_yes_elsewhere_to_a_file_that_changed_meanwhile_changes_nothing(
    rooms: Rooms,
) -> None:
    rooms.editor.documents[rooms.workspace.root / "b.py"] = "four\n"

    def type_something() -> None:
        rooms.editor.documents[rooms.workspace.root / "b.py"] = "theirs\n"

    rooms.editor.shows_diff, rooms.editor.hold = True, asyncio.Event()
    await rooms.proposals.keep(rooms.principal, EDIT)
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        landing = group.create_task(rooms.lander.land(rooms.principal, EDIT.id))
        await rooms.editor.asked.wait()
        type_something()
        await answer(rooms, approve=True)
    assert landing.result().state == "stale"
    assert texts(rooms) == OLD
    assert "approval.used" not in await rooms.trail()


async def test_a_no_elsewhere_takes_the_diff_away(rooms: Rooms) -> None:
    landed = await land_and_answer(rooms, approve=False)
    assert landed == Landed("refused", "The change was rejected; no file was touched.")
    assert texts(rooms) == OLD


async def test_an_edit_that_was_rejected_elsewhere_and_applied_is_not_recorded_as_well(
    rooms: Rooms,
) -> None:
    rooms.editor.shows_diff = True
    rooms.editor.afterwards = lambda: answer(rooms, approve=False)
    await rooms.proposals.keep(rooms.principal, EDIT)
    landed = await rooms.lander.land(rooms.principal, EDIT.id)
    assert landed.state == "partial"
    assert "a change whose question had been rejected" in landed.outcome
    assert texts(rooms) == NEW
    trail = await rooms.trail()
    assert "approval.used" not in trail
    assert trail[-1] == "proposal.partial"


@pytest.mark.parametrize(
    ("reply", "had"), [(NO, "had been rejected"), (FAILED, "had no answer")], ids=["no", "error"]
)
async def test_an_edit_that_the_editor_applied_without_a_yes_is_not_recorded_as_well(
    rooms: Rooms, reply: EditorReply, had: str
) -> None:
    rooms.editor.shows_diff, rooms.editor.answer = True, reply
    await rooms.proposals.keep(rooms.principal, EDIT)
    landed = await rooms.lander.land(rooms.principal, EDIT.id)
    assert landed.state == "partial"
    assert f"a change whose question {had}" in landed.outcome


@pytest.mark.parametrize("approve", [True, False])
async def test_an_answer_given_after_a_kill_counts_without_showing_the_diff_again(
    tmp_path: Path, rooms: Rooms, approve: bool
) -> None:
    rooms.editor.shows_diff, rooms.editor.hold = True, asyncio.Event()
    await rooms.proposals.keep(rooms.principal, EDIT)
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        landing = group.create_task(rooms.lander.land(rooms.principal, EDIT.id))
        await rooms.editor.asked.wait()
        landing.cancel()
    async with open_rooms(tmp_path / "data" / "steward.db", rooms.workspace.root) as again:
        again.editor.shows_diff, again.editor.hold = True, asyncio.Event()
        await answer(again, approve=approve)
        async with answering(again, again.principal, silent):
            landed = await again.lander.land(again.principal, EDIT.id)
        assert landed.state == ("applied" if approve else "refused")
        assert len(again.editor.edits) == approve
        assert texts(again) == (NEW if approve else OLD)
