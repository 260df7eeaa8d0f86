"""Who asks the API, and what a route may require of them."""

from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request

from steward.core.errors import NotPermittedError
from steward.core.principal import Principal
from steward.permissions.sessions import PageSession
from steward.permissions.tokens import Scope
from steward.web.cookie import proof_of
from steward.web.errors import UnknownTokenError
from steward.web.exchange import Exchange
from steward.web.rooms import Rooms
from steward.web.sign_in import SignIn, why_not_for

API = "/api/v1"
"""Where resources stand; pages stand at the top."""
EXCHANGE = "steward.exchange"
"""Where the request's exchange stands among its ASGI `extensions`."""


CALLER = "steward.caller"
"""Where whoever has signed in stands among them; nowhere, where nobody had to."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who has signed in."""

    principal: Principal
    """With the role and team that our own tables know."""
    scopes: frozenset[Scope]
    """A ceiling: what the person may do besides cannot be done this way."""
    is_person: bool = False
    """Whether a person sits at a page that they opened themselves; only they answer questions."""
    session: PageSession | None = None
    """The session at pages; None where a program shows a token."""
    token_id: str | None = None
    """The token that was shown, now or to open the session; None where there was none."""
    secret: str = field(default="", repr=False)
    """What was shown: the session's secret, or the token."""

    @property
    def csrf(self) -> str | None:
        """What the forms of this session's pages must bear; None where a token is shown."""
        return None if self.session is None else proof_of(self.secret)


def exchange_of(request: Request) -> Exchange:
    """The request as the door knows it."""
    return cast(Exchange, request.scope["extensions"][EXCHANGE])


async def rooms_of(request: Request) -> Rooms:
    """What answers are made with."""
    return cast(Rooms, request.app.state.rooms)


def caller_of(request: Request) -> Caller | None:
    """Who has signed in; None where nobody had to."""
    return cast("Caller | None", request.scope["extensions"].get(CALLER))


async def sign_in_of(request: Request) -> SignIn:
    """What looks at tokens."""
    return cast(SignIn, request.app.state.sign_in)


async def _reading(request: Request) -> Caller:
    return _caller(request, "reports")


async def _managing(request: Request) -> Caller:
    return _caller(request, "manage")


async def _deciding(request: Request) -> Caller:
    caller = _caller(request, "manage")
    if not caller.is_person:
        raise NotPermittedError(
            "Questions are answered by people. Open the page with `steward open`, and answer there,"
            " in the editor or at the terminal."
        )
    return caller


def _caller(request: Request, scope: Scope) -> Caller:
    caller = caller_of(request)
    if caller is None:
        raise UnknownTokenError("Nobody has signed in.")
    if scope not in caller.scopes:
        raise NotPermittedError(why_not_for(scope))
    return caller


Reading = Annotated[Caller, Depends(_reading)]
"""Somebody who may read, as far as their role goes."""
Managing = Annotated[Caller, Depends(_managing)]
"""Somebody who may change things, as far as their role goes."""
Deciding = Annotated[Caller, Depends(_deciding)]
"""A person at a page of their own, who may answer questions."""
Opened = Annotated[Rooms, Depends(rooms_of)]
"""What answers are made with."""
Signing = Annotated[SignIn, Depends(sign_in_of)]
"""What looks at tokens."""
WHO_MAY = {_reading: "reports", _managing: "manage", _deciding: "person"}
"""Dependency → what it asks for: a scope, or a person at a page of their own."""
