"""A change is made to its end once it has begun, once under a client's key, and is written down."""

import asyncio
import logging
from typing import Any

from fastapi import Request
from sqlmodel import Session

from steward.core import audit
from steward.web.asgi import Application, Message, Receive
from steward.web.exchange import Exchange
from steward.web.rest.caller import API, Caller, caller_of, exchange_of
from steward.web.rest.repeated import Answered, Change, Repeats, named_change
from steward.web.rest.told import Telling, correlation_of
from steward.web.rooms import Rooms

_log = logging.getLogger(__name__)


class Once:
    """Passes changes to the site."""

    def __init__(self, site: Application, rooms: Rooms, tasks: asyncio.TaskGroup) -> None:
        self.site = site
        """Every resource and page."""
        self._rooms = rooms
        self._repeats = Repeats(rooms.database, rooms.clock)
        self._tasks = tasks

    async def answer(self, request: Request, body: bytes, telling: Telling) -> None:
        """Answer a request that may change something."""
        exchange, caller = exchange_of(request), caller_of(request)
        correlation = correlation_of(exchange)
        is_of_api = request.scope["path"].startswith(f"{API}/")
        change = named_change(exchange, caller, body) if caller is not None and is_of_api else None
        if change is None:
            await self.site(request.scope, said_body(body, request.receive), telling.send)
        else:
            await self._answer_once(request, body, telling, change)
        if caller is not None and correlation is not None:
            await self._write_down(exchange, caller, correlation, telling.status)

    async def _answer_once(
        self, request: Request, body: bytes, telling: Telling, change: Change
    ) -> None:
        kept = await self._repeats.claim(change)
        if kept is not None:
            await kept.tell(telling.send)
            return
        # Who asks may leave: they will ask again, and then it must be known what came of it.
        made = await asyncio.shield(self._tasks.create_task(self._made(request, body, change)))
        if isinstance(made, Exception):
            raise made
        await made.tell(telling.send)

    async def _made(self, request: Request, body: bytes, change: Change) -> Answered | Exception:
        answered = Answered()
        try:
            try:
                await self.site(request.scope, said_body(body, _silence), answered.send)
            except Exception:  # The site has answered it by then, and lets its server know.
                _log.exception("the request %s failed", exchange_of(request).id)
            await self._repeats.keep(change, answered)
        except Exception as error:  # The outer boundary: whoever waits is told, nobody else falls.
            return error
        return answered if answered.status else RuntimeError("the site did not answer")

    async def _write_down(
        self, exchange: Exchange, caller: Caller, correlation: str, status: int
    ) -> None:
        """What belongs together in a client's eyes can be found in the trail by its name."""
        at = self._rooms.clock.now()
        detail = {
            "method": exchange.method,
            "path": exchange.path[:_PATH_CHARS_MAX],
            "status": status,
            "correlation_id": correlation,
        }

        def work(session: Session) -> None:
            audit.append(
                session,
                at=at,
                tenant_id=caller.principal.tenant_id,
                actor=caller.principal.user,
                action="request.answered",
                subject=f"request {exchange.id}",
                detail=detail,
            )

        await self._rooms.database.run(work)


def said_body(body: bytes, receive: Receive) -> Receive:
    """The body that was read, and then only that the client has left."""
    is_said = False

    async def next_message() -> Message:
        nonlocal is_said
        if not is_said:
            is_said = True
            return {"type": "http.request", "body": body, "more_body": False}
        while True:
            message: Any = await receive()
            if message["type"] == "http.disconnect":
                return message

    return next_message


async def _silence() -> Message:
    """Nobody leaves while a change under a key is made."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError("nobody completes it")


_PATH_CHARS_MAX = 500
