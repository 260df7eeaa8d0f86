"""How long things take, how often they fail, and what of that is not as usual."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, cast, get_args

from fastapi import APIRouter, Query
from sqlmodel import Session

from steward.core.errors import InvalidInputError, NotPermittedError
from steward.core.timings import Part
from steward.operations.anomalies import Anomaly, told
from steward.operations.performance import Asked, By, Took, hour_of, took
from steward.permissions.roles import why_no_report
from steward.web.rest.answer import Answer
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rest.query import Name
from steward.web.rooms import Rooms

router = APIRouter(prefix="/performance", tags=["performance"])

_HOURS_MAX = 24 * 31
_DAYS_MAX = 400
Hours = Annotated[int, Query(ge=1, le=_DAYS_MAX * 24)]


class Latency(Answer):
    """How long one thing took. Shares of time are told to within a tenth."""

    part: Part
    """What it is of: a provider, the database, the sandbox, a socket, an extension."""
    name: str
    """Which one: a model, a kind of database, a level of the sandbox, an extension."""
    measure: str
    """Of a provider `answer` and `first token`; of the database `wait` for the writer, `write`
    and `read`; of the sandbox `start` and `command`; of a socket `connected`; of an extension
    what it was given."""
    when: str
    """The hour or the day (UTC); empty where all of it is together."""
    count: int
    failed: int
    error_rate: float
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


class Mark(Answer):
    """Something that is slower, or fails more often, than it usually does."""

    part: Part
    name: str
    measure: str
    kind: Literal["slow", "failing"]
    hour: str
    """UTC, `2026-11-22T15`."""
    count: int
    """How often it happened in that hour."""
    now: float
    """Of what is slow the 95th percentile in seconds, of what fails the share."""
    usual: float
    most: float
    """What it may be without being marked."""
    told: str
    """All of it in a sentence."""


class Performance(Answer):
    """How things stand."""

    by: By | Literal["all"]
    since: datetime
    until: datetime
    lines: tuple[Latency, ...]
    anomalies: tuple[Mark, ...]
    """What is not as usual now, whatever was asked about."""


@router.get("")
async def read_performance(  # noqa: PLR0913  A report has this many filters.
    caller: Reading,
    rooms: Opened,
    hours: Hours = 24,
    by: By | Literal["all"] = "all",
    part: Part | None = None,
    name: Name | None = None,
    measure: Name | None = None,
) -> Performance:
    """How long things took in the last hours, all together, by the hour or by the day."""
    return await performance_of(caller, rooms, hours, by, (part, name, measure))


@router.get("/anomalies")
async def read_anomalies(caller: Reading, rooms: Opened) -> tuple[Mark, ...]:
    """What is slower, or fails more often, than it usually does."""
    _permit(caller)
    return tuple(map(_mark, await rooms.metrics.lookout.now()))


async def performance_of(
    caller: Caller,
    rooms: Rooms,
    hours: int,
    by: By | Literal["all"] = "all",
    which: tuple[str | None, str | None, str | None] = (None, None, None),
) -> Performance:
    """The figures that a caller may read; `which` is part, name and measure.

    Raises:
        NotPermittedError: they are not among the organisation's people.
        InvalidInputError: these are too many hours for one answer.
    """
    _permit(caller)
    if by == "hour" and hours > _HOURS_MAX:
        raise InvalidInputError(f"By the hour at most {_HOURS_MAX} hours are told; ask by day.")
    now = rooms.clock.now().astimezone(UTC)
    since = now - timedelta(hours=hours - 1)
    asked = Asked(
        caller.principal.tenant_id,
        hour_of(since),
        hour_of(now),
        None if by == "all" else by,
        *which,
    )

    def work(session: Session) -> tuple[Took, ...]:
        return took(session, asked)

    found = await rooms.database.read(work)
    return Performance(
        by=by,
        since=since.replace(minute=0, second=0, microsecond=0),
        until=now,
        lines=tuple(latency(each) for each in found if each.part in _PARTS),
        anomalies=tuple(
            _mark(each) for each in await rooms.metrics.lookout.now() if each.part in _PARTS
        ),
    )


_PARTS = frozenset(get_args(Part))
"""What this version measures; a newer one on the same database may measure more."""


def _permit(caller: Caller) -> None:
    if (refusal := why_no_report(caller.principal)) is not None:
        raise NotPermittedError(refusal)


def latency(each: Took) -> Latency:
    """One thing's times as they are told."""

    def milliseconds(seconds: float) -> float:
        return round(seconds * 1000, 3)

    return Latency(
        part=cast("Part", each.part),
        name=each.name,
        measure=each.measure,
        when=each.when,
        count=each.count,
        failed=each.failed,
        error_rate=round(each.error_rate, 4),
        mean_ms=milliseconds(each.mean_s),
        p50_ms=milliseconds(each.share_s(0.50)),
        p95_ms=milliseconds(each.share_s(0.95)),
        p99_ms=milliseconds(each.share_s(0.99)),
    )


def _mark(each: Anomaly) -> Mark:
    return Mark(
        part=cast("Part", each.part),
        name=each.name,
        measure=each.measure,
        kind=each.kind,
        hour=each.hour,
        count=each.count,
        now=each.now,
        usual=each.usual,
        most=each.most,
        told=told(each),
    )
