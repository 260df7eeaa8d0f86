"""JSON-RPC 2.0 as editors speak it to a language server (LSP 3.18, base protocol)."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import Awaitable, Callable
from typing import Any

Json = Any
"""A value that came over the wire; whoever reads it checks it."""

ANSWER_S = 60.0
"""How long the other side may take to answer, unless a caller says otherwise."""

_METHOD_NOT_FOUND = -32601


class ServerGoneError(Exception):
    """The server ended, or hung up."""


class ServerSaidNoError(Exception):
    """The server answered a request with an error; the message is the server's."""


class UnknownMethodError(Exception):
    """The server asked for something that this client does not know."""


class Connection:
    """Both directions of a conversation. `run` reads; everything else may be called meanwhile."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answer: Callable[[str, Json], Awaitable[Json]],
        hear: Callable[[str, Json], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._answer = answer
        self._hear = hear
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._is_open = True

    async def run(self) -> None:
        """Read until the server hangs up; then whatever still waits fails."""
        try:
            async with asyncio.TaskGroup() as group:
                while (message := await self._read()) is not None:
                    self._take(message, group)
                self._close()
        finally:
            self._close()

    async def request(self, method: str, params: Json, *, answer_s: float = ANSWER_S) -> Json:
        """The result. Raises `ServerSaidNoError`, `ServerGoneError` or `TimeoutError`."""
        number = next(self._numbers)
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        if not self._is_open:
            raise ServerGoneError
        self._waiting[number] = future
        try:
            await self._send({"id": number, "method": method, "params": params})
            async with asyncio.timeout(answer_s):
                return await future
        finally:
            self._waiting.pop(number, None)

    async def notify(self, method: str, params: Json) -> None:
        """Say something that has no answer."""
        await self._send({"method": method, "params": params})

    def _take(self, message: dict[str, Json], group: asyncio.TaskGroup) -> None:
        if "method" not in message:
            self._settle(message)
        elif "id" in message:
            group.create_task(self._reply(message))
        else:
            self._hear(message["method"], message.get("params"))

    def _settle(self, message: dict[str, Json]) -> None:
        future = self._waiting.get(message.get("id", 0))
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(ServerSaidNoError(str(message["error"].get("message"))))
        else:
            future.set_result(message.get("result"))

    async def _reply(self, message: dict[str, Json]) -> None:
        answer: dict[str, Json] = {"id": message["id"]}
        try:
            answer["result"] = await self._answer(message["method"], message.get("params"))
        except UnknownMethodError as error:
            answer["error"] = {"code": _METHOD_NOT_FOUND, "message": str(error)}
        with contextlib.suppress(ServerGoneError):
            await self._send(answer)

    def _close(self) -> None:
        self._is_open = False
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ServerGoneError())

    async def _send(self, message: dict[str, Json]) -> None:
        body = json.dumps({"jsonrpc": "2.0"} | message).encode()
        try:
            self._writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            await self._writer.drain()
        except ConnectionError as error:
            raise ServerGoneError from error

    async def _read(self) -> dict[str, Json] | None:
        length = 0
        while header := (await self._reader.readline()).strip():
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            return None
        try:
            return json.loads(await self._reader.readexactly(length))
        except asyncio.IncompleteReadError:
            return None
