"""Speak to the editor over standard input and output, inside a loop that we own.

pygls' own reader hops through a thread three times a message, shares its pool with handlers and
can be starved by them. This one waits on the pipe itself.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial

from lsprotocol import types

from steward.core.errors import LimitError
from steward.core.limits import HEADER_BYTES_MAX, MESSAGE_BYTES_MAX
from steward.lsp.ancestor import watching
from steward.lsp.framing import read_message
from steward.lsp.protocol import StewardProtocol

_log = logging.getLogger(__name__)

_FLUSH_WITHIN_S = 1.0
_IN_A_ROW_MAX = 4
"""Messages that are taken before others have their turn, where none of them starts anything."""


async def serve_stdio(protocol: StewardProtocol) -> int:
    """Answer the editor until it leaves. Returns the process's exit code (LSP 3.18, "Exit")."""
    loop = asyncio.get_running_loop()
    # The protocol gets descriptors of its own: whatever prints by mistake prints to the log.
    taken = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    reader = asyncio.StreamReader(limit=HEADER_BYTES_MAX)
    inlet, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )
    # However the editor goes, it is as if it had closed our input.
    hang_up = inlet.close
    transport, outlet = await loop.connect_write_pipe(
        lambda: _Outlet(hang_up), os.fdopen(taken, "wb")
    )
    writer = _PipeWriter(transport, outlet)
    protocol.set_writer(writer)
    _end_on_signals(loop, hang_up)
    try:
        with ExitStack() as watches:
            protocol.on_initialize = partial(_watch_parent, watches, hang_up)
            await _converse(protocol, reader)
        await protocol.close()
    finally:
        await writer.flush()
    return 0 if protocol.was_shut_down else 1


async def _converse(protocol: StewardProtocol, reader: asyncio.StreamReader) -> None:
    in_a_row = 0
    try:
        while not protocol.ended.is_set():
            body = await read_message(reader)
            if body is None:
                break
            in_a_row += 1
            # Handlers of this message start before the next one changes their documents.
            if protocol.receive(body) or in_a_row >= _IN_A_ROW_MAX:
                in_a_row = 0
                await asyncio.sleep(0)
    except LimitError as error:
        _log.error("the editor's messages cannot be read on: %s", error)
        protocol.refuse_stream(str(error))


def _watch_parent(
    watches: ExitStack, hang_up: Callable[[], None], params: types.InitializeParams
) -> None:
    def gone() -> None:
        _log.info("the editor's process has ended")
        hang_up()

    watches.enter_context(watching(params.process_id, gone))


def _end_on_signals(loop: asyncio.AbstractEventLoop, hang_up: Callable[[], None]) -> None:
    """Be told to end, and do so in order: what is reserved is released, jails are closed."""
    with suppress(NotImplementedError):
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, hang_up)


class _Outlet(asyncio.BaseProtocol):
    """Knows whether everything written has been read. `on_lost`: nobody will read any more."""

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self._on_lost = on_lost
        self.drained = asyncio.Event()
        self.drained.set()

    def pause_writing(self) -> None:
        """Something waits to be read."""
        self.drained.clear()

    def resume_writing(self) -> None:
        """Nothing waits any more."""
        self.drained.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The editor closed its end, or never reads."""
        if exc is not None:
            _log.info("the editor hung up: %s", type(exc).__name__)
        self.drained.set()
        self._on_lost()


class _PipeWriter:
    """Writes without blocking; an editor that reads nothing is left behind, not waited for."""

    def __init__(self, transport: asyncio.WriteTransport, outlet: _Outlet) -> None:
        self._transport = transport
        self._outlet = outlet
        transport.set_write_buffer_limits(high=0)

    def write(self, data: bytes) -> None:
        """Queue a message."""
        if self._transport.get_write_buffer_size() > MESSAGE_BYTES_MAX:
            _log.error("the editor does not read its messages; hanging up")
            self._transport.abort()
        elif not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """Nothing: the loop's owner flushes and closes."""

    async def flush(self) -> None:
        """Wait, for a short while, until the editor has read what was queued; then close."""
        try:
            async with asyncio.timeout(_FLUSH_WITHIN_S):
                await self._outlet.drained.wait()
        except TimeoutError:
            _log.info("the editor left without reading its last messages")
        self._transport.close()
