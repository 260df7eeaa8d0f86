"""One client's connection: strict HTTP/1.1, and nothing in it longer or larger than we said.

The parser and the cycle of request and answer are uvicorn's. What it leaves open is closed here:
how long and large a request may be, what two readers could understand differently (two lengths,
two hosts, a request behind a request), and the end of a request whose client has gone.
"""

import asyncio
import json
from typing import TYPE_CHECKING, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from steward.core.limits import WEB_HEADERS_MAX
from steward.web.crowd import Crowd
from steward.web.limits import WebLimits
from steward.web.live.socket import GOING_AWAY, Socket

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application
    from uvicorn.config import Config
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
    from uvicorn.server import ServerState

CONNECTION = "steward.connection"
"""Where a request's connection stands among its `extensions`."""

SOCKET_PATH = b"/api/v1/live"
"""The one address that speaks another protocol: WebSocket."""

_CONTINUE = b"HTTP/1.1 100 "
_PHRASES = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}


class UnfitRequestError(Exception):
    """The request is none that we read; says the status and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class _HeadWithBody:
    """Sends an answer's head together with the first of its body: one packet, not two."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        """Write, or keep the head until there is a body."""
        if self._head is None and not data.startswith(_CONTINUE):
            self._head = data
            return
        if self._head:
            data, self._head = self._head + data, b""
        self._transport.write(data)

    def flush(self) -> None:
        """Write the head of an answer that has no body."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def close(self) -> None:
        """Write what is kept, and hang up."""
        self.flush()
        self._transport.close()


class Connection(HttpToolsProtocol):
    """Reads one request at a time; the client's leaving cancels the one under way."""

    def __init__(
        self, config: "Config", state: "ServerState", limits: WebLimits, crowd: Crowd
    ) -> None:
        super().__init__(config, state, {})
        self._limits = limits
        self._crowd = crowd
        self._task: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._unfit: UnfitRequestError | None = None
        self._is_in_head = True
        self._is_whole = False
        """Whether the request under way was read to its end."""
        self._is_deaf = False
        self._is_upgrade = False
        """Whether the request under way asks for a socket; nothing may come behind it."""
        self._socket: Socket | None = None
        self._head_bytes = 0
        self._body_bytes = 0

    @property
    def is_lost(self) -> bool:
        """Whether the client has gone."""
        return self.transport.is_closing()

    def trust(self) -> None:
        """Whoever is at the other end has signed in: they keep their place."""
        self._crowd.trust(self)

    def show_out(self) -> None:
        """Hang up at once."""
        self.transport.abort()

    def become(self, socket: Socket) -> None:
        """From here on the connection is a socket's, and counts among those."""
        # Whoever answers the request is to write nothing more.
        self.cycle.response_started = self.cycle.response_complete = True
        self.cycle.disconnected = True
        self._crowd.depart(self)
        self._socket = socket
        socket.open(self.transport)

    def shutdown(self) -> None:
        """The server stops."""
        if self._socket is not None:
            self._socket.end(GOING_AWAY, "The server stops. Come back in a moment.")
        else:
            super().shutdown()

    # --- What the loop tells ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there; they have so long to say what they want."""
        super().connection_made(cast("asyncio.Transport", transport))
        if not self._crowd.arrive(self):
            self.show_out()
        self._within(self._limits.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """They have left: nobody waits for the answer any more."""
        if self._socket is not None:
            self._socket.lost()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._crowd.depart(self)
        self._forget_deadline()
        if self._stalled is not None:
            self._stalled.cancel()
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._socket is not None:
            self._socket.heard(data)
            return
        if self._is_deaf:
            return
        if self._is_in_head:
            self._head_bytes += len(data)
        is_answering = self._is_answering()
        super().data_received(data)
        if self._is_deaf:
            return
        if self._is_upgrade and (is_answering or not data.endswith(b"\n")):
            self.show_out()  # Nothing comes behind it before the answer.
            return
        if self._is_in_head and self._head_bytes > self._limits.head_bytes_max:
            self._refuse(UnfitRequestError(431, "The request's headers are too large."))
        elif self._deadline is None and self._is_idle():
            self._within(self._limits.head_s)  # Empty lines are no request.

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        if self._socket is not None:
            self._socket.paused()
            return
        self._stalled = self.loop.call_later(self._limits.stalled_s, self.show_out)

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        if self._socket is not None:
            self._socket.resumed()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    # --- What the parser tells ---

    def on_message_begin(self) -> None:
        """A request begins."""
        if self._is_answering():
            raise self._noted(UnfitRequestError(400, "One request at a time."))
        super().on_message_begin()
        # An extension of ours, whose type ASGI cannot know.
        self.scope["extensions"] = {CONNECTION: self}  # pyright: ignore[reportGeneralTypeIssues]
        self._is_in_head = True
        if self._deadline is None:
            self._within(self._limits.head_s)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; what comes as one behind the body was checked by nobody."""
        if not self._is_in_head:
            raise self._noted(UnfitRequestError(400, "Nothing follows a body."))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The headers are there; what can be read in two ways is not read at all."""
        self._check_head()
        self._is_in_head = self._is_whole = False
        self._head_bytes = self._body_bytes = 0
        self._within(self._limits.body_s)
        super().on_headers_complete()
        self.cycle.keep_alive &= not self._is_upgrade
        self.cycle.transport = cast("asyncio.Transport", _HeadWithBody(self.transport))

    def on_body(self, body: bytes) -> None:
        """A piece of the body, for whoever answers, or for nobody if that is over."""
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.body_bytes_max and self.cycle.response_complete:
            raise self._noted(UnfitRequestError(400, "The request's body is too large."))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The whole request is there; from now on only the client's leaving is listened for."""
        self._forget_deadline()
        self._is_whole = True
        super().on_message_complete()
        self.flow.resume_reading()

    def on_response_complete(self) -> None:
        """The answer is out; what is left of a body that nobody wanted may still come, quickly."""
        cast("_HeadWithBody", self.cycle.transport).flush()
        super().on_response_complete()
        if self._is_deaf:
            self.transport.close()
        elif self._deadline is not None:
            self._within(min(self._limits.body_s, self._limits.head_s))

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request; what came behind another request is not answered at all."""
        self._refuse(self._unfit or UnfitRequestError(400, msg))

    def _start_asgi_task(self, cycle: "RequestResponseCycle", app: "ASGI3Application") -> None:
        # The server waits for all of `tasks` when it stops.
        task = self.loop.create_task(cycle.run_asgi(app))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        self._task = task

    # --- Our own ---

    def _check_head(self) -> None:
        # Two lengths, or a length and chunks, the parser refuses itself.
        hosts, size = 0, len(self.url)
        for name, value in self.headers:
            size += len(name) + len(value)
            hosts += name == b"host"
            if name == b"transfer-encoding" and value.lower() != b"chunked":
                raise self._noted(UnfitRequestError(400, "A body comes whole or in chunks."))
        if size > self._limits.head_bytes_max or len(self.headers) > WEB_HEADERS_MAX:
            raise self._noted(UnfitRequestError(431, "The request's headers are too large."))
        if hosts != 1:
            raise self._noted(UnfitRequestError(400, "A request names one host."))
        if not self.url.startswith(b"/"):
            raise self._noted(UnfitRequestError(400, "A request names a path of this server."))
        parser = self.parser
        assert parser is not None
        if parser.get_http_version() != "1.1":
            raise self._noted(UnfitRequestError(400, "This server speaks HTTP/1.1."))
        self._is_upgrade = parser.should_upgrade()
        if self._is_upgrade and not self._is_for_socket():
            raise self._noted(UnfitRequestError(400, "There is no other protocol here."))

    def _is_for_socket(self) -> bool:
        parser, named = self.parser, dict(self.headers)
        assert parser is not None
        has_body = b"content-length" in named or b"transfer-encoding" in named
        is_address = self.url.partition(b"?")[0] == SOCKET_PATH
        is_websocket = named.get(b"upgrade", b"").lower() == b"websocket"
        return is_address and is_websocket and parser.get_method() == b"GET" and not has_body

    def _noted(self, error: UnfitRequestError) -> UnfitRequestError:
        # The parser turns whatever its callbacks raise into an error of its own.
        self._unfit = error
        return error

    def _refuse(self, error: UnfitRequestError) -> None:
        self._is_deaf = True
        self._forget_deadline()
        if self._is_answering():
            if self._is_whole:  # What came behind it is not its fault.
                self.cycle.keep_alive = False
                return
            self.cycle.disconnected = True  # Nothing else is written to it.
            if self._task is not None:
                self._task.cancel()
            if self.cycle.response_started:
                self.transport.close()
                return
        body = json.dumps(
            {"error": {"message": str(error), "type": "invalid_request_error", "code": None}}
        ).encode("ascii")
        head = (
            f"HTTP/1.1 {error.status} {_PHRASES[error.status]}\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()

    def _is_answering(self) -> bool:
        # `cycle` is None before the first request, whatever its declaration says.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is not None and not cycle.response_complete

    def _is_idle(self) -> bool:
        return not self._is_answering() and self.timeout_keep_alive_task is None

    def _within(self, seconds: float) -> None:
        self._forget_deadline()
        self._deadline = self.loop.call_later(seconds, self._too_slow)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if self._head_bytes == 0 or self._is_answering():
            self.show_out()
        else:
            self._refuse(UnfitRequestError(408, "The request took too long to arrive."))
