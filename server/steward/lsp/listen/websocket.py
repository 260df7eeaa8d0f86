"""Editors over WebSocket: a message a frame, and the token in the header of the upgrade.

Whatever is wrong with a request is answered before the upgrade. A page in a browser always sends
its origin and can set no `Authorization`; a name that was rebound to this machine shows in `Host`.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from steward.lsp.listen.address import authorities
from steward.lsp.listen.admission import Admission
from steward.lsp.listen.channel import Attend, ListenerLimits

_log = logging.getLogger(__name__)

_library_log = logging.getLogger("websockets.server")
# Its debug lines hold the headers of a request, and with them the token.
_library_log.setLevel(logging.CRITICAL)

_SCHEME = "Bearer "
_FRAMES_QUEUED_MAX = 1
_PONGS_UNREAD_BYTES_MAX = 1024 * 1024


@asynccontextmanager
async def open_websocket(
    bound: socket.socket, admission: Admission, limits: ListenerLimits, attend: Attend
) -> AsyncGenerator[None]:
    """Listen. Every connection and its server are gone on the way out."""

    async def converse(connection: ServerConnection) -> None:
        try:
            if admission.admit(connection):
                await attend(_WebSocketChannel(connection), None)
        except Exception:  # An outer boundary: this connection ends, the others go on.
            _log.exception("a connection broke")
        finally:
            admission.depart(connection)

    async with serve(
        converse,
        sock=bound,
        process_request=partial(_judge, admission, authorities(bound.getsockname()[1])),
        create_connection=_counted(admission, limits),
        server_header=None,
        compression=None,
        open_timeout=limits.stranger_s,
        close_timeout=limits.closes_s,
        ping_interval=limits.ping_s,
        ping_timeout=limits.stalled_s,
        max_size=limits.message_bytes_max,
        max_queue=_FRAMES_QUEUED_MAX,
        logger=_library_log,
    ):
        yield


def _judge(
    admission: Admission, hosts: frozenset[str], connection: ServerConnection, request: Request
) -> Response | None:
    """What a request is refused with; `None` lets it be upgraded."""
    headers = request.headers
    named, origins = headers.get_all("Host"), headers.get_all("Origin")
    if len(named) != 1 or named[0] not in hosts:
        return connection.respond(HTTPStatus.FORBIDDEN, "Call this machine by its own name.\n")
    if origins:
        return connection.respond(HTTPStatus.FORBIDDEN, "Pages in a browser are not served.\n")
    if request.path != "/":
        return connection.respond(HTTPStatus.NOT_FOUND, "There is nothing but /.\n")
    shown = headers.get_all("Authorization")
    is_token = len(shown) == 1 and shown[0].startswith(_SCHEME)
    if not is_token or not admission.knows(shown[0].removeprefix(_SCHEME)):
        refused = connection.respond(
            HTTPStatus.UNAUTHORIZED,
            "Send the header `Authorization: Bearer TOKEN` with the content of the token file,"
            " which the listener named when it started.\n",
        )
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused
    if admission.is_full:
        return connection.respond(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "All places for editors are taken; close another first.\n",
        )
    return None


def _counted(admission: Admission, limits: ListenerLimits) -> type[ServerConnection]:
    """A connection that counts as a stranger until its request was found right."""
    unread_bytes_max = limits.message_bytes_max + _PONGS_UNREAD_BYTES_MAX

    class Counted(ServerConnection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            admission.arrive(self, self.transport.abort)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            # Answers to pings are written however many nobody has read.
            if self.transport.get_write_buffer_size() > unread_bytes_max:
                self.transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            # An editor's place is free only when its server is gone too.
            admission.forget(self)
            super().connection_lost(exc)

    return Counted


class _WebSocketChannel:
    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection

    async def receive(self) -> bytes | None:
        """The next message's body; `None` when the client has hung up."""
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed:
            return None

    async def send(self, body: bytes) -> bool:
        """Whether the client is still there."""
        try:
            await self._connection.send(body, text=True)
        except ConnectionClosed:
            return False
        return True

    async def gone(self) -> None:
        """Return when the connection is lost."""
        await self._connection.wait_closed()
