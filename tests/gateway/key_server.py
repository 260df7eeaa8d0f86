"""A provider that only looks at keys: the lists of models of OpenAI and of Anthropic.

The shapes are those of the two references: `GET /v1/models` with `Authorization: Bearer`, and with
`x-api-key` and `anthropic-version`; refusals as each of them words one.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from demo import wire

Answer = Callable[[wire.HttpRequest], bytes]


@dataclass
class KeyServer:
    """What it accepts, and what it was asked."""

    port: int = 0
    accepted: set[str] = field(default_factory=set[str])
    asked: list[wire.HttpRequest] = field(default_factory=list[wire.HttpRequest])
    answer: Answer | None = None
    """Answers instead, if there is one."""
    is_asked: asyncio.Event = field(default_factory=asyncio.Event)
    hold: asyncio.Event | None = None
    """Answer nothing until this is set."""

    listener: asyncio.Server | None = None

    def close(self) -> None:
        """Take no more connections."""
        assert self.listener is not None
        self.listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def said(self, request: wire.HttpRequest) -> bytes:
        if self.answer is not None:
            return self.answer(request)
        if (request.method, request.path) != ("GET", "/v1/models"):
            return wire.error_response(404, "nothing here")
        if "x-api-key" in request.headers:
            return self._anthropic(request.headers)
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if key not in self.accepted:
            return wire.error_response(401, f"Incorrect API key provided: {key}")
        return wire.json_response(200, wire.models_body())

    def _anthropic(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("anthropic-version") is None:
            return _anthropic_error(400, "invalid_request_error", "anthropic-version is required")
        if headers["x-api-key"] not in self.accepted:
            return _anthropic_error(401, "authentication_error", "invalid x-api-key")
        return wire.json_response(200, {"data": [], "has_more": False})


def _anthropic_error(status: int, kind: str, message: str) -> bytes:
    return wire.json_response(
        status, {"type": "error", "error": {"type": kind, "message": message}}
    )


@asynccontextmanager
async def key_server() -> AsyncGenerator[KeyServer]:
    """One that listens on loopback while the block runs."""
    server = KeyServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await wire.read_request(reader)
        if request is not None:
            server.asked.append(request)
            server.is_asked.set()
            if server.hold is not None:
                await server.hold.wait()
            writer.write(server.said(request))
        writer.close()

    server.listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.port = cast("int", server.listener.sockets[0].getsockname()[1])
    async with server.listener:
        yield server
