"""One editor of the listener: a server process of its own, and whole messages both ways.

The server is the same `steward lsp` that an editor on this machine starts over pipes, so nothing
of one editor can appear at another, and neither can its end.
"""

import asyncio
import logging
from asyncio.subprocess import PIPE, Process
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

from steward.core.errors import LimitError
from steward.core.limits import HEADER_BYTES_MAX
from steward.lsp.framing import read_message
from steward.lsp.listen.channel import Channel, ListenerLimits
from steward.lsp.listen.handshake import Handshake

_log = logging.getLogger(__name__)

_DISCARDED_BYTES = 64 * 1024


async def serve_editor(
    channel: Channel, first: bytes | None, command: Sequence[str], limits: ListenerLimits
) -> None:
    """Start a server and relay until either side ends; the server is gone when this returns.

    `first` is a message that was read from the channel already.
    """
    # A session of its own: a Ctrl-C in the listener's terminal is the listener's to handle, and
    # its servers end in order when their input does.
    server = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, limit=HEADER_BYTES_MAX, start_new_session=True
    )
    try:
        await _relay(channel, first, server, limits)
    finally:
        await _end(server, limits.server_ends_s)


async def _relay(
    channel: Channel, first: bytes | None, server: Process, limits: ListenerLimits
) -> None:
    async with asyncio.TaskGroup() as tasks:
        ways = [
            tasks.create_task(_way(_to_server(channel, first, server, limits))),
            tasks.create_task(_way(_to_editor(server, channel, limits))),
            # A message that a server does not take would hide that its editor left.
            tasks.create_task(channel.gone()),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()


async def _way(relayed: Coroutine[Any, Any, None]) -> None:
    try:
        await relayed
    except TimeoutError:
        _log.warning("an editor or its server read nothing for too long; they are parted")
    except LimitError as error:
        _log.warning("messages cannot be relayed on: %s", error)
    except ConnectionError:
        return


async def _to_server(
    channel: Channel, first: bytes | None, server: Process, limits: ListenerLimits
) -> None:
    assert server.stdin is not None
    handshake = Handshake(limits.hello_bytes_max)
    body = await channel.receive() if first is None else first
    while body is not None:
        body = handshake.pass_on(body)
        server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body))
        server.stdin.write(body)
        async with asyncio.timeout(limits.stalled_s):
            await server.stdin.drain()
        body = await channel.receive()


async def _to_editor(server: Process, channel: Channel, limits: ListenerLimits) -> None:
    assert server.stdout is not None
    while (body := await read_message(server.stdout)) is not None:
        async with asyncio.timeout(limits.stalled_s):
            if not await channel.send(body):
                return


async def _end(server: Process, within_s: float) -> None:
    """Let the server see the end of its input and finish; kill it if it does not."""
    assert server.stdin is not None
    server.stdin.close()
    try:
        async with asyncio.timeout(within_s):
            await _gone(server)
    except TimeoutError:
        _log.warning("the server process %d did not end by itself; it is killed", server.pid)
        server.kill()
        with suppress(TimeoutError):  # Only something that it started could hold its output.
            async with asyncio.timeout(within_s):
                await _gone(server)


async def _gone(server: Process) -> None:
    assert server.stdout is not None
    # What it still writes is for nobody, but a full pipe would keep it from ending.
    while await server.stdout.read(_DISCARDED_BYTES):
        pass
    await server.wait()
