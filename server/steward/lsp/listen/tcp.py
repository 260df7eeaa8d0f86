"""Editors over TCP: the first message is `initialize`, and the token stands in it.

`initializationOptions` is what every LSP client can set, so no client needs a dialect of ours.
"""

import asyncio
import logging
import re
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from steward.core.errors import LimitError
from steward.core.limits import HEADER_BYTES_MAX
from steward.lsp.framing import read_message
from steward.lsp.listen.admission import Admission
from steward.lsp.listen.channel import Attend, ListenerLimits
from steward.lsp.listen.handshake import (
    NOT_INITIALIZED,
    REFUSED,
    first_request,
    is_initialize,
    refusal,
    shown_token,
)

_log = logging.getLogger(__name__)

_HEADERS = re.compile(rb"(?:[A-Za-z-]+:[^\r\n]*\r?\n)*(?:\r?\n)?")
_UNKNOWN = (
    "This listener asks for its token, and what came was another or none. Put the content of the"
    " token file, which the listener named when it started, into"
    " `initializationOptions.steward.token`."
)
_DISCARDED_BYTES = 64 * 1024


@asynccontextmanager
async def open_tcp(
    bound: socket.socket, admission: Admission, limits: ListenerLimits, attend: Attend
) -> AsyncGenerator[None]:
    """Listen. Every connection and its server are gone on the way out."""
    channels: set[_TcpChannel] = set()
    async with asyncio.TaskGroup() as tasks:

        def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert isinstance(reader, _Reader)
            if not server.is_serving():  # Accepted in the moment in which the listener ends.
                writer.transport.abort()
                return
            channel = _TcpChannel(reader, writer, limits)
            # Counted in the moment of its arrival, not when its task gets round to it.
            admission.arrive(channel, channel.abort)
            task = tasks.create_task(_converse(channel, admission, limits, attend))
            channels.add(channel)
            task.add_done_callback(lambda _: channels.discard(channel))

        server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(_Reader(limits.hello_bytes_max), came), sock=bound
        )
        try:
            yield
        finally:
            server.close()
            # Not by cancelling: each server is to end as if its editor had left.
            for channel in channels:
                channel.abort()


class _Reader(asyncio.StreamReader):
    """A stream that holds LSP messages and not HTTP, and small ones until its client is known."""

    def __init__(self, body_bytes_max: int) -> None:
        super().__init__(limit=HEADER_BYTES_MAX)
        self.is_lost = asyncio.Event()
        self.body_bytes_max = body_bytes_max

    async def readuntil(self, separator: Any = b"\n") -> bytes:
        """The next header, or all of them; a browser's request line is none."""
        headers = await super().readuntil(separator)
        if _HEADERS.fullmatch(headers) is None:
            raise LimitError("What came over TCP is no message of the protocol.")
        return headers

    async def readexactly(self, n: int) -> bytes:
        """The next body, if it may be that long."""
        if n > self.body_bytes_max:
            raise LimitError(f"A message exceeds {self.body_bytes_max} bytes.")
        return await super().readexactly(n)


class _Connection(asyncio.StreamReaderProtocol):
    """A connection whose reader knows when it is lost, and not only where its messages end."""

    def __init__(
        self,
        reader: _Reader,
        came: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None],
    ) -> None:
        super().__init__(reader, came)
        self._is_lost = reader.is_lost

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is lost."""
        super().connection_lost(exc)
        self._is_lost.set()


class _TcpChannel:
    def __init__(
        self, reader: _Reader, writer: asyncio.StreamWriter, limits: ListenerLimits
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits

    async def receive(self) -> bytes | None:
        """The next message's body; `None` when the client has hung up."""
        try:
            return await read_message(self._reader)
        except ConnectionError:
            return None

    async def send(self, body: bytes) -> bool:
        """Whether the client is still there."""
        try:
            self._writer.write(b"Content-Length: %d\r\n\r\n" % len(body))
            self._writer.write(body)
            await self._writer.drain()
        except ConnectionError:
            return False
        return True

    async def gone(self) -> None:
        """Return when the connection is lost."""
        await self._reader.is_lost.wait()

    def abort(self) -> None:
        """Hang up at once."""
        self._writer.transport.abort()

    def trust(self) -> None:
        """Take messages of any size that the server takes."""
        self._reader.body_bytes_max = self._limits.message_bytes_max

    async def dismiss(self, answer: bytes) -> None:
        """Say a last word and wait until the client has hung up: else it might not be read."""
        if await self.send(answer):
            self._writer.write_eof()
            while await self._reader.read(_DISCARDED_BYTES):
                pass

    async def close(self) -> None:
        """Hang up: politely for a short while, then at once."""
        self._writer.close()
        try:
            async with asyncio.timeout(self._limits.closes_s):
                await self._writer.wait_closed()
        except (TimeoutError, ConnectionError):
            self.abort()


async def _converse(
    channel: _TcpChannel, admission: Admission, limits: ListenerLimits, attend: Attend
) -> None:
    try:
        async with asyncio.timeout(limits.stranger_s):
            first = await _first_message(channel, admission)
        if first is not None:
            await attend(channel, first)
    except TimeoutError:
        _log.info("a connection showed no token in time")
    except (LimitError, ConnectionError) as error:
        _log.info("a connection was closed before it showed a token: %s", error)
    except Exception:  # An outer boundary: this connection ends, the others go on.
        _log.exception("a connection broke")
    finally:
        admission.depart(channel)
        await channel.close()


async def _first_message(channel: _TcpChannel, admission: Admission) -> bytes | None:
    """`initialize` with the token; another request is refused, and anything else left alone."""
    body = await channel.receive()
    request = None if body is None else first_request(body)
    if request is None:
        return None
    if not is_initialize(request):
        answer = refusal(request.id, NOT_INITIALIZED, "Send `initialize` first.")
    elif not admission.knows(shown_token(request)):
        answer = refusal(request.id, REFUSED, _UNKNOWN)
    elif not admission.admit(channel):
        answer = refusal(request.id, REFUSED, "All places are taken; close another editor first.")
    else:
        channel.trust()
        return body
    await channel.dismiss(answer)
    return None
