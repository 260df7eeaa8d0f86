"""What happened, in figures: sums of events, and the newest of them one by one."""

from collections.abc import Sequence
from datetime import date, datetime

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from steward.operations.happenings import Asked, By, Line, newest, sums_by
from steward.operations.tables import EventRow
from steward.permissions.people import permit_figures
from steward.web.rest.answer import Answer, Paged
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rest.csv_file import csv_file
from steward.web.rest.cursor import cursor, number_after
from steward.web.rest.query import Day, Limit, Name
from steward.web.rest.span import days_of
from steward.web.rooms import Rooms

router = APIRouter(prefix="/events", tags=["events"])


class EventSum(Answer):
    """All events of one name and outcome that have something in common."""

    group: str
    """The name, day, agent, model, subject or user."""
    name: str
    """Such as AI_REQUEST."""
    outcome: str
    count: int
    input_tokens: int
    output_tokens: int
    cost_nano_usd: int
    took_ms: int
    """All together."""


class EventSums(Answer):
    """A report of what happened."""

    by: By
    since: date
    until: date
    """The last day, included; days are UTC."""
    user: str | None
    """Whose; null for everybody's."""
    sums: tuple[EventSum, ...]


class EventTold(Answer):
    """One event. There is no text in it, no path and no name of a workspace."""

    id: int
    at: datetime
    name: str
    user: str
    run_id: str
    agent: str
    subject: str
    """What was used: the purpose of a model call, a tool, the kind of a proposal."""
    model: str
    outcome: str
    input_tokens: int
    output_tokens: int
    cost_nano_usd: int
    took_ms: int
    count: int
    """One; of EVENTS_LOST how many."""


@router.get("")
async def read_events(  # noqa: PLR0913  A report has this many filters.
    caller: Reading,
    rooms: Opened,
    by: By = "name",
    since: Day = None,
    until: Day = None,
    name: Name | None = None,
    everybody: bool = False,
) -> EventSums:
    """How often each event happened; your own, or everybody's for owners and admins."""
    return await events_of(caller, rooms, by, (since, until), name, everybody=everybody)


@router.get("/newest")
async def read_newest_events(  # noqa: PLR0913
    caller: Reading,
    rooms: Opened,
    since: Day = None,
    until: Day = None,
    name: Name | None = None,
    everybody: bool = False,
    limit: Limit = 50,
    after: str | None = None,
) -> Paged[EventTold]:
    """The events one by one, the newest first."""
    return await newest_of(caller, rooms, (since, until), name, (limit, after), everybody=everybody)


@router.get(
    "/export",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_events(  # noqa: PLR0913
    caller: Reading,
    rooms: Opened,
    by: By = "name",
    since: Day = None,
    until: Day = None,
    name: Name | None = None,
    everybody: bool = False,
) -> Response:
    """The same sums as a CSV file."""
    found = await events_of(caller, rooms, by, (since, until), name, everybody=everybody)
    return csv_file("events", tuple(EventSum.model_fields), map(_cells, found.sums))


async def events_of(
    caller: Caller,
    rooms: Rooms,
    by: By,
    days: tuple[date | None, date | None],
    name: str | None,
    *,
    everybody: bool,
) -> EventSums:
    """The sums that a caller may read.

    Raises:
        NotPermittedError: they are everybody's, and they may not read how others work.
        InvalidInputError: no day lies between the two.
    """
    asked = _asked(caller, rooms, days, name, is_everybodys=everybody or by == "user")

    def work(session: Session) -> Sequence[Line]:
        _permit(session, caller, asked)
        return sums_by(session, by, asked)

    found = await rooms.database.read(work)
    return EventSums(
        by=by,
        since=asked.first,
        until=asked.last,
        user=asked.user,
        sums=tuple(
            EventSum(
                group=line.group,
                name=line.name,
                outcome=line.outcome,
                count=line.count,
                input_tokens=line.input_tokens,
                output_tokens=line.output_tokens,
                cost_nano_usd=line.cost_nano_usd,
                took_ms=line.took_ms,
            )
            for line in found
        ),
    )


async def newest_of(
    caller: Caller,
    rooms: Rooms,
    days: tuple[date | None, date | None],
    name: str | None,
    page: tuple[int, str | None],
    *,
    everybody: bool,
) -> Paged[EventTold]:
    """The newest events that a caller may read; `page` is how many, and behind which.

    Raises:
        NotPermittedError, InvalidInputError: as `events_of`.
    """
    asked = _asked(caller, rooms, days, name, is_everybodys=everybody)
    limit, after = page[0], number_after(page[1])

    def work(session: Session) -> Sequence[EventRow]:
        _permit(session, caller, asked)
        return newest(session, asked, limit + 1, after)

    rows = await rooms.database.read(work)
    items = tuple(_told(row) for row in rows[:limit])
    return Paged(items=items, next=cursor(items[-1].id) if len(rows) > limit else None)


def _asked(
    caller: Caller,
    rooms: Rooms,
    days: tuple[date | None, date | None],
    name: str | None,
    *,
    is_everybodys: bool,
) -> Asked:
    first, last = days_of(rooms, *days)
    user = None if is_everybodys else caller.principal.user
    return Asked(caller.principal.tenant_id, first, last, user, name)


def _permit(session: Session, caller: Caller, asked: Asked) -> None:
    if asked.user is None:
        permit_figures(session, caller.principal)


def _told(row: EventRow) -> EventTold:
    return EventTold.model_validate(row.model_dump(exclude={"tenant_id"}))


def _cells(line: EventSum) -> Sequence[object]:
    return tuple(line.model_dump().values())
