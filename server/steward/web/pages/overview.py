"""The first page: what matters today."""

from datetime import UTC, date, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from steward.web.pages.shown import page
from steward.web.rest.caller import Opened, Reading
from steward.web.rest.usage import Usage, usage_of

router = APIRouter()


@router.get("/")
async def overview_page(request: Request, caller: Reading, rooms: Opened) -> HTMLResponse:
    """What was spent, what waits, what runs, and how everything stands."""
    today = rooms.clock.now().astimezone(UTC).date()
    usage = await usage_of(caller, rooms, "day", today.replace(day=1), today)
    values = {"today": today, "usage": usage, **_daily(usage, today)}
    return page(request, "overview", caller, values)


def _daily(usage: Usage, today: date) -> dict[str, object]:
    """The cost of each day of the month so far, those without a call included."""
    costs = {line.name: line.cost_nano_usd for line in usage.lines}
    first = usage.since
    days = [str(first + timedelta(days=count)) for count in range((today - first).days + 1)]
    return {
        "days": days,
        "costs": [costs.get(day, 0) for day in days],
        "calls": sum(line.calls for line in usage.lines),
        "today_nano_usd": costs.get(str(today), 0),
    }
