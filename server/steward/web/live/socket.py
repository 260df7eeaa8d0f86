"""One WebSocket on a connection that was HTTP: RFC 6455, without extensions, nothing listened to.

The protocol is the library's, which does no input and output of its own. What is told to many is
encoded once, and the same bytes go to every transport; whoever does not read them is never waited
for.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from steward.core.errors import InvalidInputError
from steward.core.live_limits import LIVE_HEARD_BETWEEN_PINGS_BYTES_MAX, LIVE_HEARD_BYTES_MAX
from steward.web.live.limits import LiveLimits

_library_log = logging.getLogger("websockets.server")
# Its debug lines hold the headers of a request, and with them the token.
_library_log.setLevel(logging.CRITICAL)

GOING_AWAY: Final = 1001
SAYS_TOO_MUCH: Final = 1008
SIGNED_OUT: Final = 4001
"""The token was revoked, the session ended, or the person may see nothing any more."""
READS_TOO_SLOWLY: Final = 4008

Heads = Sequence[tuple[bytes, bytes]]


def frame_of(text: bytes) -> bytes:
    """A message as it goes over the wire, the same for every client."""
    return Frame(Opcode.TEXT, text).serialize(mask=False)


class Socket:
    """Writes frames; hears nothing but pongs and the end."""

    def __init__(self, target: bytes, headers: Heads, limits: LiveLimits) -> None:
        self._protocol = ServerProtocol(max_size=LIVE_HEARD_BYTES_MAX, logger=_library_log)
        self._accept = self._accepted(target, headers)
        self._limits = limits
        self._transport: asyncio.Transport | None = None
        self._is_ending = False
        self._unread: asyncio.TimerHandle | None = None
        self._heard_bytes = 0
        self.is_paused = False
        """Whether it was sent more than its client reads."""
        self.is_answering = True
        """Whether a pong came since the last ping."""
        self.on_ready: Callable[[], None] = lambda: None
        """Is told when the client reads again."""
        self.ended = asyncio.Event()

    def open(self, transport: asyncio.Transport) -> None:
        """Answer the upgrade; from here on the transport is ours."""
        self._transport = transport
        transport.write(self._accept)

    def write(self, frame: bytes) -> None:
        """Send what `frame_of` made."""
        if self._transport is not None and not self._is_ending:
            self._transport.write(frame)

    def ping(self) -> None:
        """Ask whether anybody is there; hang up where nobody answered the last time."""
        if not self.is_answering:
            self.abort()
        elif not self._is_ending:
            self.is_answering, self._heard_bytes = False, 0
            self._protocol.send_ping(b"")
            self._flush()

    def end(self, code: int, why: str) -> None:
        """Say why, and hang up when that was read, or soon."""
        if self._is_ending or self._transport is None:
            return
        self._protocol.send_close(code, why)
        self._flush()
        self._end_soon()

    def abort(self) -> None:
        """Hang up at once."""
        if self._transport is not None:
            self._transport.abort()

    # --- What the connection tells ---

    def heard(self, data: bytes) -> None:
        """Whatever a client says is not looked at; much of it, or what is no frame, is its end."""
        self._heard_bytes += len(data)
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.PONG:
                self.is_answering = True
        self._flush()
        if self._protocol.close_expected():
            self._end_soon()
        elif self._heard_bytes > LIVE_HEARD_BETWEEN_PINGS_BYTES_MAX:
            self.end(SAYS_TOO_MUCH, "There is nothing to be said here.")

    def paused(self) -> None:
        """The client does not read."""
        self.is_paused = True
        self._unread = asyncio.get_running_loop().call_later(
            self._limits.unread_s, self.end, READS_TOO_SLOWLY, "You read too slowly."
        )

    def resumed(self) -> None:
        """It reads again."""
        self.is_paused = False
        if self._unread is not None:
            self._unread.cancel()
        self.on_ready()

    def lost(self) -> None:
        """Nobody is there any more."""
        self._is_ending = True
        if self._unread is not None:
            self._unread.cancel()
        self.ended.set()

    def _end_soon(self) -> None:
        if not self._is_ending:
            self._is_ending = True
            if self._protocol.close_expected() and self._protocol.close_rcvd is not None:
                assert self._transport is not None
                self._transport.close()
            asyncio.get_running_loop().call_later(self._limits.closes_s, self.abort)

    def _flush(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if data and self._transport is not None:
            self._transport.write(data)

    def _accepted(self, target: bytes, headers: Heads) -> bytes:
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        self._protocol.receive_data(b"GET %b HTTP/1.1\r\n%b\r\n" % (target, lines))
        found = self._protocol.events_received()
        if not found or not isinstance(found[0], Request):
            raise _no_handshake()
        response = self._protocol.accept(found[0])
        if response.status_code != 101:
            raise _no_handshake()
        self._protocol.send_response(response)
        return b"".join(self._protocol.data_to_send())


def _no_handshake() -> InvalidInputError:
    return InvalidInputError(
        "This address speaks WebSocket, and the request is no handshake of it (RFC 6455, section"
        " 4.1). Open it with a WebSocket client, or ask /api/v1/live/recent."
    )
