"""The only way in: which server is meant, who asks, which path; and every error's last stop."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from steward.core.errors import NotFoundError, StewardError, UnavailableError
from steward.core.limits import WEB_BODIES_BYTES_MAX
from steward.core.principal import Principal
from steward.permissions.tokens import Scope as TokenScope
from steward.web.anthropic.faults import AnthropicDialect
from steward.web.asgi import Receive, Scope, Send
from steward.web.bodies import Bodies
from steward.web.dialect import Dialect
from steward.web.errors import (
    MethodError,
    UnknownTokenError,
    UnsupportedMediaError,
)
from steward.web.exchange import Exchange
from steward.web.hosts import Hosts
from steward.web.live.hub import Hub
from steward.web.openai.faults import OpenAIDialect
from steward.web.pages.failed import answer_fault
from steward.web.pages.signing import go_on
from steward.web.pages.site import site_routes
from steward.web.rest.admission import Admission
from steward.web.rest.application import build_site
from steward.web.rest.gate import Gate
from steward.web.rest.once import Once
from steward.web.rooms import Rooms
from steward.web.sign_in import SignIn, shown_token

_log = logging.getLogger(__name__)

T = TypeVar("T")

Handle = Callable[[Exchange, Rooms, Principal], Awaitable[None]]
"""Answers one kind of request of somebody who has signed in."""
Tell = Callable[[Exchange, Rooms], Awaitable[None]]
"""Answers one kind of request of anybody."""

_OPENAI, _ANTHROPIC = OpenAIDialect(), AnthropicDialect()
_JSON = re.compile(r"application/json\s*(?:;.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Routes:
    """Path → method → who answers. Paths match as they were sent, byte for byte."""

    signed_in: Mapping[str, Mapping[str, Handle]]
    open: Mapping[str, Mapping[str, Tell]] = field(default_factory=dict[str, Mapping[str, Tell]])
    """What anybody may ask; there is nothing of anybody's in it."""
    scopes: Mapping[str, TokenScope] = field(default_factory=dict[str, TokenScope])
    """Path → what a token must be for; where nothing is said, for calling models."""


class Door:
    """The ASGI application."""

    def __init__(
        self, rooms: Rooms, routes: Routes, hosts: Hosts, sign_in: SignIn, site: Gate
    ) -> None:
        self._rooms = rooms
        self._routes = routes
        self._site = site
        self._hosts = hosts
        self._sign_in = sign_in
        self._bodies = Bodies(WEB_BODIES_BYTES_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        exchange = Exchange(
            scope,
            receive,
            send,
            id_=self._rooms.new_id(),
            bodies=self._bodies,
            is_secure=self._hosts.is_behind_proxy,
        )
        if self._is_of_site(exchange):
            await self._site(scope, receive, send, exchange)
            return
        dialect: Dialect = _ANTHROPIC if _is_anthropic(exchange) else _OPENAI
        try:
            await self._answer(exchange)
        except asyncio.CancelledError:
            if not exchange.connection.is_lost:
                await exchange.fail(exchange.why_ended or _STOPPED, dialect)
        except StewardError as error:
            _log.info("a request was refused: %s", error.code, extra={"request": exchange.id})
            await exchange.fail(error, dialect)
        except Exception as error:  # The outer boundary: one request ends, the server goes on.
            _log.exception("the request %s failed", exchange.id)
            await exchange.fail(error, dialect)

    def _is_of_site(self, exchange: Exchange) -> bool:
        return not (_is_anthropic(exchange) or exchange.path.startswith(_PROGRAMS)) and not (
            exchange.path in self._routes.signed_in or exchange.path in self._routes.open
        )

    async def _answer(self, exchange: Exchange) -> None:
        self._hosts.check(exchange)
        tell = self._routes.open.get(exchange.path)
        if tell is not None:
            await _chosen(tell, exchange)(exchange, self._rooms)
            return
        token = await self._token(exchange)
        principal = await self._sign_in.principal(
            exchange, token, self._routes.scopes.get(exchange.path, "models")
        )
        exchange.connection.trust()
        methods = self._routes.signed_in.get(exchange.path)
        if methods is None:
            known = ", ".join(sorted(self._routes.signed_in))
            raise NotFoundError(f"There is nothing at this address. This server answers {known}.")
        handle = _chosen(methods, exchange)
        if exchange.method == "POST" and not _JSON.fullmatch(exchange.header("content-type") or ""):
            raise UnsupportedMediaError("Send JSON, with `Content-Type: application/json`.")
        with self._sign_in.under_way(exchange, token):
            await handle(exchange, self._rooms, principal)

    async def _token(self, exchange: Exchange) -> str:
        try:
            return shown_token(exchange)
        except UnknownTokenError:
            await self._sign_in.note_failure(exchange, "")
            raise


@asynccontextmanager
async def open_door(rooms: Rooms, routes: Routes, hosts: Hosts) -> AsyncGenerator[Door]:
    """The application, which looks after the tokens of requests under way while it is open."""
    sign_in = SignIn(rooms.tokens, rooms.database, rooms.clock)
    admission = Admission(sign_in, rooms.sessions)
    site = build_site(rooms, sign_in, site_routes(), answer_fault)
    site.state.hub = hub = Hub(rooms.database, rooms.live)
    site.state.admission = admission
    async with asyncio.TaskGroup() as tasks:
        gate = Gate(admission, hosts, answer_fault, go_on, Once(site, rooms, tasks))
        watching = (tasks.create_task(_keep_watching(sign_in)), tasks.create_task(hub.run()))
        try:
            yield Door(rooms, routes, hosts, sign_in, gate)
        finally:
            for watch in watching:
                watch.cancel()


async def _keep_watching(sign_in: SignIn) -> None:
    """Watch, and begin again after a fault: a busy database must not end the server."""
    while True:
        try:
            await sign_in.watch()
        except StewardError as error:
            _log.warning("the tokens of requests under way could not be looked at: %s", error)
            await asyncio.sleep(_AGAIN_AFTER_S)


def _chosen(methods: Mapping[str, T], exchange: Exchange) -> T:
    found = methods.get(exchange.method)
    if found is None:
        allowed = ", ".join(sorted(methods))
        raise MethodError(f"This address takes {allowed} only.", allowed)
    return found


def _is_anthropic(exchange: Exchange) -> bool:
    is_its_path = exchange.path.startswith("/v1/messages")
    return is_its_path or exchange.header("anthropic-version") is not None


_PROGRAMS = "/v1/"
"""Where the addresses of OpenAI's and Anthropic's APIs begin."""
_AGAIN_AFTER_S = 1.0
_STOPPED = UnavailableError("The server is being stopped. Try again in a moment.")
