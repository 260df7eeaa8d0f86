"""A server process as a child, and everything it writes, kept."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cattrs import Converter
from lsprotocol import converters
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
)
from pytest_lsp import LanguageClient

Json = Any


class ServerGoneError(Exception):
    """The server ended before it answered."""


class ServerConnection(LanguageClient):
    """Keeps what the server writes, both to the protocol and to its log."""

    def __init__(self) -> None:
        super().__init__(converter_factory=_converter)
        self.heard = bytearray()
        self.log = bytearray()

    async def start_io(self, cmd: str, *args: str, **kwargs: Any) -> None:
        # Past pytest-lsp's own, which forwards the log to the terminal instead of keeping it.
        await super(LanguageClient, self).start_io(cmd, *args, **kwargs)
        assert self._server is not None
        assert self._server.stdout is not None
        assert self._server.stderr is not None
        feed = self._server.stdout.feed_data

        def feed_and_keep(data: bytes) -> None:
            self.heard += data
            feed(data)

        self._server.stdout.feed_data = feed_and_keep  # pyright: ignore[reportAttributeAccessIssue]
        self._stderr_forwarder = asyncio.create_task(self._keep_log(self._server.stderr))

    @property
    def process(self) -> asyncio.subprocess.Process:
        assert self._server is not None
        return self._server

    async def until_gone(self) -> None:
        """Wait until the process has ended and everything it wrote has been read."""
        await self.process.wait()
        for task in self._async_tasks:
            with suppress(asyncio.IncompleteReadError):  # A kill cuts a message in two.
                await task
        assert self._stderr_forwarder is not None
        await self._stderr_forwarder

    async def _server_exit(self) -> None:
        # pygls would set an exception on what still runs here, and a task takes none.
        await self.process.wait()
        for pending in list(self.protocol._request_futures.values()):
            if isinstance(pending, asyncio.Task):
                pending.cancel()
            elif not pending.done():
                pending.set_exception(ServerGoneError("the server has ended"))
        self._stop_event.set()

    async def _keep_log(self, stderr: asyncio.StreamReader) -> None:
        while data := await stderr.read(65536):
            self.log += data


def _converter() -> Converter:
    """Lsprotocol's converter; what it has no type for stays as JSON gave it."""
    converter = converters.get_converter()
    for kind in (JsonRPCRequestMessage, JsonRPCResponseMessage, JsonRPCNotification):
        converter.register_structure_hook(kind, _as_it_is)
    return converter


def _as_it_is(value: Json, kind: Callable[..., Json]) -> Json:
    fields = {"params": None, **value} if "method" in value else {"result": None, **value}
    return kind(**fields)
