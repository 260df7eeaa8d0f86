"""The runs of agents: who works on what, how far it has come, and what may be asked of it.

A run is worked on by a window, or by a process without one. What is asked of it here is a wish in
its row, which whoever has the run carries out; nothing acts in a workspace from here.
"""

import asyncio
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from sqlmodel import Session

from steward.agents.agent import Caps
from steward.agents.asked import ask_resume, run_of
from steward.agents.cancelling import Cancelling
from steward.agents.reading import Seen, seen_of
from steward.agents.run import RunState
from steward.agents.run_list import Place, Wanted as WantedRuns, runs_page
from steward.agents.run_whole import steps_after, whole_of
from steward.agents.sent import SentCall, sent_in
from steward.agents.tables import RunStepRow
from steward.agents.undo import Wanted as WantedUndo, chosen
from steward.agents.undo_wishes import UndoWish as Wish, ask_undo, drop_wish_of
from steward.core.errors import InvalidInputError, NotPermittedError, StaleError
from steward.core.principal import Principal
from steward.web.rest.answer import Answer, Paged, Wanted
from steward.web.rest.caller import Caller, Managing, Opened, Reading
from steward.web.rest.cursor import cursor, moment_after
from steward.web.rest.query import After, Day, Limit
from steward.web.rest.run_answers import (
    Run,
    RunLine,
    SentMessages,
    Step,
    line_of,
    sent_call,
    step_of,
    whole_run,
)
from steward.web.rooms import Rooms

router = APIRouter(prefix="/runs", tags=["runs"])

_SAID = "Cancelled at a page, by {}."
_COUNT_MAX = 10**15
_DIGITS_MAX = 9
Count = Annotated[int, Field(ge=1, le=_COUNT_MAX)]


class RunFilter(Wanted):
    """Which runs are asked for; what is left out narrows nothing."""

    whose: Literal["own", "everybody"] = "own"
    """Everybody's are for owners and admins."""
    user: str = Field(default="", max_length=200)
    """Somebody else's, for owners and admins."""
    workspace: str = Field(default="", max_length=4096)
    agent: str = Field(default="", max_length=100)
    state: RunState | Literal["open"] | None = None
    """`open`: any that has not ended."""
    day: Day = None
    """The day on which it was started, UTC."""
    limit: int = Field(default=50, ge=1, le=200)
    after: After = None
    """What an answer gave as `next`."""


class ResumeWanted(Wanted):
    """The limits that are raised; what is left out stays as it was."""

    tokens: Count | None = None
    cost_nano_usd: Count | None = None
    steps: Count | None = None
    minutes: Annotated[int, Field(ge=1, le=10_000)] | None = None


class RevokeWanted(Wanted):
    """What is taken back."""

    grant: str | None = Field(default=None, max_length=200)
    """A grant's or a refusal's id; all grants of the run where it is left out."""


class UndoWanted(Wanted):
    """What is undone: all of the run where neither is given."""

    step: str = Field(default="", max_length=200)
    change: str = Field(default="", max_length=200)
    is_redo: bool = False
    """To do again what was undone."""


class Cancelled(Answer):
    """What came of it."""

    state: str
    """The run's."""
    cancelled: Literal["asked", "now", "already"]
    """`asked`: whoever works on it ends it; `now`: nobody did; `already`: it had ended."""


class Revoked(Answer):
    """What came of it."""

    count: int
    """So many were taken back."""


class WishMade(Answer):
    """The window that has the folder open shows the diff and asks; see the run's `undo_asked`."""

    id: str


@router.get("")
async def list_runs(
    caller: Reading,
    rooms: Opened,
    wanted: Annotated[RunFilter, Query()],
) -> Paged[RunLine]:
    """Your runs, the newest first; those of others for owners and admins."""
    return await runs_of(caller, rooms, wanted)


async def runs_of(caller: Caller, rooms: Rooms, wanted: RunFilter) -> Paged[RunLine]:
    """Some runs, the newest first.

    Raises:
        NotPermittedError: they are others', and the caller is neither owner nor admin.
    """
    principal, limit = caller.principal, wanted.limit
    own = None if wanted.whose == "everybody" else principal.user
    filtered = WantedRuns(
        user=wanted.user or own,
        workspace=wanted.workspace,
        agent_id=wanted.agent,
        state=None if wanted.state == "open" else wanted.state,
        day=wanted.day,
        is_open=wanted.state == "open",
    )
    begin = moment_after(wanted.after)
    found = await rooms.database.read(
        lambda session: runs_page(session, principal, filtered, limit + 1, begin and Place(*begin))
    )
    now, shown = rooms.clock.now(), found[:limit]
    last = shown[-1].run if len(found) > limit else None
    return Paged(
        items=tuple(line_of(each, now) for each in shown),
        next=None if last is None else cursor(last.created_at, last.id),
    )


@router.get("/{run_id}")
async def read_run(caller: Reading, rooms: Opened, run_id: str) -> Run:
    """One run: plan, steps, questions, proposals, grants and what it changed."""
    return await run_whole(caller, rooms, run_id)


async def run_whole(caller: Caller, rooms: Rooms, run_id: str) -> Run:
    """Everything that the caller may see of a run.

    Raises:
        NotFoundError: there is none that they may see.
    """
    principal = caller.principal
    whole = await rooms.database.read(lambda session: whole_of(session, principal, run_id))
    run = whole.progress.trace.seen.run
    whose = _of_run(principal, run.user, run.workspace)
    grants = rooms.approvals.grants
    given = await grants.list(whose, run_id)
    refused = await grants.denials.list(whose, run_id)
    return await asyncio.to_thread(whole_run, whole, given, refused, rooms.clock.now())


@router.get("/{run_id}/steps")
async def list_steps(
    caller: Reading, rooms: Opened, run_id: str, limit: Limit = 50, after: str = "0"
) -> Paged[Step]:
    """The finished steps of a run in their order; `after` a step's number, those that follow it."""
    return await steps_of(caller, rooms, run_id, limit, after)


async def steps_of(
    caller: Caller, rooms: Rooms, run_id: str, limit: int = 50, after: str = "0"
) -> Paged[Step]:
    """Some steps of a run."""
    if not after.isdecimal() or len(after) > _DIGITS_MAX:
        raise InvalidInputError(
            "`after` is the number of a step, or what an answer gave as `next`."
        )

    def work(session: Session) -> tuple[RunStepRow, ...]:
        run_of(session, caller.principal, run_id)
        return steps_after(session, run_id, int(after), limit + 1)

    rows = await rooms.database.read(work)
    shown = tuple(map(step_of, rows[:limit]))
    return Paged(items=shown, next=str(shown[-1].number) if len(rows) > limit else None)


@router.get("/{run_id}/sent")
async def list_sent(
    caller: Reading, rooms: Opened, run_id: str, step: str | None = None
) -> tuple[SentMessages, ...]:
    """What left for models in your run, message by message; only one step's where one is named."""
    return await sent_of(caller, rooms, run_id, step)


async def sent_of(
    caller: Caller, rooms: Rooms, run_id: str, step: str | None = None
) -> tuple[SentMessages, ...]:
    """What a run sent.

    Raises:
        NotFoundError: there is no such run that the caller may see.
        NotPermittedError: it is somebody else's.
    """
    principal = caller.principal

    def work(session: Session) -> tuple[SentCall, ...]:
        if run_of(session, principal, run_id).user != principal.user:
            raise NotPermittedError("What a run sent is shown to its own person alone.")
        return sent_in(session, run_id, step)

    return tuple(map(sent_call, await rooms.database.read(work)))


@router.post("/{run_id}/cancel")
async def cancel_run(caller: Managing, rooms: Opened, run_id: str) -> Cancelled:
    """End a run where it is; what was landed stays."""
    return await cancel(caller, rooms, run_id)


async def cancel(caller: Caller, rooms: Rooms, run_id: str) -> Cancelled:
    """Have a run ended by whoever works on it, or end it where nobody does."""
    cancelling = Cancelling(rooms.database, rooms.clock, rooms.executors, rooms.approvals, _SAID)
    cancelled, state = await cancelling.cancel(caller.principal, run_id)
    return Cancelled(state=state, cancelled=cancelled)


@router.post("/{run_id}/resume", status_code=202)
async def resume_run(caller: Managing, rooms: Opened, run_id: str, wanted: ResumeWanted) -> RunLine:
    """Let an ended run of yours go on, as soon as a window has its folder open."""
    return await resume(caller, rooms, run_id, wanted)


async def resume(caller: Caller, rooms: Rooms, run_id: str, wanted: ResumeWanted) -> RunLine:
    """Ask that a run goes on, with these limits raised."""
    now, principal = rooms.clock.now(), caller.principal
    raised = Caps(
        tokens=wanted.tokens,
        cost_nano_usd=wanted.cost_nano_usd,
        steps=wanted.steps,
        wall_s=None if wanted.minutes is None else wanted.minutes * 60.0,
    )

    def work(session: Session) -> Seen:
        row = ask_resume(session, principal, run_id, raised, now)
        session.flush()
        return seen_of(session, [row])[0]

    return line_of(await rooms.database.run(work), now)


@router.post("/{run_id}/revoke")
async def revoke_grants(
    caller: Managing, rooms: Opened, run_id: str, wanted: RevokeWanted
) -> Revoked:
    """Take back what a run was granted, or a refusal; from the next call on it is asked about."""
    return await revoke(caller, rooms, run_id, wanted.grant)


async def revoke(caller: Caller, rooms: Rooms, run_id: str, grant: str | None) -> Revoked:
    """Take back one grant or refusal of a run, or all its grants."""
    principal = caller.principal
    row = await rooms.database.read(lambda session: run_of(session, principal, run_id))
    whose = _of_run(principal, row.user, row.workspace)
    return Revoked(count=await rooms.approvals.grants.revoke(whose, run_id, grant))


@router.post("/{run_id}/undo", status_code=202)
async def undo_run(caller: Managing, rooms: Opened, run_id: str, wanted: UndoWanted) -> WishMade:
    """Ask the window that has the folder open to undo what your run changed: it shows the diff."""
    return await undo(caller, rooms, run_id, wanted)


async def undo(caller: Caller, rooms: Rooms, run_id: str, wanted: UndoWanted) -> WishMade:
    """Ask for an undo, or that what was undone is done again.

    Raises:
        NotFoundError: there is no such run or change of the caller's.
        NotPermittedError: it is somebody else's.
        InvalidInputError: nothing of it is left to undo.
    """
    now, principal = rooms.clock.now(), caller.principal
    asked = WantedUndo(run_id, wanted.step, wanted.change, is_redo=wanted.is_redo)
    wish = Wish(rooms.new_id(), asked)

    def work(session: Session) -> None:
        row = run_of(session, principal, run_id)
        there = _of_run(principal, principal.user, row.workspace)
        found = chosen(session, there, asked)
        ask_undo(session, there, wish, found.run.id, now)

    await rooms.database.run(work)
    return WishMade(id=wish.id)


@router.delete("/{run_id}/undo/{wish_id}", status_code=204)
async def drop_undo(caller: Managing, rooms: Opened, run_id: str, wish_id: str) -> None:
    """Ask no more for an undo that no window has taken up."""
    await drop(caller, rooms, run_id, wish_id)


async def drop(caller: Caller, rooms: Rooms, run_id: str, wish_id: str) -> None:
    """Take a wish back.

    Raises:
        NotFoundError: there is none of the caller's.
        StaleError: a window has it already.
    """
    now, principal = rooms.clock.now(), caller.principal

    def work(session: Session) -> bool:
        run_of(session, principal, run_id)
        return drop_wish_of(session, principal, run_id, wish_id, now)

    if not await rooms.database.run(work):
        raise StaleError("A window has taken it up already; answer its question there.")


def _of_run(principal: Principal, user: str, workspace: str) -> Principal:
    """Whoever a run acts for, in its workspace."""
    return replace(principal, user=user, workspace=workspace)
