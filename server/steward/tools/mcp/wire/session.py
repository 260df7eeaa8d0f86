"""One conversation with a server, in the few words of the protocol that we use."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import mcp_types
from mcp.client._transport import ReadStream, WriteStream
from mcp.client.session import ClientSession
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from steward.core.agent_limits import MCP_START_S, MCP_TOOLS_MAX
from steward.core.errors import LimitError, UnavailableError
from steward.workspace.markdown import one_line

Streams = tuple[ReadStream[SessionMessage | Exception], WriteStream[SessionMessage]]
_PAGES_MAX = 20
_SAID_CHARS_MAX = 500
_NO_SUCH_METHOD = -32601
_BROKEN = (
    MCPError,
    ValidationError,
    RuntimeError,
    ValueError,
    RecursionError,
    anyio.ClosedResourceError,
    anyio.BrokenResourceError,
)


@dataclass(slots=True)
class Failure:
    """Why a server cannot be talked to any more, as far as its stream tells."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool of a server answered."""

    text: str
    is_error: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A server that can be asked."""

    server: str
    client: ClientSession
    failure: Failure

    async def tools(self, within_s: float) -> list[Mapping[str, Any]]:
        """Each tool as the server describes it, one more than a server may have at the most.

        Raises:
            UnavailableError: the server does not answer, or not in a way that can be understood.
        """
        found: list[Mapping[str, Any]] = []
        cursor: str | None = None
        async with _asking(self.server, self.failure, within_s):
            for _ in range(_PAGES_MAX):
                params = mcp_types.PaginatedRequestParams(cursor=cursor) if cursor else None
                told = await self.client.send_request(
                    mcp_types.ListToolsRequest(params=params), mcp_types.ListToolsResult
                )
                found += [
                    each.model_dump(mode="json", by_alias=True, exclude_none=True)
                    for each in told.tools[: MCP_TOOLS_MAX + 1 - len(found)]
                ]
                cursor = told.next_cursor
                if not cursor or len(found) > MCP_TOOLS_MAX:
                    return found
        raise LimitError(
            f"The MCP server {self.server!r} lists its tools without an end, so none is used."
        )

    async def call(self, tool: str, arguments: Mapping[str, Any], within_s: float) -> Answer:
        """What the tool answers; once, and never again.

        Raises:
            UnavailableError: the server does not answer, or not in a way that can be understood.
                Whether the tool did anything is then unknown.
        """
        params = mcp_types.CallToolRequestParams(name=tool, arguments=dict(arguments))
        async with _asking(self.server, self.failure, within_s):
            # Not the SDK's own `call_tool`: it would have the server's schema judge the answer, and
            # a pattern in that could take forever.
            told = await self.client.send_request(
                mcp_types.CallToolRequest(params=params), mcp_types.CallToolResult
            )
        return Answer(_text(told), told.is_error)


@asynccontextmanager
async def conversation(
    server: str, streams: Streams, failure: Failure, version: str
) -> AsyncGenerator[Session]:
    """The session over a transport's streams, once the server has introduced itself.

    Raises:
        UnavailableError: it does not, within `MCP_START_S`.
    """
    who = mcp_types.Implementation(name="steward", version=version)
    async with ClientSession(*streams, client_info=who) as client:
        async with _asking(server, failure, MCP_START_S):
            try:
                await client.initialize()
            except MCPError as error:
                if error.code != _NO_SUCH_METHOD:
                    raise
                # A server of the newer protocol, which has no first handshake.
                await client.discover()
        yield Session(server, client, failure)


@asynccontextmanager
async def _asking(server: str, failure: Failure, within_s: float) -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout(within_s):
            yield
    except TimeoutError as error:
        raise UnavailableError(
            f"The MCP server {server!r} did not answer within {within_s:.0f} s, and was given up."
        ) from error
    except _BROKEN as error:
        said = failure.reason or one_line(str(error)[:_SAID_CHARS_MAX])
        raise UnavailableError(f"The MCP server {server!r} cannot be used: {said}.") from error


def _text(told: mcp_types.CallToolResult) -> str:
    parts = [_part(each) for each in told.content]
    if not parts and told.structured_content is not None:
        parts = [json.dumps(told.structured_content, ensure_ascii=False)]
    return "\n".join(parts) or "(the tool answered nothing)"


def _part(content: mcp_types.ContentBlock) -> str:
    match content:
        case mcp_types.TextContent(text=text):
            return text
        case mcp_types.EmbeddedResource(resource=mcp_types.TextResourceContents(text=text)):
            return text
        case mcp_types.ResourceLink(uri=uri, name=name):
            return f"[a resource that was not fetched: {name} {uri}]"
        case _:
            return f"[{content.type}: left out, it is no text]"
