"""The only way in: which server is meant, who asks, which path; and every error's last stop."""

import asyncio
import ipaddress
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from sqlmodel import Session

from steward.core import audit
from steward.core.errors import (
    NotFoundError,
    NotPermittedError,
    StewardError,
    UnavailableError,
)
from steward.core.limits import (
    WEB_BODIES_BYTES_MAX,
    WEB_FAILURE_EVERY_S,
    WEB_FAILURES_BURST,
)
from steward.core.principal import Principal
from steward.web.anthropic.faults import AnthropicDialect
from steward.web.bodies import Bodies
from steward.web.dialect import Dialect
from steward.web.errors import (
    ForeignError,
    MethodError,
    TooManyFailuresError,
    UnknownTokenError,
    UnsupportedMediaError,
)
from steward.web.exchange import Exchange
from steward.web.openai.faults import OpenAIDialect
from steward.web.rooms import Rooms
from steward.web.sign_in import FailedSignIns, digest, shown_token

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope

_log = logging.getLogger(__name__)

T = TypeVar("T")

Handle = Callable[[Exchange, Rooms, Principal], Awaitable[None]]
"""Answers one kind of request of somebody who has signed in."""
Tell = Callable[[Exchange, Rooms], Awaitable[None]]
"""Answers one kind of request of anybody."""

_OPENAI, _ANTHROPIC = OpenAIDialect(), AnthropicDialect()
_SCOPE = "models"
_EVERYBODY = ""
_EVERYBODYS_BURST = 100
_JSON = re.compile(r"application/json\s*(?:;.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Routes:
    """Path → method → who answers. Paths match as they were sent, byte for byte."""

    signed_in: Mapping[str, Mapping[str, Handle]]
    open: Mapping[str, Mapping[str, Tell]] = field(
        default_factory=dict[str, Mapping[str, "Tell"]]
    )
    """What anybody may ask; there is nothing of anybody's in it."""


class Door:
    """The ASGI application."""

    def __init__(self, rooms: Rooms, routes: Routes, hosts: "Hosts") -> None:
        self._rooms = rooms
        self._routes = routes
        self._hosts = hosts
        self._bodies = Bodies(WEB_BODIES_BYTES_MAX)
        self._failures = FailedSignIns(rooms.clock, WEB_FAILURES_BURST, WEB_FAILURE_EVERY_S)
        self._all_failures = FailedSignIns(rooms.clock, _EVERYBODYS_BURST, 1.0)

    async def __call__(
        self, scope: "HTTPScope", receive: "ASGIReceiveCallable", send: "ASGISendCallable"
    ) -> None:
        """Answer one request, whatever happens."""
        exchange = Exchange(
            scope, receive, send, id_=self._rooms.new_id(), bodies=self._bodies
        )
        dialect: Dialect = _ANTHROPIC if _is_anthropic(exchange) else _OPENAI
        try:
            await self._answer(exchange)
        except asyncio.CancelledError:
            if not exchange.connection.is_lost:  # The server stops.
                await exchange.fail(_stopped(), dialect)
        except StewardError as error:
            _log.info("a request was refused: %s", error.code, extra={"request": exchange.id})
            await exchange.fail(error, dialect)
        except Exception as error:  # The outer boundary: one request ends, the server goes on.
            _log.exception("a request failed", extra={"request": exchange.id})
            await exchange.fail(error, dialect)

    async def _answer(self, exchange: Exchange) -> None:
        self._check_where_from(exchange)
        tell = self._routes.open.get(exchange.path)
        if tell is not None:
            await _chosen(tell, exchange)(exchange, self._rooms)
            return
        principal = await self._signed_in(exchange)
        exchange.connection.trust()
        methods = self._routes.signed_in.get(exchange.path)
        if methods is None:
            raise NotFoundError("There is nothing at this address.")
        handle = _chosen(methods, exchange)
        if exchange.method == "POST" and not _JSON.fullmatch(exchange.header("content-type") or ""):
            raise UnsupportedMediaError("Send JSON, with `Content-Type: application/json`.")
        await handle(exchange, self._rooms, principal)

    def _check_where_from(self, exchange: Exchange) -> None:
        host = exchange.header("host") or ""
        if not self._hosts.knows(host):
            # A page whose name was pointed at this machine still says its own name here.
            raise ForeignError(
                "The request names a host that this server does not answer for. Use its own"
                " address, or add the name to `hosts` in the [web] section of its settings."
            )
        origin = exchange.header("origin")
        if (origin is not None and origin != exchange.origin) or (
            exchange.header("sec-fetch-site") or "none"
        ) not in ("none", "same-origin"):
            raise ForeignError("The request comes from a page of another site.")

    async def _signed_in(self, exchange: Exchange) -> Principal:
        try:
            token = shown_token(exchange)
        except UnknownTokenError:
            await self._note_failure(exchange, "")
            raise
        holder = await self._rooms.tokens.verify(token)
        if holder is None:
            await self._note_failure(exchange, token)
            raise UnknownTokenError(
                "This token does not hold: it was never made here, has run out, or was revoked."
                " Make another with `steward token create`."
            )
        if _SCOPE not in holder.scopes:
            raise NotPermittedError(
                f"This token may not call models. Make one with the scope `{_SCOPE}`."
            )
        return holder.principal()

    async def _note_failure(self, exchange: Exchange, token: str) -> None:
        address = _network(exchange.address)
        count = self._failures.note(address)
        if count is None or self._all_failures.note(_EVERYBODY) is None:
            raise TooManyFailuresError(
                "Too many sign-ins from this address failed. Wait a little, and check the token.",
                WEB_FAILURE_EVERY_S,
            )
        at = self._rooms.clock.now()
        detail = {"address": address, "count": count, "token": digest(token) if token else None}

        def work(session: Session) -> None:
            audit.append(
                session,
                at=at,
                actor=address or "unknown",
                action="sign_in.failed",
                subject="web",
                detail=detail,
            )

        await self._rooms.database.run(work)


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names under which this server is asked for."""

    exact: frozenset[str]
    """Host and port, as a client writes them."""
    names: frozenset[str] = frozenset()
    """Names that may be followed by any port: what a proxy or a certificate stands for."""

    def knows(self, host: str) -> bool:
        """Whether a `Host` header means this server."""
        host = host.lower()
        name, colon, port = host.rpartition(":")
        if colon and port.isdecimal() and name in self.names:
            return True
        return host in self.exact or host in self.names


def _chosen(methods: Mapping[str, T], exchange: Exchange) -> T:
    found = methods.get(exchange.method)
    if found is None:
        allowed = ", ".join(sorted(methods))
        raise MethodError(f"This address takes {allowed} only.", allowed)
    return found


def _is_anthropic(exchange: Exchange) -> bool:
    return exchange.path.startswith("/v1/messages") or exchange.header("anthropic-version") is not None


def _network(address: str) -> str:
    """The address as failures are counted: IPv4 in either spelling is one, IPv6 by its network."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _stopped() -> StewardError:
    return UnavailableError("The server is being stopped. Try again in a moment.")

