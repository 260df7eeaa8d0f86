"""Start, watch, cancel and take over runs."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

from steward.agents.agent import NO_CAPS, Caps
from steward.agents.asked import Wish, ask_cancel, ask_resume, claim, wishes
from steward.agents.assignment import Assigned
from steward.agents.changes import changed_by, undone_of
from steward.agents.definitions.roster import Roster
from steward.agents.plan_progress import Taken
from steward.agents.plan_steps import planned, planned_as_json
from steward.agents.prune import old_runs, prune
from steward.agents.reading import trace_of
from steward.agents.run import RunSpecification, Unfinished
from steward.agents.sent import sent_in
from steward.agents.step_page import step_page, step_seen
from steward.agents.trace_page import sent_page, trace_page
from steward.agents.work import Hands
from steward.agents.workflows.durable import OUTDATED, DurableEngine
from steward.agents.workflows.owner import Owner
from steward.context.meter import context_as_json, meter_from
from steward.core.database import Database
from steward.core.errors import InvalidInputError, StewardError, UnavailableError
from steward.core.events import RUN_ENDED, RunChanged
from steward.core.money import as_usd
from steward.core.principal import Principal
from steward.core.redact import redact
from steward.core.store import Mark

_log = logging.getLogger(__name__)

_GOAL_CHARS_MAX = 8_000
_BROKE = "The journal of runs could not take it up; the log has the details. Resume it again."
_CUT_OFF = "The run was cut off before it could be continued; resume it, or start it again."
_LISTED_MAX = 50
_LOOK_S = 1.0
"""How soon it is noticed what another process asks of a run."""
_PRUNED_TURNS_MAX = 4
"""How often some old runs are removed at one start."""
_CANCEL_LOOK_S = 0.1
_CANCEL_LOOKS_MAX = 50
"""How often a run that another window ends is looked at before its caller has an answer."""


class Runs:
    """The runs of one workspace, seen from one process."""

    def __init__(
        self, hands: Hands, roster: Roster, engine: DurableEngine, owner: Owner, keep: timedelta
    ) -> None:
        self._hands = hands
        self._roster = roster
        self._engine = engine
        self._owner = owner
        self._keep = keep

    @property
    def hands(self) -> Hands:
        """What its runs work with."""
        return self._hands

    async def start(self, principal: Principal, assigned: Assigned) -> str:
        """Begin a run and return its id at once.

        Raises:
            NotFoundError: no such agent for this person here, or one that it may call is not there.
            InvalidInputError: no goal, or one longer than we take; or the agent cannot be read.
            UnavailableError: AI is off; says why.
        """
        agent = await self._roster.find(principal, assigned.agent_id)
        if not assigned.goal.strip() or len(assigned.goal) > _GOAL_CHARS_MAX:
            raise InvalidInputError(
                f"Say what the agent should do, in at most {_GOAL_CHARS_MAX} characters."
            )
        reason = self._hands.gateway.unavailable_reason(principal, "plan", "agent")
        if reason is not None:
            raise UnavailableError(reason)
        specification = RunSpecification(
            run_id=self._hands.new_id(),
            agent=replace(agent, model_preference=assigned.model) if assigned.model else agent,
            # Before any of it is written down: the row, the journal and every question hold it.
            goal=redact(assigned.goal.strip()),
            place=redact(assigned.place),
            observations=redact(assigned.observations),
            # Who says nothing else gets the mode that the agent was written for.
            mode=agent.mode if assigned.mode == "normal" else assigned.mode,
            principal=principal,
            mentions=assigned.mentions,
            caps=assigned.caps,
            called=await self._roster.callable_by(principal, agent),
            blocks=tuple(
                replace(each, title=redact(each.title), text=redact(each.text))
                for each in assigned.blocks
            ),
        )
        await asyncio.to_thread(self._owner.claim)
        await self._hands.log.begin(specification, self._owner.name)
        try:
            await self._engine.start(specification.run_id, specification.as_json())
        except StewardError as error:
            await self._hands.log.enter(specification.run_id, "failed", "start", str(error))
            raise
        return specification.run_id

    async def recover(self, principal: Principal) -> None:
        """End what was left half-way, and take over unfinished runs whose owner has died."""
        await self._hands.lander.end_unfinished(principal)
        for run_id in await self._hands.log.left_open(principal):
            # It was ended where nobody could look at the files.
            await self._hands.lander.give_up(principal, run_id)
        for run in await self._hands.log.unfinished(principal):
            async with self._if_dead(run.owner) as is_dead:
                if is_dead:
                    await self._take_over(principal, run)

    async def _take_over(self, principal: Principal, run: Unfinished) -> None:
        """The row names who last began the run; the engine knows who holds it."""
        run_id, dead = run.run_id, run.owner
        holder = await self._engine.holder(run_id)
        if holder is None and run.is_to_be_resumed:
            await self._give_to_engine(principal, run_id)
        elif holder is None:
            # It died before the engine knew of it, or the engine ended it without us.
            await self._hands.approvals.withdraw(principal, run_id)
            await self._hands.log.enter(run_id, "failed", "recover", _CUT_OFF)
        elif holder in ("", dead):
            await self._take_from(principal, run_id, holder)
        else:
            async with self._if_dead(holder) as is_dead:
                if is_dead:
                    await self._take_from(principal, run_id, holder)

    async def _take_from(self, principal: Principal, run_id: str, holder: str) -> None:
        """Have a dead executor's run go on in this workspace, if it can be played at all.

        One without a holder waits in the queue already.
        """
        if await self._engine.is_outdated(run_id):
            await self._hands.approvals.withdraw(principal, run_id)
            await self._hands.log.enter(run_id, "failed", "recover", OUTDATED)
            await self._engine.cancel(run_id)
            await self._hands.lander.give_up(principal, run_id)
        elif holder:
            await self._engine.adopt(run_id, holder)

    @asynccontextmanager
    async def _if_dead(self, owner: str) -> AsyncGenerator[bool]:
        lock = ExitStack()
        try:
            yield await asyncio.to_thread(lock.enter_context, self._owner.if_dead(owner))
        finally:
            await asyncio.to_thread(lock.close)

    async def attend(self, principal: Principal) -> None:
        """Do what other processes ask of the runs here, until cancelled: to end, or to go on."""
        seen: Mark | None = None
        while True:
            mark = await self._database.mark()
            if mark is None or mark != seen:
                await self._serve(principal)
            seen = mark
            await asyncio.sleep(_LOOK_S)

    async def _serve(self, principal: Principal) -> None:
        for wish in await self._database.read(lambda session: wishes(session, principal)):
            try:
                if wish.what == "resume":
                    await self._take_up(principal, wish.run_id)
                else:
                    await self._cancel_if_ours(principal, wish)
            except StewardError as error:  # The others are served all the same.
                _log.warning("%s of the run %s: %s", wish.what, wish.run_id, error)

    async def _cancel_if_ours(self, principal: Principal, wish: Wish) -> None:
        async with self._if_dead(wish.owner) as is_dead:
            if is_dead or wish.owner == self._owner.name:
                await self._end(principal, wish.run_id, wish.by)

    async def cancel(self, principal: Principal, run_id: str) -> str:
        """End a run where it is; returns its state. What was landed stays.

        One that another window works on is ended there; its state is what it was after a while.
        """
        row, _ = await self._hands.log.find(principal, run_id)
        if row.owner == self._owner.name and row.state not in RUN_ENDED:
            await self._end(principal, run_id, principal.user)
            return "cancelled"
        now = self._hands.log.clock.now()
        await self._database.run(lambda session: ask_cancel(session, principal, run_id, now))
        if row.state in RUN_ENDED:
            return row.state
        await self._cancel_if_ours(principal, Wish(run_id, "cancel", row.owner, principal.user))
        return await self._ended_elsewhere(principal, run_id)

    async def _ended_elsewhere(self, principal: Principal, run_id: str) -> str:
        for _ in range(_CANCEL_LOOKS_MAX):
            row, _ = await self._hands.log.find(principal, run_id)
            if row.state in RUN_ENDED:
                return row.state
            await asyncio.sleep(_CANCEL_LOOK_S)
        return "cancelling"

    async def _end(self, principal: Principal, run_id: str, by: str) -> None:
        message = "Cancelled by you." if by == principal.user else f"Cancelled by {by}."
        await self._hands.log.enter(run_id, "cancelled", "cancel", message)
        try:
            # First: a step that still waits would take the withdrawal for a person's no, and the
            # journal would keep that for the day on which the run goes on.
            await self._engine.cancel(run_id)
        finally:
            await self._hands.approvals.withdraw(principal, run_id)
        await self._hands.lander.give_up(principal, run_id)

    async def end_if_asked(self, principal: Principal, run_id: str) -> None:
        """End one run of this process if another process asks for that; leave others alone."""
        for wish in await self._database.read(lambda session: wishes(session, principal)):
            if wish.run_id == run_id and wish.what == "cancel":
                await self._cancel_if_ours(principal, wish)

    async def settled(self, run_id: str) -> None:
        """Return when the last step of a run that has ended is journaled."""
        await self._engine.settled(run_id)

    async def resume(self, principal: Principal, run_id: str, raised: Caps = NO_CAPS) -> str:
        """Let an ended run go on from what it finished; returns its state.

        Raises:
            NotFoundError: not a run of this person in this workspace.
            InvalidInputError: it has not ended, or nothing is left to do.
        """
        await self._hands.log.find(principal, run_id)
        now = self._hands.log.clock.now()
        await self._database.run(
            lambda session: ask_resume(session, principal, run_id, raised, now)
        )
        await self._take_up(principal, run_id)
        row, _ = await self._hands.log.find(principal, run_id)
        return row.state

    async def go_on(self, principal: Principal, run_id: str, raised: Caps = NO_CAPS) -> str:
        """Let a run go on in this process, also one whose own process has died; its state.

        Raises:
            NotFoundError: not a run of this person in this workspace.
            InvalidInputError: another process works on it, or nothing is left to do.
        """
        row, _ = await self._hands.log.find(principal, run_id)
        if row.state not in RUN_ENDED:
            async with self._if_dead(row.owner) as is_dead:
                if is_dead:
                    await self._hands.log.enter(run_id, "failed", "recover", _CUT_OFF)
        await self._hands.lander.end_unfinished(principal)
        return await self.resume(principal, run_id, raised)

    async def _take_up(self, principal: Principal, run_id: str) -> None:
        owner = self._owner.name
        await asyncio.to_thread(self._owner.claim)
        if not await self._database.run(lambda session: claim(session, run_id, owner)):
            return  # Another window was quicker.
        message = "Taken up again"
        begun = RunChanged(run_id, principal.workspace, "working", "resume", message)
        self._hands.log.events.send(begun)
        await self._give_to_engine(principal, run_id)

    async def _give_to_engine(self, principal: Principal, run_id: str) -> None:
        row, steps = await self._hands.log.find(principal, run_id)
        # One that did something is never begun anew: its journal lies where it did that.
        specification = json.loads(row.specification) if row.specification and not steps else None
        await self._hands.lander.proposals.reopen(principal, run_id)
        try:
            await self._engine.resume(run_id, specification)
        except StewardError as error:
            await self._hands.log.enter(run_id, "failed", "resume", str(error))
            raise
        except Exception:  # It was claimed already, and nobody else would close it.
            await self._hands.log.enter(run_id, "failed", "resume", _BROKE)
            raise

    async def prune(self, principal: Principal) -> None:
        """Remove what runs did that ended long ago; that they were, and the audit trail, stays."""
        before = self._hands.log.clock.now() - self._keep
        try:
            for _ in range(_PRUNED_TURNS_MAX):
                run_ids = await self._database.read(
                    lambda session: old_runs(session, principal, before)
                )
                if not run_ids:
                    return
                await self._engine.forget(run_ids)
                work = partial(prune, run_ids=run_ids, at=self._hands.log.clock.now())
                await self._database.run(work)
        except StewardError as error:
            _log.info("old runs could not be removed: %s", error)

    async def note_late(self, principal: Principal, proposal_id: str) -> str:
        """What became of an edit that the editor was given up on and then made; or nothing."""
        landed = await self._hands.lander.note_late(principal, proposal_id)
        return landed.outcome if landed is not None else ""

    async def latest(
        self, principal: Principal, limit: int = _LISTED_MAX
    ) -> list[dict[str, object]]:
        """The newest runs, for people."""
        rows = await self._hands.log.latest(principal, limit)
        tenant_id, ids = principal.tenant_id, [row.id for row in rows]
        undone = await self._database.read(lambda session: undone_of(session, tenant_id, ids))
        changed = await self._database.read(lambda session: changed_by(session, tenant_id, ids))
        return [
            {
                "id": row.id,
                "agent": row.agent_id,
                "goal": row.goal,
                "state": row.state,
                "message": row.message,
                "startedAt": row.created_at.isoformat(),
                "cost": as_usd(await self._hands.ledger.run_cost(row.id)),
                "capped": row.capped,
                "context": context_as_json(meter_from(row.context)),
                "undone": undone.get(row.id, "no"),
                "changes": changed.get(row.id, 0),
            }
            for row in rows
        ]

    async def under_way(self, principal: Principal) -> list[dict[str, object]]:
        """The runs that have not ended, for a status bar."""
        rows = await self._hands.log.latest(principal, _LISTED_MAX)
        return [
            {
                "id": row.id,
                "agent": row.agent_id,
                "goal": row.goal,
                "state": row.state,
                "context": context_as_json(meter_from(row.context)),
            }
            for row in rows
            if row.state not in RUN_ENDED
        ]

    async def steps(self, principal: Principal, run_id: str) -> dict[str, object]:
        """A run with its plan, and how far each step of it has come."""
        await self._hands.log.find(principal, run_id)
        now = self._hands.log.at_work.get(run_id)
        at_work = None if now is None else Taken(now[0], ok=False, covered_by=now[1])
        found = await self._database.read(
            lambda session: planned(session, principal, run_id, at_work)
        )
        return planned_as_json(found, self._hands.log.clock.now())

    async def show(self, principal: Principal, run_id: str, step: str | None = None) -> str:
        """A run's whole course as Markdown, or one step of it.

        Raises:
            NotFoundError: not a run of this person here, or it has taken no such step.
        """
        await self._hands.log.find(principal, run_id)
        if step is not None:
            return await self._step(principal, run_id, step)
        trace = await self._database.read(lambda session: trace_of(session, principal, run_id))
        return trace_page(trace)

    async def _step(self, principal: Principal, run_id: str, step: str) -> str:
        seen = await self._database.read(
            lambda session: step_seen(session, principal, run_id, step)
        )
        try:
            outcomes = await self._engine.outcomes(run_id)
        except UnavailableError:
            outcomes = None  # The page says so; all else it tells stands in the tables.
        return await asyncio.to_thread(step_page, run_id, seen, outcomes or None)

    async def sent(self, principal: Principal, run_id: str, step: str | None = None) -> str:
        """What the run sent to models, or what one of its steps did, as Markdown."""
        await self._hands.log.find(principal, run_id)
        calls = await self._database.read(lambda session: sent_in(session, run_id, step))
        return sent_page(run_id, calls)

    @property
    def _database(self) -> Database:
        return self._hands.log.database

    async def close(self) -> None:
        """Stop working; unfinished runs go on when the workspace is opened again."""
        await self._engine.close()
        await asyncio.to_thread(self._owner.release)
