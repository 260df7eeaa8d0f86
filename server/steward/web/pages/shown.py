"""How a page is made: a template, who looks at it, and what the API answered."""

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import cast
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from steward.core.money import NANO_PER_USD, NanoUsd, as_usd, limit_as_usd
from steward.web.cookie import bounds, cookie_name, signed, unsigned
from steward.web.pages.static_files import static_address, static_files
from steward.web.pages.tones import tone_of
from steward.web.pages.waiting import waiting_for
from steward.web.rest.caller import Caller, exchange_of
from steward.workspace.reveal import reveal

_TEMPLATES = Path(__file__).parent / "templates"
_query: ContextVar[str] = ContextVar("query", default="")
"""What stands after the `?` of the page that is being made."""


def page(
    request: Request,
    name: str,
    caller: Caller | None,
    values: Mapping[str, object],
    status: int = 200,
) -> HTMLResponse:
    """A page made of `templates/NAME.html`. Whatever the values hold is shown as text."""
    seen = {
        "caller": caller,
        "here": request.url.path,
        "csrf": None if caller is None else caller.csrf,
        "told": _told(request, caller),
        "waiting": waiting_for(request),
    }
    query = _query.set(request.url.query)
    try:
        text = _templates().get_template(f"{name}.html").render({**seen, **values})
    finally:
        _query.reset(query)
    made = HTMLResponse(text, status)
    if seen["told"] is not None:
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


async def templates_ready() -> None:
    """Return when every template is read and compiled, which the first page waits for."""
    if not _templates.cache_info().currsize:
        await asyncio.to_thread(_templates)


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    filters = cast(dict[str, object], made.filters)
    filters.update(
        usd=_usd,
        about_usd=_about_usd,
        limit_usd=limit_as_usd,
        when=_when,
        count=_count,
        ago=_ago,
        visible=_visible,
        tone=tone_of,
    )
    names = cast(dict[str, object], made.globals)
    names.update(static=static_address, with_query=_with_query)
    for name in made.list_templates(extensions=["html"]):
        made.get_template(name)
    static_files()  # Their addresses stand in every page.
    return made


def _with_query(**changed: str) -> str:
    """The query of this page with some of it changed, for links that keep the rest."""
    kept = [(name, value) for name, value in parse_qsl(_query.get()) if name not in changed]
    return "?" + urlencode([*kept, *changed.items()])


def _usd(nano_usd: int) -> str:
    return as_usd(NanoUsd(nano_usd))


def _about_usd(nano_usd: int) -> str:
    """A sum for a glance: whole cents from a dollar on. Rounded up as everywhere."""
    if abs(nano_usd) < NANO_PER_USD:
        return as_usd(NanoUsd(nano_usd))
    return as_usd(NanoUsd(nano_usd), places=2)


def _when(at: datetime | None) -> str:
    return "never" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _count(number: int) -> str:
    return f"{number:,}"


def _ago(at: datetime, now: datetime) -> str:
    """How long before `now` something was, in the largest unit that fits: `3 h ago`."""
    passed = now - at
    for unit, length in _UNITS:
        if passed >= length:
            return f"{passed // length} {unit} ago"
    return "just now"


_UNITS = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
)


def _visible(text: str) -> str:
    """The text with each control, bidirectional and zero-width character spelled out."""
    return text if text.isascii() and text.isprintable() else reveal(text)[0]


_TOLD_CHARS_MAX = 500
_TOLD_S = 60
