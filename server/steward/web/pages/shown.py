"""How a page is made: a template, who looks at it, and what the API answered."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from steward.core.money import NanoUsd, as_usd
from steward.web.rest.caller import Caller


def page(
    request: Request,
    name: str,
    caller: Caller | None,
    values: Mapping[str, object],
    status: int = 200,
) -> HTMLResponse:
    """A page made of `templates/NAME.html`. Whatever the values hold is shown as text."""
    made = (
        _templates()
        .get_template(f"{name}.html")
        .render({"caller": caller, "here": request.url.path, **values})
    )
    return HTMLResponse(made, status)


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
