"""The one way into the site: nothing in it is reached but by whoever has signed in.

A route cannot forget this. Who asks is known before a byte of a body is read; what a body may be,
and that a browser's change comes from one of our own pages, is looked at before any route runs.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from fastapi import Request, Response

from steward.core.errors import InvalidInputError, NotFoundError, StewardError, UnavailableError
from steward.web.asgi import Receive, Scope, Send
from steward.web.errors import UnsupportedMediaError
from steward.web.exchange import Exchange
from steward.web.hosts import Hosts, is_arrival
from steward.web.json_body import read_json
from steward.web.limits import FORM_BYTES_MAX, FORM_FIELDS_MAX
from steward.web.rest.admission import Admission, check_proof
from steward.web.rest.caller import API, CALLER, EXCHANGE, Caller
from steward.web.rest.once import Once, said_body
from steward.web.rest.told import Telling, correlation_of

_log = logging.getLogger(__name__)

AnswerFault = Callable[[Request, Exception], Awaitable[Response]]
"""How the site tells an error, to a program or to somebody before a browser."""
GoOn = Callable[[Request], Awaitable[Response]]
"""A page without anybody's data that goes on to the address that was asked for."""

SAFE = ("GET", "HEAD")
"""Methods that change nothing."""
_OPEN = ("/sign-in", "/sign-in/link")
"""Pages for anybody: there is nothing of anybody's on them."""
_STATIC = "/static/"
_JSON = re.compile(r"application/json\s*(?:;.*)?", re.IGNORECASE)
_FORM = re.compile(r"application/x-www-form-urlencoded\s*(?:;.*)?", re.IGNORECASE)


class Gate:
    """The site as the door knows it."""

    def __init__(
        self,
        admission: Admission,
        hosts: Hosts,
        answer_fault: AnswerFault,
        go_on: GoOn,
        once: Once,
    ) -> None:
        self._admission = admission
        self._hosts = hosts
        self._answer_fault = answer_fault
        self._go_on = go_on
        self._once = once

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send, exchange: Exchange
    ) -> None:
        """Answer one request, whatever happens."""
        extensions = {**scope["extensions"], EXCHANGE: exchange}
        telling = Telling(exchange, send)
        request = Request({**scope, "extensions": extensions}, receive, telling.send)
        try:
            await self._answer(request, exchange, telling)
        except asyncio.CancelledError:
            if exchange.connection.is_lost or telling.has_begun:
                raise
            await self._fail(request, exchange.why_ended or _STOPPED, telling)
        except StewardError as error:
            ids = {"request": exchange.id, "correlation": correlation_of(exchange)}
            _log.info("a request was refused: %s", error.code, extra=ids)
            await self._fail(request, error, telling)
        except Exception as error:  # The outer boundary: one request ends, the server goes on.
            _log.exception("the request %s failed", exchange.id)
            await self._fail(request, error, telling)

    async def _fail(self, request: Request, error: Exception, telling: Telling) -> None:
        # What has begun was answered already, or is cut off: nothing is answered twice.
        if not telling.has_begun:
            answer = await self._answer_fault(request, error)
            await answer(request.scope, request.receive, telling.send)

    async def _answer(self, request: Request, exchange: Exchange, telling: Telling) -> None:
        path: str = request.scope["path"]
        if is_arrival(exchange) and not path.startswith((API, _STATIC)):
            self._hosts.check_meant(exchange)
            if path not in _OPEN:
                # `//elsewhere` is one of our paths, and to a browser that goes on to it a host.
                _check_spelling(path)
                # What is strictly this site's own does not come along from another one.
                page = await self._go_on(request)
                await page(request.scope, request.receive, telling.send)
                return
        else:
            self._hosts.check(exchange)
        if path not in _OPEN and not path.startswith(_STATIC):
            request.scope["extensions"][CALLER] = await self._admission.caller(exchange)
        _check_spelling(path)
        if exchange.method in SAFE:
            await self._once.site(request.scope, said_body(b"", request.receive), telling.send)
            return
        body = await self._body(request, exchange)
        await self._once.answer(request, body, telling)

    async def _body(self, request: Request, exchange: Exchange) -> bytes:
        body = await exchange.body(FORM_BYTES_MAX)
        kind = exchange.header("content-type") or ""
        form: dict[str, str] = {}
        if request.scope["path"].startswith(f"{API}/"):
            if body:
                if _JSON.fullmatch(kind) is None:
                    raise UnsupportedMediaError("Send JSON, with `Content-Type: application/json`.")
                await read_json(body)
        elif _FORM.fullmatch(kind) is not None:
            form = _form(body)
        caller: Caller | None = request.scope["extensions"].get(CALLER)
        if caller is not None:
            check_proof(caller, exchange.header("x-csrf-token") or form.get("csrf"))
        return body


def _form(body: bytes) -> dict[str, str]:
    try:
        written = body.decode("ascii")
        return dict(parse_qsl(written, keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX))
    except ValueError as error:
        raise InvalidInputError("The form cannot be read, or has too many fields.") from error


def _check_spelling(path: str) -> None:
    """What is decoded is what is routed and what is refused: a path has one meaning."""
    parts = path.split("/")[1:]
    if (
        not path.isprintable()
        or "\\" in path
        or any(each in ("", ".", "..") for each in parts[:-1])
    ):
        raise NotFoundError("There is nothing at this address.")


_STOPPED = UnavailableError("The server is being stopped. Try again in a moment.")
