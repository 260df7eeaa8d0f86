"""What is slower, or fails more often, than it usually does: one rule, and who is told of it.

    now      the hour under way where something happened often enough in it, else the one before
    usual    the same figure of each hour of the 14 days before in which it happened often enough
    slow     now's 95th percentile is above  median + 5 spread  and above 1.5 times the median
    failing  now's share of failures is above  median + 5 spread  and 5 points above the median

`spread` is 1.4826 times the median distance from the median (MAD), which for figures that scatter
evenly is their standard deviation, and which a few bad hours do not widen. Often enough is twenty
times an hour, and twelve such hours must be known: before that there is no usual. The second
condition of each keeps what hardly scatters from being marked for next to nothing.

No control flow depends on a mark. It stands on the page, in the API and in `/metrics`, and is
written down once an hour as the event `ANOMALY`.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Literal

from sqlmodel import Session, select

from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import StewardError
from steward.operations.analytics import Happened, write
from steward.operations.performance import Asked, Took, hour_of, took
from steward.operations.tables import EventRow

_log = logging.getLogger(__name__)

EVENT = "ANOMALY"
DAYS = 14
OFTEN = 20
HOURS_MIN = 12
_SPREADS = 5.0
_OF_MAD = 1.4826
_SLOWER = 1.5
_POINTS = 0.05
_LOOKED_EVERY_S = 300.0
_AGAIN_S = 60.0
"""So long what was found stays the same: two weeks of hours are looked at for it."""

Kind = Literal["slow", "failing"]


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something that is not as usual."""

    part: str
    name: str
    measure: str
    kind: Kind
    hour: str
    """UTC, `2026-11-22T15`."""
    count: int
    """How often it happened in that hour."""
    now: float
    """Of what is slow the 95th percentile in seconds, of what fails the share."""
    usual: float
    """The median of the hours before."""
    most: float
    """What it may be without being marked."""


def anomalies(session: Session, tenant_id: str, at: datetime) -> tuple[Anomaly, ...]:
    """What is not as usual at that moment."""
    since = hour_of(at - timedelta(days=DAYS))
    return found_in(took(session, Asked(tenant_id, since, hour_of(at), "hour")), at)


def found_in(hours: Iterable[Took], at: datetime) -> tuple[Anomaly, ...]:
    """The rule: from figures by the hour to what is not as usual among them."""
    latest = (hour_of(at), hour_of(at - timedelta(hours=1)))
    by_series: dict[tuple[str, str, str], dict[str, Took]] = {}
    for each in hours:
        if each.count >= OFTEN:
            by_series.setdefault((each.part, each.name, each.measure), {})[each.when] = each
    found: list[Anomaly] = []
    for series in sorted(by_series):
        known = by_series[series]
        now = known.get(latest[0]) or known.get(latest[1])
        if now is None:
            continue
        before = [each for when, each in known.items() if when < now.when]
        if len(before) >= HOURS_MIN:
            found += _unusual(now, before)
    return tuple(found)


def _unusual(now: Took, before: Sequence[Took]) -> list[Anomaly]:
    found: list[Anomaly] = []
    slow, rate = now.share_s(0.95), now.error_rate
    usual, most = _usual([each.share_s(0.95) for each in before])
    most = max(most, _SLOWER * usual)
    if slow > most:
        found.append(_mark(now, "slow", slow, usual, most))
    usual, most = _usual([each.error_rate for each in before])
    most = max(most, usual + _POINTS)
    if rate > most:
        found.append(_mark(now, "failing", rate, usual, most))
    return found


def _usual(figures: Sequence[float]) -> tuple[float, float]:
    """The median, and what scattering alone hardly passes."""
    middle = median(figures)
    spread = _OF_MAD * median(abs(each - middle) for each in figures)
    return middle, middle + _SPREADS * spread


def _mark(now: Took, kind: Kind, figure: float, usual: float, most: float) -> Anomaly:
    return Anomaly(now.part, now.name, now.measure, kind, now.when, now.count, figure, usual, most)


def told(anomaly: Anomaly) -> str:
    """The mark in a sentence."""
    what = f"{anomaly.part} {anomaly.name}, {anomaly.measure}"
    if anomaly.kind == "slow":
        return (
            f"{what}: 95 % took up to {anomaly.now:.3g} s in the hour from {anomaly.hour}:00 UTC;"
            f" usual is {anomaly.usual:.3g} s."
        )
    return (
        f"{what}: {anomaly.now:.0%} of {anomaly.count:,} failed in the hour from"
        f" {anomaly.hour}:00 UTC; usual is {anomaly.usual:.0%}."
    )


def note(session: Session, tenant_id: str, at: datetime) -> tuple[Anomaly, ...]:
    """Write down what is not as usual, each once an hour whoever looks; gives what is new."""
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    known = set(
        session.exec(
            select(EventRow.subject, EventRow.model, EventRow.outcome).where(
                EventRow.tenant_id == tenant_id, EventRow.name == EVENT, EventRow.at >= hour
            )
        )
    )
    new = [
        each
        for each in anomalies(session, tenant_id, at)
        if (_subject(each), each.name, each.kind) not in known
    ]
    if new:
        write(session, tenant_id, [_as_event(each, at) for each in new])
    return tuple(new)


def _as_event(each: Anomaly, at: datetime) -> Happened:
    took_ms = round(each.now * 1000) if each.kind == "slow" else 0
    return Happened(
        at, EVENT, "", subject=_subject(each), model=each.name, outcome=each.kind, took_ms=took_ms
    )


def _subject(each: Anomaly) -> str:
    return f"{each.part} {each.measure}"


class Lookout:
    """Looks for what is not as usual as long as a server runs."""

    def __init__(self, database: Database, clock: Clock, tenant_id: str) -> None:
        self._database = database
        self._clock = clock
        self._tenant_id = tenant_id
        self._seen: tuple[float, tuple[Anomaly, ...]] | None = None

    async def now(self) -> tuple[Anomaly, ...]:
        """What is not as usual now, as it was found a minute ago at the most.

        Raises:
            UnavailableError: the database cannot be read.
        """
        now_s = self._clock.monotonic_s()
        if self._seen is None or now_s - self._seen[0] >= _AGAIN_S:
            now, tenant = self._clock.now(), self._tenant_id
            found = await self._database.read(lambda session: anomalies(session, tenant, now))
            self._seen = (now_s, found)
        return self._seen[1]

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Inside, it looks every five minutes."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._look_on())
            try:
                yield
            finally:
                task.cancel()

    async def look(self) -> tuple[Anomaly, ...]:
        """Look once; gives what is new."""
        if not await self.now():
            return ()
        now, tenant = self._clock.now(), self._tenant_id
        new = await self._database.run(lambda session: note(session, tenant, now))
        for each in new:
            _log.warning("not as usual: %s", told(each))
        return new

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(_LOOKED_EVERY_S)
            try:
                await self.look()
            except StewardError as error:
                _log.info("what is unusual could not be looked for: %s", error.code)
