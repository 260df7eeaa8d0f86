"""Signing in and out at a page.

A link's secret stands behind the `#` of its address: a browser sends that to nobody, so it is in
no log and no referrer, and a program that loads addresses to look at them uses nothing up. A
script of ours moves it into a form and out of the address; without scripts a person does. Only
the form, which a person sends, uses the link up. See docs/decisions/0039.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from steward.core.errors import NotPermittedError, StewardError
from steward.permissions.roles import why_no_report
from steward.web.cookie import forgotten_cookie, kept_cookie, shown_session
from steward.web.dialect import said, status_of
from steward.web.errors import ForeignError, UnknownTokenError
from steward.web.exchange import Exchange
from steward.web.pages.shown import page, templates_ready
from steward.web.rest.caller import Opened, Signing, caller_of, exchange_of
from steward.web.rooms import Rooms
from steward.web.sign_in import SignIn, why_not_for

router = APIRouter()

Typed = Annotated[str, Form(max_length=200)]
"""What somebody types into a field to sign in."""


async def go_on(request: Request) -> Response:
    """What a link on another site leads to: a page with nothing on it that goes on to ours."""
    await templates_ready()
    return page(request, "go_on", None, {"to": exchange_of(request).target})


@router.get("/sign-in")
async def sign_in_page(request: Request, then: str = "/") -> HTMLResponse:
    """Where somebody shows a token, or learns how to come without one."""
    return _asked(request, "sign_in", then)


@router.post("/sign-in")
async def sign_in(
    request: Request, rooms: Opened, signing: Signing, token: Typed = "", then: str = Form("/")
) -> Response:
    """Open a session with a personal token: it has the token's scopes, and ends with it."""
    exchange = exchange_of(request)
    try:
        _check_own_page(exchange)
        return await _with_token(exchange, rooms, signing, token.strip(), then)
    except StewardError as error:
        return _asked(request, "sign_in", then, error)


@router.get("/sign-in/link")
async def link_page(request: Request, then: str = "/") -> HTMLResponse:
    """Where a link leads: one button, and nothing is used up before it is pressed."""
    return _asked(request, "link", then)


@router.post("/sign-in/link")
async def follow_link(
    request: Request, rooms: Opened, signing: Signing, link: Typed = "", then: str = Form("/")
) -> Response:
    """Open a session with a link, which opens nothing from then on."""
    exchange = exchange_of(request)
    try:
        _check_own_page(exchange)
        secret = await rooms.sessions.enter(link.strip(), exchange.address)
        if secret is None:
            await signing.note_failure(exchange, link)
            raise UnknownTokenError(
                "This link opens nothing: it was used, is older than a minute, or was never made"
                " here. Run `steward open` again."
            )
        return await _entered(exchange, rooms, secret, then)
    except StewardError as error:
        return _asked(request, "link", then, error)


@router.post("/sign-out")
async def sign_out(request: Request, rooms: Opened, everywhere: bool = Form(False)) -> Response:
    """End this session, or all of this person's."""
    exchange, caller = exchange_of(request), caller_of(request)
    if caller is not None and caller.session is not None:
        if everywhere:
            if "manage" not in caller.scopes:
                raise NotPermittedError(why_not_for("manage"))
            await rooms.sessions.end_all(caller.principal)
        else:
            await rooms.sessions.end(caller.session)
    return _gone_to("/sign-in", forgotten_cookie(exchange))


async def _with_token(
    exchange: Exchange, rooms: Rooms, signing: SignIn, token: str, then: str
) -> Response:
    holder = await signing.holder(exchange, token)
    if "reports" not in holder.scopes:
        raise NotPermittedError(
            "This token may not read reports, so it opens no page. Make one with the scopes"
            " `reports` and, to change things, `manage`."
        )
    principal = await signing.identified(holder.principal())
    if (refusal := why_no_report(principal)) is not None:
        raise NotPermittedError(refusal)
    secret = await rooms.sessions.enter_with(holder, exchange.address)
    return await _entered(exchange, rooms, secret, then)


async def _entered(exchange: Exchange, rooms: Rooms, secret: str, then: str) -> Response:
    """On to the page that was wanted, in a session that nobody else can have chosen."""
    before = shown_session(exchange)
    found = None if before is None else await rooms.sessions.verify(before)
    if found is not None:
        await rooms.sessions.end(found)
    return _gone_to(_own_page(then), kept_cookie(exchange, secret))


def _asked(
    request: Request, name: str, then: str, error: StewardError | None = None
) -> HTMLResponse:
    values = {"then": _own_page(then), "wrong": None if error is None else said(error)}
    return page(request, name, None, values, 200 if error is None else status_of(error))


def _gone_to(path: str, cookie: str) -> Response:
    made = RedirectResponse(path, 303)
    made.headers.append("set-cookie", cookie)
    return made


def _own_page(then: str) -> str:
    """The page to go on to: one of ours, whatever a link says."""
    is_own = then.startswith("/") and not then.startswith("//") and "\\" not in then
    return then if is_own and then.isascii() and then.isprintable() else "/"


def _check_own_page(exchange: Exchange) -> None:
    """Somebody else's page must not sign a person in, to a session of its own choice."""
    if exchange.header("origin") != exchange.origin:
        raise ForeignError("Sign in at the page of this server itself.")
