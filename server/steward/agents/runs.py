"""Start, watch, cancel and take over runs."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack, asynccontextmanager

from steward.agents.agent import Agent
from steward.agents.assignment import Assigned
from steward.agents.run import RunSpecification
from steward.agents.steps import Hands
from steward.agents.workflows.durable import DurableEngine
from steward.agents.workflows.owner import Owner
from steward.core.errors import (
    InvalidInputError,
    NotFoundError,
    StaleError,
    StewardError,
    UnavailableError,
)
from steward.core.events import RUN_ENDED
from steward.core.money import as_usd
from steward.core.principal import Principal
from steward.workspace.markdown import inline

_log = logging.getLogger(__name__)

_GOAL_CHARS_MAX = 8_000
_LISTED_MAX = 50


class Runs:
    """The runs of one workspace, seen from one process."""

    def __init__(
        self, hands: Hands, agents: Mapping[str, Agent], engine: DurableEngine, owner: Owner
    ) -> None:
        self._hands = hands
        self._agents = agents
        self._engine = engine
        self._owner = owner

    async def start(self, principal: Principal, assigned: Assigned) -> str:
        """Begin a run and return its id at once.

        Raises:
            NotFoundError: no such agent.
            InvalidInputError: no goal, or one longer than we take.
            UnavailableError: AI is off; says why.
        """
        if assigned.agent_id not in self._agents:
            known = ", ".join(sorted(self._agents))
            raise NotFoundError(f"There is no agent {assigned.agent_id!r}; there are: {known}.")
        if not assigned.goal.strip() or len(assigned.goal) > _GOAL_CHARS_MAX:
            raise InvalidInputError(
                f"Say what the agent should do, in at most {_GOAL_CHARS_MAX} characters."
            )
        if (reason := self._hands.gateway.unavailable_reason(principal)) is not None:
            raise UnavailableError(reason)
        specification = RunSpecification(
            run_id=self._hands.new_id(),
            agent_id=assigned.agent_id,
            goal=assigned.goal.strip(),
            place=assigned.place,
            observations=assigned.observations,
            mode=assigned.mode,
            principal=principal,
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
        for run_id, owner in await self._hands.log.unfinished(principal):
            async with self._if_dead(owner) as is_dead:
                if is_dead:
                    await self._take_over(principal, run_id, owner)

    async def _take_over(self, principal: Principal, run_id: str, dead: str) -> None:
        """The row names who last began the run; the engine knows who holds it."""
        holder = await self._engine.holder(run_id)
        if holder is None:
            # It died before the engine knew of it, or the engine ended it without us.
            message = "The run was cut off before it could be continued; start it again."
            await self._hands.approvals.withdraw(principal, run_id)
            await self._hands.log.enter(run_id, "failed", "recover", message)
        elif holder == dead:
            await self._engine.adopt(run_id, dead)
        elif holder:
            async with self._if_dead(holder) as is_dead:
                if is_dead:
                    await self._engine.adopt(run_id, holder)

    @asynccontextmanager
    async def _if_dead(self, owner: str) -> AsyncGenerator[bool]:
        with ExitStack() as lock:
            yield await asyncio.to_thread(lock.enter_context, self._owner.if_dead(owner))

    async def cancel(self, principal: Principal, run_id: str) -> str:
        """End a run where it is; returns its state. What was landed stays."""
        row, _ = await self._hands.log.find(principal, run_id)
        if row.state in RUN_ENDED:
            return row.state
        if row.owner != self._owner.name:
            raise StaleError(
                f"The run {run_id!r} belongs to another editor window; cancel it there."
            )
        await self._hands.log.enter(run_id, "cancelled", "cancel", "Cancelled by you.")
        await self._hands.approvals.withdraw(principal, run_id)
        await self._engine.cancel(run_id)
        await self._hands.lander.give_up(principal, run_id)
        return "cancelled"

    async def note_late(self, principal: Principal, proposal_id: str) -> str:
        """What became of an edit that the editor was given up on and then made; or nothing."""
        landed = await self._hands.lander.note_late(principal, proposal_id)
        return landed.outcome if landed is not None else ""

    async def latest(self, principal: Principal) -> list[dict[str, str]]:
        """The newest runs, for people."""
        rows = await self._hands.log.latest(principal, _LISTED_MAX)
        return [
            {
                "id": row.id,
                "agent": row.agent_id,
                "goal": row.goal,
                "state": row.state,
                "message": row.message,
                "startedAt": row.created_at.isoformat(),
                "cost": as_usd(await self._hands.ledger.run_cost(row.id)),
            }
            for row in rows
        ]

    async def under_way(self, principal: Principal) -> list[dict[str, str]]:
        """The runs that have not ended, for a status bar."""
        rows = await self._hands.log.latest(principal, _LISTED_MAX)
        return [
            {"id": row.id, "agent": row.agent_id, "goal": row.goal, "state": row.state}
            for row in rows
            if row.state not in RUN_ENDED
        ]

    async def show(self, principal: Principal, run_id: str) -> str:
        """A run's whole course as Markdown."""
        row, steps = await self._hands.log.find(principal, run_id)
        cost = as_usd(await self._hands.ledger.run_cost(run_id))
        lines = [
            f"# Run of {row.agent_id}: {inline(row.goal)}",
            "",
            f"State: **{row.state}**. {inline(row.message)}",
            f"Started {row.created_at:%Y-%m-%d %H:%M:%S} UTC, cost {cost}, id `{row.id}`.",
            "",
            "| step | what | outcome |",
            "| --- | --- | --- |",
        ]
        lines += [
            f"| {step.name} | {inline(step.title)}"
            f" | {'' if step.ok else '✗ '}{inline(step.detail)} |"
            for step in steps
        ]
        return "\n".join(lines) + "\n"

    async def close(self) -> None:
        """Stop working; unfinished runs go on when the workspace is opened again."""
        await self._engine.close()
        await asyncio.to_thread(self._owner.release)
