"""An MCP server over HTTP that has us come back to it without an end."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from steward.core.agent_limits import MCP_LISTENS_MAX
from steward.tools.mcp.wire.http import over_http
from steward.tools.mcp.wire.session import Failure, conversation
from tests.jailed import until

ONE = {"name": "go", "inputSchema": {"type": "object"}}


@dataclass
class Restless:
    """Answers what it is asked, and hangs up on whoever listens, who is to be back at once."""

    listened: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        if head.startswith("get"):
            self.listened += 1
            told = _reply("200 OK", "text/event-stream", "retry: 0\n\n")
        elif head.startswith("post"):
            size = int(head.partition("content-length:")[2].split()[0])
            told = _answer(json.loads(await reader.readexactly(size)))
        else:
            told = _reply("204 None", "text/plain", "")
        writer.write(told)
        await writer.drain()
        writer.close()


def _answer(asked: dict[str, Any]) -> bytes:
    if "id" not in asked:
        return _reply("202 Accepted", "text/plain", "")
    result: dict[str, Any] = {"tools": [ONE]}
    if asked["method"] == "initialize":
        result = {
            "protocolVersion": asked["params"]["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "test", "version": "1"},
        }
    answer = {"jsonrpc": "2.0", "id": asked["id"], "result": result}
    return _reply("200 OK", "application/json", json.dumps(answer))


def _reply(status: str, kind: str, text: str) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\n"
    return f"{head}Mcp-Session-Id: s\r\nConnection: close\r\n\r\n{text}".encode()


@asynccontextmanager
async def restless() -> AsyncGenerator[tuple[Restless, str]]:
    server = Restless()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        yield server, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/mcp"


async def test_a_server_that_hangs_up_on_who_listens_is_listened_to_so_often_and_no_more() -> None:
    failure = Failure()
    async with (
        restless() as (server, url),
        over_http(url, {}, 10.0, failure) as streams,
        conversation("restless", streams, failure, "1") as session,
    ):
        await until(lambda: server.listened >= MCP_LISTENS_MAX)
        for _ in range(20):
            (found,) = await session.tools(10.0)
            assert found["name"] == "go"
        assert server.listened == MCP_LISTENS_MAX
