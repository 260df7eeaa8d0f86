"""One HTTP request and the one answer to it."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any

from steward.core.errors import LimitError, StewardError, UnavailableError
from steward.core.limits import WEB_BODY_BYTES_MAX
from steward.core.money import NANO_PER_USD
from steward.web.asgi import Receive, Scope, Send
from steward.web.bodies import Bodies
from steward.web.connection import CONNECTION, Connection
from steward.web.dialect import Dialect

_SAFE = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
"""Stands on every answer: nothing of it is kept, guessed at or shown inside another page."""


class Exchange:
    """Reads the request, bounded, and writes the answer once."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        id_: str,
        bodies: Bodies,
        is_secure: bool = False,
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._bodies = bodies
        self.id = id_
        """Names this request in the answer, the log and the ledger."""
        self.method = scope["method"]
        self.path = scope["raw_path"].decode("ascii", "replace")
        """As it was sent: nothing is decoded, so nothing is another path in disguise."""
        self.is_secure = is_secure or scope["scheme"] == "https"
        """Whether the client speaks TLS, to us or to the proxy before us."""
        self.has_begun = False
        """True once the status is out."""
        self.why_ended: StewardError | None = None
        """Why it was ended before it was over; None if it was not, or the server stops."""
        self._task = asyncio.current_task()

    @property
    def connection(self) -> Connection:
        """Where it came in."""
        found: Any = self._scope.get("extensions") or {}
        return found[CONNECTION]

    @property
    def address(self) -> str:
        """The address of whoever is connected. What they say of themselves is not asked for."""
        client = self._scope.get("client")
        return client[0] if client else ""

    @property
    def target(self) -> str:
        """The path and the query, as they were sent."""
        query = self._scope.get("query_string", b"").decode("ascii", "replace")
        return f"{self.path}?{query}" if query else self.path

    @property
    def origin(self) -> str:
        """This server as the client names it, in the form of a browser's origin."""
        return f"{'https' if self.is_secure else 'http'}://{self.header('host')}"

    def header(self, name: str) -> str | None:
        """A header's value; the last where there are several, and None where there is none."""
        wanted = name.encode("ascii")
        found = None
        for each, value in self._scope["headers"]:
            if each == wanted:
                found = value.decode("latin-1").strip()
        return found

    def end(self, why: StewardError) -> None:
        """End it now, whatever is being done for it."""
        self.why_ended = why
        if self._task is not None:
            self._task.cancel()

    async def body(self, bytes_max: int = WEB_BODY_BYTES_MAX) -> bytes:
        """The whole body.

        Raises:
            LimitError: it is larger than we take.
            UnavailableError: so much is being read just now that there is no room for it.
        """
        told = self.header("content-length")
        if told is not None and int(told) > bytes_max:
            raise _too_large(bytes_max)
        read = bytearray()
        with self._bodies.room() as room:
            room.take(int(told or 0))
            while True:
                message = await self._receive()
                if message["type"] != "http.request":
                    raise UnavailableError("The client has left.")
                piece = message.get("body", b"")
                if told is None:
                    room.take(len(piece))
                read += piece
                if len(read) > bytes_max:
                    raise _too_large(bytes_max)
                if not message.get("more_body", False):
                    return bytes(read)

    async def answer(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer with JSON."""
        length = {"content-type": "application/json", "content-length": str(len(body))}
        await self._begin(status, length | dict(headers or {}))
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def begin_stream(self, headers: Mapping[str, str]) -> None:
        """Say that server-sent events follow."""
        # A proxy that collects the stream would hold every word back.
        kind = {"content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no"}
        await self._begin(200, kind | dict(headers))

    async def send_events(self, events: bytes) -> None:
        """Write events; waits while the client does not read."""
        await self._send({"type": "http.response.body", "body": events, "more_body": True})

    async def end_stream(self, events: bytes) -> None:
        """Write the last events."""
        await self._send({"type": "http.response.body", "body": events, "more_body": False})

    async def fail(self, error: Exception, dialect: Dialect) -> None:
        """Answer with an error; in the middle of a stream, as the stream's last event."""
        fault = dialect.fault(error, self.id)
        if self.has_begun:
            await self.end_stream(fault.event)
        else:
            headers = dict(fault.headers)
            if self.header("idempotency-key") is not None:
                # The same request under the same key would be refused as repeated.
                headers["x-should-retry"] = "false"
            await self.answer(fault.status, fault.body, headers)

    async def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.has_begun = True
        written = [(name.encode("ascii"), _one_line(value)) for name, value in headers.items()]
        written.append((b"x-request-id", self.id.encode("ascii")))
        written += _SAFE
        await self._send({"type": "http.response.start", "status": status, "headers": written})


def as_json(value: object) -> bytes:
    """A JSON value, as short as it can be written."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def usd(nano_usd: int) -> str:
    """A sum as a plain decimal number of US dollars, exactly."""
    return f"{nano_usd // NANO_PER_USD}.{nano_usd % NANO_PER_USD:09d}"


def listed(names: Iterable[str]) -> str:
    """Names for a header's value."""
    return ", ".join(sorted(names))


def _one_line(value: str) -> bytes:
    """A header's value: nothing in it ends the line, whatever a model is called."""
    return value.encode("ascii", "replace").translate(None, bytes(range(32)) + b"\x7f")


def _too_large(bytes_max: int) -> LimitError:
    return LimitError(
        f"The request's body is larger than {bytes_max} bytes. Send fewer texts, or shorter ones."
    )
