"""A run with real hands: everything it works with but a person, an editor's screen and a model."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from demo.replies import Reply, in_order, say
from demo.scripted_model import ScriptedModel
from steward.agents.agent import FIX, Agent
from steward.agents.execute import execute
from steward.agents.run import RunLog, RunSpecification
from steward.agents.steps import Hands, Steps
from steward.agents.workflows.journal import JsonObject
from steward.core.money import NANO_PER_USD, NanoUsd
from steward.permissions.question import OpenQuestion
from tests.agents.memory_journal import MemoryJournal
from tests.rooms import Rooms, answering, numbered, open_gateway, open_rooms, yes

PLAN = {
    "summary": "Find the mistake and correct it.",
    "steps": [
        {"title": "Read", "tool": "read_file"},
        {"title": "Look", "tool": "search"},
        {"title": "Correct", "tool": "edit_file"},
    ],
}


@dataclass(frozen=True)
class Crew:
    """One run, its rooms and its model."""

    rooms: Rooms
    model: ScriptedModel
    steps: Steps

    async def play(
        self,
        *replies: Reply,
        choose: Callable[[OpenQuestion], bool | None] = yes,
        journal: MemoryJournal | None = None,
        turns_max: int = 10,
    ) -> JsonObject:
        """How the run ends when the model gives the plan and then these answers."""
        self.model.script = in_order(say(json.dumps(PLAN)), *replies)
        async with answering(self.rooms, self.rooms.principal, choose):
            return await execute(self.steps, journal or MemoryJournal(), turns_max)

    async def state(self) -> str:
        """What the run's row says."""
        row, _ = await self.steps.hands.log.find(self.rooms.principal, self.steps.run_id)
        return row.state

    def with_hands(self, **changes: object) -> "Crew":
        """The same with other hands."""
        hands = replace(self.steps.hands, **changes)
        return replace(self, steps=replace(self.steps, hands=hands))

    def with_agent(self, agent: Agent) -> "Crew":
        """The same with another agent."""
        return replace(self, steps=replace(self.steps, agent=agent))


@asynccontextmanager
async def open_crew(folder: Path, model: ScriptedModel) -> AsyncGenerator[Crew]:
    root = folder / "project"
    root.mkdir()
    (root / "a.py").write_bytes(b"one\ntwo\nthree\n")
    async with AsyncExitStack() as stack:
        rooms = await stack.enter_async_context(open_rooms(folder / "data" / "steward.db", root))
        gateway, ledger = await stack.enter_async_context(
            open_gateway(model.url, folder, rooms.database, rooms.clock, rooms.events)
        )
        log = RunLog(rooms.database, rooms.clock, rooms.events)
        hands = Hands(
            gateway=gateway,
            ledger=ledger,
            approvals=rooms.approvals,
            invoker=rooms.invoker,
            lander=rooms.lander,
            workspace=rooms.workspace,
            log=log,
            new_id=numbered("request"),
            cost_limit=NanoUsd(NANO_PER_USD),
            output_tokens_max=500,
        )
        specification = RunSpecification(
            "run1", FIX.agent_id, "Make it right.", "a.py:2", "", "normal", rooms.principal
        )
        await log.begin(specification, "owner")
        yield Crew(rooms, model, Steps(hands, FIX, specification))
