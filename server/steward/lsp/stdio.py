"""Speak to the editor over standard input and output, inside a loop that we own.

pygls' own reader hops through a thread three times a message, shares its pool with handlers and
can be starved by them. This one waits on the pipe itself.
"""

import asyncio
import logging
import os
import sys

from steward.core.errors import LimitError
from steward.core.limits import HEADER_BYTES_MAX, MESSAGE_BYTES_MAX
from steward.lsp.framing import read_message
from steward.lsp.protocol import StewardProtocol

_log = logging.getLogger(__name__)

_FLUSH_WITHIN_S = 2.0


async def serve_stdio(protocol: StewardProtocol) -> int:
    """Answer the editor until it leaves. Returns the process's exit code (LSP 3.18, "Exit")."""
    loop = asyncio.get_running_loop()
    # The protocol gets descriptors of its own: whatever prints by mistake prints to the log.
    taken = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    reader = asyncio.StreamReader(limit=HEADER_BYTES_MAX)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    transport, outlet = await loop.connect_write_pipe(_Outlet, os.fdopen(taken, "wb"))
    writer = _PipeWriter(transport, outlet)
    protocol.set_writer(writer)
    try:
        while not protocol.ended.is_set():
            body = await read_message(reader)
            if body is None:
                break
            protocol.receive(body)
            # Handlers of this message start before the next one changes their documents.
            await asyncio.sleep(0)
    except LimitError as error:
        _log.error("the editor's messages cannot be read on: %s", error)
    finally:
        await writer.flush()
    return 0 if protocol.was_shut_down else 1


class _Outlet(asyncio.BaseProtocol):
    """Knows whether everything written has been read."""

    def __init__(self) -> None:
        self.drained = asyncio.Event()
        self.drained.set()

    def pause_writing(self) -> None:
        """Something waits to be read."""
        self.drained.clear()

    def resume_writing(self) -> None:
        """Nothing waits any more."""
        self.drained.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The editor closed its end; the reader notices and ends the loop."""
        if exc is not None:
            _log.info("the editor hung up: %s", type(exc).__name__)
        self.drained.set()


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
