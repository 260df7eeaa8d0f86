"""What calls of models cost, added up by whatever is asked for.

Everybody among the organisation's people reads all of it, as with `steward usage`; a token needs
the scope `reports`.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Query
from sqlmodel import Session

from steward.core.errors import NotPermittedError
from steward.ledger.report import (
    After as Behind,
    Span,
    UsageLine as Line,
    usage_by_day,
    usage_part,
    usage_total,
)
from steward.permissions.roles import why_no_report
from steward.web.rest.answer import Answer
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rest.cursor import cursor, parts_of
from steward.web.rest.query import Days, Part
from steward.web.rest.span import days_of
from steward.web.rooms import Rooms

router = APIRouter(prefix="/usage", tags=["usage"])

Dimension = Literal[
    "day", "user", "team", "workspace", "model", "provider", "agent", "task", "session", "extension"
]
SERIES_MAX = 7
"""Names that a chart shows apart; the others are one series together."""


class UsageLine(Answer):
    """One line of a report."""

    name: str
    """The user, model, …; of a report by day, the day."""
    calls: int
    input_tokens: int
    cached_tokens: int
    """Of the input tokens, those that the provider had kept."""
    output_tokens: int
    cost_nano_usd: int


class Usage(Answer):
    """A report."""

    by: Dimension
    since: date
    until: date
    """The last day, included; days are UTC."""
    lines: tuple[UsageLine, ...]
    """The dearest first; days in their order."""
    cost_nano_usd: int
    """Of all calls of these days, those that have no line among them (without an agent, …)."""
    calls: int
    next: str | None = None
    """What to send as `after` for further lines; null where these are all."""
    before_nano_usd: int
    """What as many days cost that ended the day before these began."""


class UsageSeries(Answer):
    """What one name cost, day by day."""

    name: str
    """Empty for all the names that have no series of their own, together."""
    cost_nano_usd: tuple[int, ...]
    """One for each of `days`."""


class UsageOverTime(Answer):
    """A report over time."""

    by: Dimension
    days: tuple[date, ...]
    """Every day of the report, UTC."""
    series: tuple[UsageSeries, ...]
    """Those of the dearest names, and then that of all others where there are any."""


class UsageToday(Answer):
    """What today has cost so far."""

    day: date
    """UTC."""
    calls: int
    input_tokens: int
    output_tokens: int
    cost_nano_usd: int
    month_nano_usd: int
    """What this month has cost so far, today included."""


class UsageWanted(Days):
    """Which report; from the first of this month to today where nothing else is said."""

    by: Dimension | None = None
    """By models where nothing is said."""


class UsagePart(UsageWanted, Part):
    """Which part of a report; 200 lines where nothing is said."""


@router.get("")
async def read_usage(
    caller: Reading, rooms: Opened, wanted: Annotated[UsagePart, Query()]
) -> Usage:
    """What calls cost, by what is asked for."""
    return await report_of(caller, rooms, wanted)


@router.get("/days")
async def read_usage_over_time(
    caller: Reading, rooms: Opened, wanted: Annotated[UsageWanted, Query()]
) -> UsageOverTime:
    """What each day cost, by the dearest names."""
    return await over_time_of(caller, rooms, wanted)


@router.get("/today")
async def read_usage_today(caller: Reading, rooms: Opened) -> UsageToday:
    """What today and this month have cost so far."""
    return await today_of(caller, rooms)


async def usage_of(
    caller: Caller, rooms: Rooms, by: Dimension, since: date | None, until: date | None
) -> Usage:
    """The beginning of a report; raises as `report_of`."""
    return await report_of(caller, rooms, UsagePart(by=by, since=since, until=until))


async def report_of(caller: Caller, rooms: Rooms, wanted: UsagePart) -> Usage:
    """The report that a caller may read.

    Raises:
        NotPermittedError: they are not among the organisation's people.
        InvalidInputError: no day lies between the two, or too many do.
    """
    span, limit = span_of(caller, rooms, wanted), wanted.limit or _USUAL
    tenant, place = caller.principal.tenant_id, _place(wanted.after)
    length = span.last - span.first
    ended = span.first - timedelta(days=1)

    def work(session: Session) -> tuple[Sequence[Line], Line, Line]:
        lines = usage_part(session, tenant, span, place, limit + 1)
        now = usage_total(session, tenant, span.first, span.last)
        return lines, now, usage_total(session, tenant, ended - length, ended)

    found, total, before = await rooms.database.read(work)
    shown, last = found[:limit], found[limit - 1] if len(found) > limit else None
    return Usage(
        by=wanted.by or "model",
        since=span.first,
        until=span.last,
        lines=tuple(line_of(line) for line in shown),
        cost_nano_usd=total.cost_nano_usd,
        calls=total.calls,
        next=None if last is None else cursor(last.cost_nano_usd, last.name),
        before_nano_usd=before.cost_nano_usd,
    )


async def over_time_of(caller: Caller, rooms: Rooms, wanted: UsageWanted) -> UsageOverTime:
    """The report over time that a caller may read; raises as `report_of`."""
    span, tenant = span_of(caller, rooms, wanted), caller.principal.tenant_id

    def work(session: Session) -> dict[str, dict[str, int]]:
        lines = () if span.by == "all" else usage_part(session, tenant, span, None, SERIES_MAX)
        names = [line.name for line in lines]
        series: dict[str, dict[str, int]] = {name: {} for name in names}
        for each in usage_by_day(session, tenant, span, names):
            series.setdefault(each.name, {})[each.day] = each.cost_nano_usd
        return series

    found = await rooms.database.read(work)
    days = [span.first + timedelta(days=n) for n in range((span.last - span.first).days + 1)]
    return UsageOverTime(
        by=wanted.by or "model",
        days=tuple(days),
        series=tuple(
            UsageSeries(
                name=name, cost_nano_usd=tuple(costs.get(day.isoformat(), 0) for day in days)
            )
            for name, costs in found.items()
        ),
    )


async def today_of(caller: Caller, rooms: Rooms) -> UsageToday:
    """What today cost so far; raises as `report_of`."""
    span, tenant = span_of(caller, rooms, UsageWanted(by="day")), caller.principal.tenant_id

    def work(session: Session) -> tuple[Line, Line]:
        today = usage_total(session, tenant, span.last, span.last)
        return today, usage_total(session, tenant, span.first, span.last)

    today, month = await rooms.database.read(work)
    return UsageToday(
        day=span.last,
        calls=today.calls,
        input_tokens=today.input_tokens,
        output_tokens=today.output_tokens,
        cost_nano_usd=today.cost_nano_usd,
        month_nano_usd=month.cost_nano_usd,
    )


def span_of(caller: Caller, rooms: Rooms, wanted: UsageWanted) -> Span:
    """The days of a report; raises as `report_of`."""
    if (refusal := why_no_report(caller.principal)) is not None:
        raise NotPermittedError(refusal)
    first, last = days_of(rooms, wanted.since, wanted.until)
    by = wanted.by or "model"
    return Span("all" if by == "day" else by, first, last)


def line_of(line: Line) -> UsageLine:
    """A line as it is sent."""
    return UsageLine(
        name=line.name,
        calls=line.calls,
        input_tokens=line.input_tokens,
        cached_tokens=line.cached_tokens,
        output_tokens=line.output_tokens,
        cost_nano_usd=line.cost_nano_usd,
    )


def _place(after: str | None) -> Behind | None:
    if after is None:
        return None
    cost, name = parts_of(after, (int, str))
    return Behind(cast("int", cost), cast("str", name))


_USUAL = 200
