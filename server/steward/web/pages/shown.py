"""How a page is made: a template, who looks at it, and what the API answered."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from steward.core.money import NanoUsd, as_usd
from steward.web.cookie import bounds, cookie_name, signed, unsigned
from steward.web.rest.caller import Caller, exchange_of


def page(
    request: Request,
    name: str,
    caller: Caller | None,
    values: Mapping[str, object],
    status: int = 200,
) -> HTMLResponse:
    """A page made of `templates/NAME.html`. Whatever the values hold is shown as text."""
    given = {
        "caller": caller,
        "here": request.url.path,
        "csrf": None if caller is None else caller.csrf,
        "told": _told(request, caller),
    }
    text = _templates().get_template(f"{name}.html").render({**given, **values})
    made = HTMLResponse(text, status)
    if given["told"] is not None:
        made.headers.append("set-cookie", _told_cookie(request, "", 0))
    return made


def back(request: Request, path: str, caller: Caller, told: str = "") -> Response:
    """On to a page of ours once a form was taken; `told` is said there, once."""
    made = RedirectResponse(path, 303)
    if told and caller.session is not None:
        written = signed(caller.secret, told[:_TOLD_CHARS_MAX])
        made.headers.append("set-cookie", _told_cookie(request, written, _TOLD_S))
    return made


def _told(request: Request, caller: Caller | None) -> str | None:
    written = request.cookies.get(_told_name(request))
    if written is None or caller is None or caller.session is None:
        return None
    return unsigned(caller.secret, written)


def _told_name(request: Request) -> str:
    return f"{cookie_name(exchange_of(request))}-told"


def _told_cookie(request: Request, written: str, seconds: int) -> str:
    return f"{_told_name(request)}={written}; Max-Age={seconds}{bounds(exchange_of(request))}"


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["usd"] = _usd
    made.filters["when"] = _when
    made.filters["count"] = _count
    return made


def _usd(nano_usd: int) -> str:
    return as_usd(NanoUsd(nano_usd))


def _when(at: datetime | None) -> str:
    return "never" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _count(number: int) -> str:
    return f"{number:,}"


_TOLD_CHARS_MAX = 500
_TOLD_S = 60
