"""Pages of usage and of the log of requests."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from steward.web.pages import budgets, keys, prices
from steward.web.pages.shown import page
from steward.web.rest.caller import Opened, Reading
from steward.web.rest.requests import CallFilter, request_of, requests_of
from steward.web.rest.usage import (
    UsageOverTime,
    UsagePart,
    UsageWanted,
    over_time_of,
    report_of,
    today_of,
)

router = APIRouter()
for each in (budgets, prices, keys):
    router.include_router(each.router)

DIMENSIONS = (
    *("model", "user", "team", "workspace", "provider", "agent", "task", "session", "extension"),
    "day",
)
_DAYS_DRAWN_MAX = 366
"""A line of more days has no room on a page."""
_OTHERS = "all others"


@router.get("/usage")
async def usage_page(
    request: Request, caller: Reading, rooms: Opened, wanted: Annotated[UsagePart, Query()]
) -> HTMLResponse:
    """What calls of models cost."""
    usage = await report_of(caller, rooms, wanted)
    drawn = None
    if usage.until - usage.since < timedelta(days=_DAYS_DRAWN_MAX):
        whole = UsageWanted(by=usage.by, since=usage.since, until=usage.until)
        drawn = _drawn(await over_time_of(caller, rooms, whole))
    values = {
        "usage": usage,
        "today": await today_of(caller, rooms),
        "drawn": drawn,
        "dimensions": DIMENSIONS,
        "change_percent": _change_percent(usage.before_nano_usd, usage.cost_nano_usd),
        "is_first_part": wanted.after is None,
    }
    return page(request, "usage", caller, values)


@router.get("/requests")
async def requests_page(
    request: Request, caller: Reading, rooms: Opened, wanted: Annotated[CallFilter, Query()]
) -> HTMLResponse:
    """The log of calls of models."""
    calls = await requests_of(caller, rooms, wanted)
    return page(request, "requests", caller, {"calls": calls, "wanted": wanted})


@router.get("/requests/{request_id:path}")
async def request_page(
    request: Request, caller: Reading, rooms: Opened, request_id: str
) -> HTMLResponse:
    """One request with all its attempts."""
    found = await request_of(caller, rooms, request_id)
    return page(request, "request", caller, {"found": found})


def _drawn(found: UsageOverTime) -> dict[str, object]:
    """The days and lines of the chart."""
    names = {each.name for each in found.series}
    others = _OTHERS if _OTHERS not in names else f"{_OTHERS}, together"
    whole = "cost" if found.by == "day" else others
    return {
        "days": [str(day) for day in found.days],
        "series": {each.name or whole: list(each.cost_nano_usd) for each in found.series},
    }


def _change_percent(before: int, now: int) -> int | None:
    """How much more than before, of a hundred; None where nothing was spent before."""
    return None if not before else round(100 * (now - before) / before)
