"""A server process as a child, and everything it writes, kept."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from cattrs import Converter
from lsprotocol import converters
from pygls.io_ import run_async
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
)
from pytest_lsp import LanguageClient

from tests.forked import ForkedProcess

Json = Any
_logger = logging.getLogger(__name__)


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
        self._keep()

    async def drive(self, process: ForkedProcess) -> None:
        """Speak to a server that runs already, as pygls speaks to one that it starts."""
        self._server = cast(asyncio.subprocess.Process, process)
        self.protocol.set_writer(process.stdin)
        reading = run_async(
            stop_event=self._stop_event,
            reader=process.stdout,
            protocol=self.protocol,
            logger=_logger,
            error_handler=self.report_server_error,
        )
        self._async_tasks += [
            asyncio.create_task(reading),
            asyncio.create_task(self._server_exit()),
        ]
        self._keep()

    def stop_listening(self) -> None:
        """Close what the server writes to; what it reads from stays open."""
        process: Json = self.process
        if isinstance(process, ForkedProcess):
            process.stop_listening()
        else:
            process._transport.get_pipe_transport(1).close()

    def _keep(self) -> None:
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
