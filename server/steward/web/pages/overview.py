"""The first page: what matters today."""

from datetime import UTC, date, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from steward.core.errors import NotPermittedError
from steward.web.pages.shown import page
from steward.web.rest.answer import Paged
from steward.web.rest.approvals import ApprovalFilter, approvals_of
from steward.web.rest.budgets import AccountsWanted, Budget, budgets_of
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rest.health import HealthReport, health_of
from steward.web.rest.run_answers import RunLine
from steward.web.rest.runs import RunFilter, runs_of
from steward.web.rest.usage import Usage, usage_of
from steward.web.rooms import Rooms

router = APIRouter()

_SHOWN_MAX = 8
_BUDGETS_SHOWN_MAX = 4
_BUDGETS_READ_MAX = 200


@router.get("/")
async def overview_page(request: Request, caller: Reading, rooms: Opened) -> HTMLResponse:
    """What was spent, what waits, what runs, and how everything stands."""
    now = rooms.clock.now().astimezone(UTC)
    today = now.date()
    usage = await usage_of(caller, rooms, "day", today.replace(day=1), today)
    values = {
        "now": now,
        "usage": usage,
        "waits": await approvals_of(caller, rooms, ApprovalFilter(limit=_SHOWN_MAX)),
        "runs": await _open_runs(caller, rooms),
        "budgets": await _tightest(caller, rooms),
        "health": await _health(caller, rooms),
        **_daily(usage, today),
    }
    return page(request, "overview", caller, values)


async def _open_runs(caller: Caller, rooms: Rooms) -> Paged[RunLine]:
    """Everybody's runs under way for those who may see them, one's own for others."""
    try:
        everybody = RunFilter(whose="everybody", state="open", limit=_SHOWN_MAX)
        return await runs_of(caller, rooms, everybody)
    except NotPermittedError:
        return await runs_of(caller, rooms, RunFilter(state="open", limit=_SHOWN_MAX))


async def _tightest(caller: Caller, rooms: Rooms) -> list[Budget]:
    """The limited accounts of which the most is used up, the fullest first."""
    wanted = AccountsWanted(limit=_BUDGETS_READ_MAX)
    limited = list[Budget]()
    while True:
        found = await budgets_of(caller, rooms, wanted)
        limited += [each for each in found.items if each.hard_nano_usd is not None]
        if found.next is None:
            break
        wanted = wanted.model_copy(update={"after": found.next})
    return sorted(limited, key=_fullness, reverse=True)[:_BUDGETS_SHOWN_MAX]


def _fullness(budget: Budget) -> float:
    """The used part of a limit; a limit of nothing is used up."""
    return budget.spent_nano_usd / budget.hard_nano_usd if budget.hard_nano_usd else 1


async def _health(caller: Caller, rooms: Rooms) -> HealthReport | None:
    """How everything stands; None for those who may not see it."""
    try:
        return await health_of(caller, rooms)
    except NotPermittedError:
        return None


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
