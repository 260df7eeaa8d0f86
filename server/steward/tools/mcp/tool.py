"""A server's tool as an agent calls it: only as it was approved, and what it answers is data."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from steward.core.errors import NotPermittedError, StaleError
from steward.permissions.decide import Act
from steward.tools.foreign import ForeignArguments, arguments_of, checked
from steward.tools.mcp.described import Described
from steward.tools.mcp.pins import Pin
from steward.tools.mcp.servers import Place, Servers
from steward.tools.mcp.settings import McpServer
from steward.tools.tool import Call, Output, Request
from steward.workspace.markdown import code, fenced, inline
from steward.workspace.reveal import reveal


@dataclass(frozen=True, slots=True)
class Approved:
    """Where a tool finds out, right before it is used, whether it still may be."""

    pin: Callable[[Call, Described], Awaitable[Pin | None]]
    """What the person approved of the tool, if they still do."""
    now: Callable[[str, list[Mapping[str, Any]]], Mapping[str, Described]]
    """What a server says of its tools now → those that can be used."""
    withdraw: Callable[[str], None]
    """Offer the tool of this name to no model any more."""


@dataclass(frozen=True, slots=True)
class McpTool:
    """One tool of one server."""

    pin: Pin
    server: McpServer
    servers: Servers
    approved: Approved
    name: str
    description: str
    arguments: type[ForeignArguments]

    def act(self, arguments: ForeignArguments, call: Call) -> Act:
        """Calling this server; what it does there, nobody knows."""
        return Act(self.name, "mcp.call", is_contained=self.server.is_contained)

    async def request(self, arguments: ForeignArguments, call: Call) -> Request:
        """Shows the server and the exact arguments."""
        described, given = self.pin.described, checked(arguments, "an MCP server")
        shown, hidden = reveal(json.dumps(given, indent=2, ensure_ascii=False))
        body = (
            f"Call the tool {code(described.tool)} of the MCP server {code(described.server)},"
            f" which runs {inline(self.server.where())}, with these arguments:\n\n"
            f"{fenced(shown, 'json')}"
        )
        if hidden:
            body += f"\n\n**Careful: they hold {hidden} hidden characters**, spelled out."
        operands = {
            "server": described.server,
            "identity": self.pin.identity,
            "said": described.digest,
            "arguments": given,
        }
        return Request(f"Call {self.name}", body, operands)

    async def run(self, arguments: ForeignArguments, call: Call) -> Output:
        """What the server answers.

        Raises:
            NotPermittedError: the yes to the tool was taken back.
            StaleError: the tool is not what was approved any more.
            UnavailableError: the server does not answer.
        """
        given, described = checked(arguments, "an MCP server"), self.pin.described
        pin = await self.approved.pin(call, described)
        if pin is None or not self.pin.fits(pin.described, self.server.identity()):
            self.approved.withdraw(self.name)
            raise NotPermittedError(
                f"{self.name} was not called: nobody approves of it any more. Go on without it;"
                f" `steward mcp approve {described.server}` shows it to a person again."
            )
        within_s = self.server.call_s
        place = Place(call.workspace.root, call.workspace.oracle)
        async with self.servers.talking(call.run_id, described.server, place) as session:
            # Asked again before each call: a server may say one thing first and another later.
            now = self.approved.now(described.server, await session.tools(within_s))
            if not self.pin.fits(now.get(described.tool), self.pin.identity):
                self.approved.withdraw(self.name)
                raise StaleError(
                    f"{self.name} was not called: its server describes it otherwise than when a"
                    " person approved it. Go on without it; they are asked again in the next run,"
                    f" or by `steward mcp approve {described.server}`."
                )
            answer = await session.call(described.tool, given, within_s)
        text, _ = await asyncio.to_thread(reveal, answer.text)
        return Output(text, ok=not answer.is_error, origin="mcp")


def mcp_tool(pin: Pin, server: McpServer, servers: Servers, approved: Approved) -> McpTool:
    """The tool that was approved. What a model is told of it here is ours, without the server's."""
    described = pin.described
    description = (
        f"A tool of the MCP server {described.server!r}, which is not Steward's. What the server"
        " says of it stands among the data. The person is asked about each call."
    )
    shape = arguments_of(described.schema())
    return McpTool(pin, server, servers, approved, described.name, description, shape)
