"""Who keeps a part of a proposal has approved exactly that part, once, and the rest is rejected."""

import asyncio
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from steward.core.errors import InvalidInputError, NotPermittedError, StaleError
from steward.permissions.question import Reply
from steward.permissions.tables import ApprovalRow
from steward.workspace.choice import hunks_of
from steward.workspace.editor import EditorReply
from steward.workspace.land import Landed
from steward.workspace.proposal import EditProposal, FileChange
from tests.rooms import DEADLINE_S, Rooms, answering, open_rooms, yes

BEFORE = "one\ntwo\nthree\n"
EDIT = EditProposal(
    "run.1",
    "run",
    "Edit two files",
    (FileChange("a.py", BEFORE, "1\ntwo\n3\n"), FileChange("b.py", "four\n", "five\n")),
)
FIRST, THIRD, OTHER = (hunk.id for hunk in hunks_of(EDIT))
PART = "run.1~1"
REASON = "Three is spelled out."
KEPT = Reply(kept=(THIRD, OTHER), reason=REASON)
LANDED = ("one\ntwo\n3\n", "five\n")


def texts(rooms: Rooms) -> tuple[str, str]:
    root = rooms.workspace.root
    return (root / "a.py").read_text(), (root / "b.py").read_text()


async def answer(rooms: Rooms, reply: Reply, *, approve: bool = True, channel: str = "x") -> None:
    (question,) = await rooms.approvals.pending(rooms.principal)
    who = rooms.principal
    await rooms.approvals.answer(
        who, question.id, question.digest, approve=approve, channel=channel, reply=reply
    )


async def answers(rooms: Rooms) -> list[ApprovalRow]:
    def work(session: Session) -> list[ApprovalRow]:
        return list(session.exec(select(ApprovalRow).order_by(col(ApprovalRow.key))))

    return await rooms.database.read(work)


async def states(rooms: Rooms) -> list[str]:
    return [(await rooms.proposals.find(one)).state for one in (EDIT.id, PART)]


async def begin(rooms: Rooms, group: asyncio.TaskGroup) -> asyncio.Task[Landed]:
    """Land until the question is before the person."""
    await rooms.proposals.keep(rooms.principal, EDIT)
    landing = group.create_task(rooms.lander.land(rooms.principal, EDIT.id))
    while not await rooms.approvals.pending(rooms.principal):
        await asyncio.sleep(0)
    return landing


async def landed_with(
    rooms: Rooms, reply: Reply, *, shows_diff: bool, channel: str = "x"
) -> Landed:
    """What becomes of it with this answer, before the editor's own question where it has one."""
    rooms.editor.shows_diff, rooms.editor.hold = shows_diff, asyncio.Event()
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        landing = await begin(rooms, group)
        if shows_diff:
            await rooms.editor.asked.wait()
        else:
            rooms.editor.hold = None
        await answer(rooms, reply, channel=channel)
    return landing.result()


@pytest.mark.parametrize("shows_diff", [False, True], ids=["we ask", "the editor asks"])
async def test_what_is_kept_lands_and_what_is_rejected_is_told(
    rooms: Rooms, shows_diff: bool
) -> None:
    landed = await landed_with(rooms, KEPT, channel="the pick", shows_diff=shows_diff)
    assert (landed.state, landed.has_reason, landed.is_part) == ("applied", True, True)
    assert landed.outcome == (
        "Changed a.py, b.py (applied, read back). The person kept 2 of 3 hunks:"
        " a.py @@ -3,1 +3,1 @@; b.py @@ -1,1 +1,1 @@. They rejected, and it was not done:"
        f" a.py @@ -1,1 +1,1 @@. The person says: {REASON}"
    )
    assert texts(rooms) == LANDED
    assert await states(rooms) == ["refused", "applied"]
    assert await rooms.proposals.landed_in("run") == dict(
        zip(("a.py", "b.py"), LANDED, strict=True)
    )
    whole, part = await answers(rooms)
    assert whole.digest != part.digest
    assert (part.key, part.title) == (PART, "Edit two files (in part)")
    for row in (whole, part):
        assert (row.state, row.answered_by, row.channel) == ("approved", "ann", "the pick")
        assert row.used_at is not None
    assert (await rooms.proposals.find(PART)).approval_id == part.id
    trail = await rooms.trail()
    assert (trail.count("approval.asked"), trail.count("approval.used")) == (1, 2)
    # The same again asks nobody and changes nothing.
    again = await rooms.lander.land(rooms.principal, EDIT.id)
    assert (again.state, again.outcome) == (landed.state, landed.outcome)
    assert texts(rooms) == LANDED


async def test_a_choice_that_is_none_of_the_questions_is_refused_and_answers_nothing(
    rooms: Rooms,
) -> None:
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        landing = await begin(rooms, group)
        forged = "0" * len(FIRST)
        for wrong in ((), (FIRST, forged), (forged,), (FIRST, FIRST), (EDIT.id,), ("a.py",)):
            with pytest.raises(InvalidInputError):
                await answer(rooms, Reply(kept=wrong))
        for approve, reply in (
            (False, Reply(kept=(FIRST,))),
            (True, Reply(kept=(FIRST,), is_for_run=True)),
        ):
            with pytest.raises(InvalidInputError):
                await answer(rooms, reply, approve=approve)
        await answer(rooms, Reply(kept=(OTHER, THIRD, FIRST)))
    # All of it is the whole.
    assert landing.result().state == "applied"
    assert texts(rooms) == ("1\ntwo\n3\n", "five\n")
    assert len(await answers(rooms)) == 1


@pytest.mark.parametrize("shows_diff", [False, True], ids=["we ask", "the editor asks"])
async def test_what_is_said_beside_a_yes_to_all_of_it_is_told_too(
    rooms: Rooms, shows_diff: bool
) -> None:
    landed = await landed_with(
        rooms, Reply(kept=(OTHER, THIRD, FIRST), reason=REASON), shows_diff=shows_diff
    )
    assert (landed.state, landed.has_reason, landed.is_part) == ("applied", True, False)
    assert landed.outcome == (f"Changed a.py, b.py (applied, read back). The person says: {REASON}")
    assert texts(rooms) == ("1\ntwo\n3\n", "five\n")


async def test_a_part_is_no_yes_to_the_whole_and_the_first_answer_decides(rooms: Rooms) -> None:
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        await begin(rooms, group)
        (question,) = await rooms.approvals.pending(rooms.principal)
        await answer(rooms, KEPT)
        with pytest.raises(NotPermittedError):
            await rooms.approvals.use(question.id, question.digest)
        for approve, other in ((True, Reply()), (True, Reply(kept=(FIRST,))), (False, Reply())):
            with pytest.raises(StaleError):
                await rooms.approvals.answer(
                    rooms.principal,
                    question.id,
                    question.digest,
                    approve=approve,
                    channel="another window",
                    reply=other,
                )
    assert texts(rooms) == LANDED


async def test_an_editor_that_applies_the_whole_of_what_was_kept_in_part_is_not_recorded_as_well(
    rooms: Rooms,
) -> None:
    rooms.editor.shows_diff = True
    rooms.editor.answer = EditorReply(is_applied=True, reason="")
    rooms.editor.afterwards = lambda: answer(rooms, KEPT)
    await rooms.proposals.keep(rooms.principal, EDIT)
    landed = await rooms.lander.land(rooms.principal, EDIT.id)
    assert landed.state == "partial"
    assert "a change whose question had been approved in part" in landed.outcome
    assert "approval.used" not in await rooms.trail()


class KilledError(Exception):
    """Where the process died."""


@pytest.mark.parametrize("when", ["answered", "in its place", "applying"])
async def test_a_part_that_a_kill_cut_short_lands_once(
    tmp_path: Path, rooms: Rooms, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(proposal: EditProposal) -> bool:
        if when == "in its place" and proposal.id == PART:
            raise KilledError
        return True

    monkeypatch.setattr(rooms.editor, "takes", die)
    rooms.editor.hold = asyncio.Event()
    try:
        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
            landing = await begin(rooms, group)
            if when == "answered":
                landing.cancel()
                await asyncio.wait((landing,))
            await answer(rooms, KEPT)
            if when == "applying":
                await rooms.editor.asked.wait()
                landing.cancel()
    except* KilledError:
        assert when == "in its place"
    async with open_rooms(tmp_path / "data" / "steward.db", rooms.workspace.root) as again:
        async with answering(again, again.principal, yes) as asked:
            landed = await again.lander.land(again.principal, EDIT.id)
        # The yes to what was under way is used up, and nothing came of it: it is asked about again.
        is_asked = ["Edit two files (in part)"] if when == "applying" else []
        assert [question.title for question in asked] == is_asked
        assert landed.state == "applied"
        assert texts(again) == LANDED
        assert len(again.editor.edits) == 1
        assert (await again.lander.land(again.principal, EDIT.id)).outcome == landed.outcome
