"""Who asks the API, and what a route may require of them."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from steward.core.errors import NotPermittedError
from steward.core.principal import Principal
from steward.permissions.tokens import Scope
from steward.web.exchange import Exchange
from steward.web.rooms import Rooms
from steward.web.sign_in import SignIn, shown_token

EXCHANGE = "steward.exchange"
"""Where the request's exchange stands among its ASGI `extensions`."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who has signed in."""

    principal: Principal
    """With the role and team that our own tables know."""
    scopes: frozenset[Scope]
    """A ceiling: what the person may do besides cannot be done this way."""
    is_person: bool = False
    """Whether a person sits at a page that they opened themselves; only they answer questions."""


def exchange_of(request: Request) -> Exchange:
    """The request as the door knows it."""
    return cast(Exchange, request.scope["extensions"][EXCHANGE])


def rooms_of(request: Request) -> Rooms:
    """What answers are made with."""
    return cast(Rooms, request.app.state.rooms)


async def _reading(request: Request) -> Caller:
    return await _caller(request, "reports")


async def _managing(request: Request) -> Caller:
    return await _caller(request, "manage")


async def _deciding(request: Request) -> Caller:
    caller = await _caller(request, "manage")
    if not caller.is_person:
        raise NotPermittedError(
            "Questions are answered by people. Open the page with `steward open`, and answer there,"
            " in the editor or at the terminal."
        )
    return caller


async def _caller(request: Request, scope: Scope) -> Caller:
    exchange, sign_in = exchange_of(request), cast(SignIn, request.app.state.sign_in)
    token = shown_token(exchange)
    principal = await sign_in.principal(exchange, token, scope)
    exchange.connection.trust()
    return Caller(principal, frozenset((scope,)))


Reading = Annotated[Caller, Depends(_reading)]
"""Somebody who may read, as far as their role goes."""
Managing = Annotated[Caller, Depends(_managing)]
"""Somebody who may change things, as far as their role goes."""
Deciding = Annotated[Caller, Depends(_deciding)]
"""A person at a page of their own, who may answer questions."""
Opened = Annotated[Rooms, Depends(rooms_of)]
"""What answers are made with."""
