"""Which tools of servers are there for agents: those that a person approved, as they approved them.

At the start of a run the servers whose tools the agent was given are started, and what they say is
held against what was approved. What is new or has changed is put before the person, raw; until
they say yes, no model hears of it.
"""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from steward.context.block import Block
from steward.core.agent_limits import MCP_TOLD_RUN_CHARS_MAX
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import LimitError, StewardError
from steward.core.principal import Principal
from steward.permissions.act import is_given
from steward.permissions.approvals import Approvals
from steward.permissions.question import Question
from steward.tools.mcp.described import Described, Listing, listing, page
from steward.tools.mcp.names import server_of
from steward.tools.mcp.pins import Pin, Yes, approve, pins
from steward.tools.mcp.servers import Place, Servers
from steward.tools.mcp.tool import Approved, mcp_tool
from steward.tools.tool import Call, Tool
from steward.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of looking at the servers of a run."""

    blocks: tuple[Block, ...] = ()
    """What the servers say of the tools that the agent may use."""
    notes: tuple[str, ...] = ()
    """What is not there, and why, for people."""


@dataclass(frozen=True, slots=True)
class Known:
    """One tool that somebody approved, as people are told of it."""

    pin: Pin
    is_current: bool
    """Whether its server is still the one of the settings."""


@dataclass(slots=True)
class Offers:
    """The tools of servers that models may be told of."""

    servers: Servers
    database: Database
    clock: Clock
    approvals: Approvals
    built_in: Sequence[str]
    """The names of our own tools, which no other takes."""
    tools: dict[str, Tool[Any]] = field(default_factory=dict[str, Tool[Any]])
    """Name → the tool; what is not here no model hears of."""

    @asynccontextmanager
    async def running(self, principal: Principal) -> AsyncGenerator[None]:
        """While this is open, what this person approved is offered, and servers can be started."""
        if self.servers.configured:
            for pin in (await self._pins(principal)).values():
                self._offer(pin)
        async with self.servers.running():
            yield

    async def settle(
        self, principal: Principal, run_id: str, given: frozenset[str], workspace: Workspace
    ) -> Settled:
        """Look at the servers whose tools the agent was given, and ask about what is new."""
        place = Place(workspace.root, workspace.oracle)
        blocks: list[Block] = []
        notes: list[str] = []
        for name in sorted({server for each in given if (server := server_of(each))}):
            try:
                async with self.servers.talking(run_id, name, place) as session:
                    found = self._listing(name, await session.tools(self.servers.of(name).call_s))
                notes += await self._asked(principal, run_id, found, given)
            except StewardError as error:
                notes.append(str(error))
                continue
            blocks += [
                each.told()
                for each in found.tools.values()
                if is_given(each.name, given) and each.name in self.tools
            ]
        return Settled(_bounded(blocks, notes), tuple(notes))

    async def known(self, principal: Principal) -> tuple[Known, ...]:
        """What this person approved, by server and tool."""
        return tuple(
            Known(pin, self._is_current(pin)) for pin in (await self._pins(principal)).values()
        )

    async def _asked(
        self, principal: Principal, run_id: str, found: Listing, given: frozenset[str]
    ) -> list[str]:
        """Ask about what is new or has changed, and offer what is approved."""
        wanted = [each for each in found.tools.values() if is_given(each.name, given)]
        if not wanted:
            return ["An MCP server has none of the tools that this agent was given."]
        server = wanted[0].server
        identity = self.servers.of(server).identity()
        pinned = await self._pins(principal)
        fresh = [
            (each, None if pin is None else pin.described)
            for each in wanted
            if (pin := pinned.get((server, each.tool))) is None or not pin.fits(each, identity)
        ]
        for each, _ in fresh:
            self.tools.pop(each.name, None)
        if fresh and not await self._approved(principal, run_id, server, fresh):
            names = ", ".join(each.name for each, _ in fresh)
            return [f"Not approved, so not there for this agent: {names}."]
        for pin in (await self._pins(principal)).values():
            if pin.described.server == server and pin.fits(
                found.tools.get(pin.described.tool), identity
            ):
                self._offer(pin)
        return []

    async def _approved(
        self,
        principal: Principal,
        run_id: str,
        server: str,
        fresh: Sequence[tuple[Described, Described | None]],
    ) -> bool:
        configured = self.servers.of(server)
        identity = configured.identity()
        count = "1 tool" if len(fresh) == 1 else f"{len(fresh)} tools"
        question = Question(
            key=f"mcp-{server}",
            kind="mcp",
            title=f"May agents use {count} of the MCP server {server}?",
            body=page(server, configured.where(), fresh),
            operands={
                "server": server,
                "identity": identity,
                "tools": {each.tool: each.digest for each, _ in fresh},
            },
            run_id=run_id,
            takes=frozenset(("reason",)),
        )
        answer = await self.approvals.ask(principal, question)
        if not answer.is_approval:
            return False
        await self.approvals.use(answer.approval_id, answer.digest)
        said, seal = Yes(identity, self.clock.now(), answer.approval_id), self.approvals.seal
        tools = [each for each, _ in fresh]
        await self.database.run(lambda session: approve(session, seal, principal, tools, said))
        return True

    def _offer(self, pin: Pin) -> None:
        described = pin.described
        if not self._is_current(pin):
            return
        try:
            # What was approved is read as strictly as what is heard: settings may have changed.
            said = [json.loads(described.said)]
            if described.tool not in self._listing(described.server, said).tools:
                return
        except LimitError:
            return
        server = self.servers.of(described.server)
        approved = Approved(self._pin, self._now, self._withdraw)
        self.tools[described.name] = mcp_tool(pin, server, self.servers, approved)

    def _is_current(self, pin: Pin) -> bool:
        server = self.servers.configured.get(pin.described.server)
        return server is not None and server.identity() == pin.identity

    def _listing(self, server: str, heard: Sequence[Mapping[str, Any]]) -> Listing:
        return listing(server, heard, self.built_in, self.servers.of(server).tools)

    def _now(self, server: str, heard: list[Mapping[str, Any]]) -> Mapping[str, Described]:
        return self._listing(server, heard).tools

    def _withdraw(self, name: str) -> None:
        self.tools.pop(name, None)

    async def _pin(self, call: Call, described: Described) -> Pin | None:
        return (await self._pins(call.principal)).get((described.server, described.tool))

    async def _pins(self, principal: Principal) -> Mapping[tuple[str, str], Pin]:
        seal = self.approvals.seal
        return await self.database.read(lambda session: pins(session, seal, principal))


def _bounded(blocks: Sequence[Block], notes: list[str]) -> tuple[Block, ...]:
    """As many as fit into what a model is shown of servers' words."""
    left, kept = MCP_TOLD_RUN_CHARS_MAX, list[Block]()
    for each in blocks:
        left -= len(each.text)
        if left < 0:
            notes.append("What servers say of their tools was too long to show all of it.")
            break
        kept.append(each)
    return tuple(kept)
