"""The first page: what matters today."""

from datetime import UTC, date, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from steward.core.errors import NotPermittedError
from steward.web.pages.shown import page
from steward.web.rest.answer import Paged
from steward.web.rest.approvals import ApprovalFilter, approvals_of
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rest.run_answers import RunLine
from steward.web.rest.runs import RunFilter, runs_of
from steward.web.rest.usage import Usage, usage_of
from steward.web.rooms import Rooms

router = APIRouter()

_SHOWN_MAX = 8


@router.get("/")
async def overview_page(request: Request, caller: Reading, rooms: Opened) -> HTMLResponse:
    """What was spent, what waits, what runs, and how everything stands."""
    now = rooms.clock.now().astimezone(UTC)
    today = now.date()
    usage = await usage_of(caller, rooms, "day", today.replace(day=1), today)
    values = {
        "now": now,
        "usage": usage,
        "waits": await approvals_of(caller, rooms, ApprovalFilter(), _SHOWN_MAX),
        "runs": await _open_runs(caller, rooms),
        **_daily(usage, today),
    }
    return page(request, "overview", caller, values)


async def _open_runs(caller: Caller, rooms: Rooms) -> Paged[RunLine]:
    """Everybody's runs under way for those who may see them, one's own for others."""
    try:
        everybody = RunFilter(whose="everybody", state="open")
        return await runs_of(caller, rooms, everybody, _SHOWN_MAX)
    except NotPermittedError:
        return await runs_of(caller, rooms, RunFilter(state="open"), _SHOWN_MAX)


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
