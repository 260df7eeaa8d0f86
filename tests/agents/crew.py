"""A run with real hands: everything it works with but a person, an editor's screen and a model."""

import asyncio
import json
from collections import ChainMap
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from demo.replies import Reply, in_order, say
from demo.scripted_model import ScriptedModel
from steward.agents.agent import Agent, Caps
from steward.agents.definitions.shipped import shipped
from steward.agents.enabled import enables
from steward.agents.execute import execute
from steward.agents.run import RunLog, RunSpecification
from steward.agents.sent import Sent
from steward.agents.steps import Steps
from steward.agents.work import Hands
from steward.agents.workflows.journal import JsonObject
from steward.context.agent_context import AgentGatherer
from steward.core.money import NANO_PER_USD
from steward.permissions.decide import Mode
from steward.permissions.question import OpenQuestion
from steward.permissions.trust import Trust, decide_trust, folder_at
from steward.tools.mcp.offers import Offers
from steward.tools.mcp.servers import Servers
from steward.tools.mcp.settings import McpSettings
from steward.tools.tool import Tool
from tests.agents.memory_journal import MemoryJournal
from tests.jailed import working_jail
from tests.rooms import Rooms, Said, answering, numbered, open_gateway, open_rooms, yes

FIX = shipped()["fix"]
PLAN = {
    "summary": "Find the mistake and correct it.",
    "steps": [
        {"title": "Read", "tool": "read_file"},
        {"title": "Look", "tool": "search"},
        {"title": "Correct", "tool": "edit_file"},
    ],
}

CAPS = Caps(cost_nano_usd=NANO_PER_USD, steps=10)


@dataclass(frozen=True)
class Crew:
    """One run, its rooms and its model."""

    rooms: Rooms
    model: ScriptedModel
    steps: Steps

    async def play(
        self,
        *replies: Reply,
        choose: Callable[[OpenQuestion], Said] = yes,
        journal: MemoryJournal | None = None,
    ) -> JsonObject:
        """How the run ends when the model gives the plan and then these answers."""
        self.model.script = in_order(say(json.dumps(PLAN)), *replies)
        return await self.go_on(choose, journal)

    async def go_on(
        self,
        choose: Callable[[OpenQuestion], Said] = yes,
        journal: MemoryJournal | None = None,
    ) -> JsonObject:
        """How the run ends with the model as it is."""
        async with answering(self.rooms, self.rooms.principal, choose):
            return await execute(self.steps, journal or MemoryJournal())

    async def state(self) -> str:
        """What the run's row says."""
        row, _ = await self.steps.hands.log.find(self.rooms.principal, self.steps.run_id)
        return row.state

    def with_hands(self, **changes: object) -> "Crew":
        """The same with other hands."""
        hands = replace(self.steps.hands, **changes)
        return replace(self, steps=replace(self.steps, hands=hands))

    def with_mode(self, mode: Mode) -> "Crew":
        """The same in another mode."""
        specification = replace(self.steps.specification, mode=mode)
        return replace(self, steps=replace(self.steps, specification=specification))

    def with_agent(self, agent: Agent, *called: Agent) -> "Crew":
        """The same with another agent, and those that it may call."""
        specification = replace(self.steps.specification, agent=agent, called=called)
        return replace(self, steps=replace(self.steps, specification=specification))


@asynccontextmanager
async def with_servers(
    crew: Crew, servers: Mapping[str, object], tools: Sequence[str], run_id: str = "run1"
) -> AsyncGenerator[Crew]:
    """The same with MCP servers of these settings, and an agent that was given these tools."""
    rooms, hands = crew.rooms, crew.steps.hands
    configured = McpSettings.model_validate({"servers": servers}).servers
    jail = await working_jail()
    started = Servers(configured, {}, jail, rooms.clock, hands.log.is_over)
    offers = Offers(
        started, rooms.database, rooms.clock, rooms.approvals, tuple(rooms.invoker.tools)
    )
    both = ChainMap[str, Tool[Any]](dict(rooms.invoker.tools), offers.tools)
    agent = replace(
        FIX,
        allowed_tools=FIX.allowed_tools | set(tools),
        permission_scope=FIX.permission_scope | {"mcp.call"},
    )
    crew = crew.with_hands(mcp=offers, invoker=replace(rooms.invoker, tools=both)).with_agent(agent)
    if run_id != crew.steps.run_id:
        specification = replace(crew.steps.specification, run_id=run_id)
        crew = replace(crew, steps=replace(crew.steps, specification=specification))
        await hands.log.begin(specification, "owner")
    async with offers.running(rooms.principal):
        yield crew


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
            trust=Trust(rooms.database, rooms.clock, rooms.approvals, enables),
            invoker=rooms.invoker,
            lander=rooms.lander,
            workspace=rooms.workspace,
            context=AgentGatherer(rooms.workspace, rooms.clock),
            log=log,
            sent=Sent(rooms.database, rooms.clock),
            new_id=numbered("request"),
            caps=CAPS,
            output_tokens_max=500,
        )
        specification = RunSpecification(
            "run1", FIX, "Make it right.", "a.py:2", "", "normal", rooms.principal
        )
        await log.begin(specification, "owner")
        folder_now = await asyncio.to_thread(folder_at, str(root))
        now = rooms.clock.now()
        await rooms.database.run(
            lambda session: decide_trust(
                session, rooms.approvals.seal, rooms.principal, folder_now, now, is_trusted=True
            )
        )
        yield Crew(rooms, model, Steps(hands, specification))
