"""How long things took, by the hour: written off the path of what is measured, and read again.

Each process adds what it measured to the rows of the hour, every half minute; what a process had
waiting when it was killed is lost. So the figures of an organisation are those of all processes on
its database together. No person and no workspace is in them.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import text
from sqlmodel import Session, col, delete

from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import StewardError
from steward.core.figures_limits import TIMINGS_DAYS_KEPT, TIMINGS_WRITTEN_EVERY_S
from steward.core.timings import OK, Series, Steps, Timings, middle_s, most_s
from steward.gateway.observe import CANCELLED, CallRecord
from steward.operations.tables import TimingRow

_log = logging.getLogger(__name__)

By = Literal["hour", "day"]

_ADD = text(
    "INSERT INTO timing (tenant_id, hour, part, name, measure, outcome, step, count, took_us)"
    " VALUES (:tenant_id, :hour, :part, :name, :measure, :outcome, :step, :count, :took_us)"
    " ON CONFLICT (tenant_id, hour, part, name, measure, outcome, step) DO UPDATE"
    " SET count = timing.count + excluded.count, took_us = timing.took_us + excluded.took_us"
)


class Timekeeper:
    """Writes what one process measured, and measures its model calls; for its rooms' lifetime."""

    wants_text = False

    def __init__(self, database: Database, clock: Clock, timings: Timings, tenant_id: str) -> None:
        self._database = database
        self._clock = clock
        self._timings = timings
        self._tenant_id = tenant_id
        self._has_pruned = False

    def observed(self, record: CallRecord) -> None:
        """A model call is over."""
        for attempt in record.attempts:
            # A reader who left says nothing about the provider.
            ended = attempt.error or (CANCELLED if record.outcome == CANCELLED else OK)
            self._timings.note("provider", attempt.model, "answer", attempt.took_s, ended)
        if record.first_piece_s is not None and record.attempts:
            self._timings.note("provider", record.model, "first token", record.first_piece_s)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Inside, it writes twice a minute; the rest at the end."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._write_on())
            try:
                yield
            finally:
                task.cancel()
        await self.flush()

    async def flush(self) -> None:
        """Write what was noted; what cannot be written now waits on."""
        taken = self._timings.take()
        if not taken:
            return
        now, tenant = self._clock.now(), self._tenant_id
        try:
            await self._database.run(lambda session: write(session, tenant, now, taken))
        except StewardError as error:
            _log.info("how long things took could not be written: %s", error.code)

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(TIMINGS_WRITTEN_EVERY_S)
            await self.flush()
            await self._prune_once()

    async def _prune_once(self) -> None:
        if self._has_pruned:
            return
        self._has_pruned = True
        before, tenant = self._clock.now() - timedelta(days=TIMINGS_DAYS_KEPT), self._tenant_id
        try:
            await self._database.run(lambda session: forget(session, tenant, before))
        except StewardError as error:
            _log.info("old figures could not be removed: %s", error.code)


def write(session: Session, tenant_id: str, at: datetime, taken: Mapping[Series, Steps]) -> None:
    """Add what one process measured to the rows of its hour."""
    rows = [
        {
            "tenant_id": tenant_id,
            "hour": hour_of(at),
            "part": series.part,
            "name": series.name,
            "measure": series.measure,
            "outcome": series.outcome,
            "step": step,
            "count": kept.count,
            "took_us": kept.took_us,
        }
        for series, steps in taken.items()
        for step, kept in steps.items()
    ]
    # In one order everywhere, so that no two processes wait for each other's rows.
    rows.sort(key=lambda row: tuple(map(str, row.values())))
    session.connection().execute(_ADD, rows)


def forget(session: Session, tenant_id: str, before: datetime) -> None:
    """Remove the figures of hours before then."""
    old = (col(TimingRow.tenant_id) == tenant_id, col(TimingRow.hour) < hour_of(before))
    session.connection().execute(delete(TimingRow).where(*old))


def hour_of(at: datetime) -> str:
    """The hour of UTC, `2026-11-22T15`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H")


@dataclass(slots=True)
class Took:
    """How long one thing took, of some hours."""

    part: str
    name: str
    measure: str
    when: str
    """The hour or the day; empty where all of them are together."""
    count: int = 0
    failed: int = 0
    """Those that ended neither well nor because whoever asked left."""
    took_us: int = 0
    steps: dict[int, int] | None = None

    def add(self, outcome: str, step: int, count: int, took_us: int) -> None:
        """Count these, too."""
        self.count += count
        self.took_us += took_us
        if outcome not in (OK, CANCELLED):
            self.failed += count
        self.steps = {} if self.steps is None else self.steps
        self.steps[step] = self.steps.get(step, 0) + count

    @property
    def error_rate(self) -> float:
        """The share of those that failed."""
        return self.failed / self.count if self.count else 0.0

    @property
    def mean_s(self) -> float:
        """On average."""
        return self.took_us / self.count / 1e6 if self.count else 0.0

    def share_s(self, share: float) -> float:
        """So long at the most took this share of them, to within a tenth."""
        left = share * self.count
        ordered = sorted((self.steps or {}).items())
        for step, count in ordered:
            left -= count
            if left <= 0:
                return middle_s(step)
        return most_s(ordered[-1][0]) if ordered else 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """Which figures."""

    tenant_id: str
    since: str
    until: str
    """Hours, both included."""
    by: By | None = None
    """None for all of it together."""
    part: str | None = None
    name: str | None = None
    measure: str | None = None


def took(session: Session, asked: Asked) -> tuple[Took, ...]:
    """How long everything took that was asked about, by part, name, measure and time."""
    when = {"hour": "hour", "day": "substr(hour, 1, 10)", None: "''"}[asked.by]
    # Only what is asked about stands in the statement, so that PostgreSQL knows each type.
    narrowed = {
        name: value
        for name in ("part", "name", "measure")
        if (value := getattr(asked, name)) is not None
    }
    statement = _SUMS.format(when=when, more="".join(f" AND {name} = :{name}" for name in narrowed))
    values = {"tenant_id": asked.tenant_id, "since": asked.since, "until": asked.until, **narrowed}
    rows = session.connection().execute(text(statement), values)
    return _gathered(tuple(row) for row in rows)


def _gathered(
    rows: Iterable[tuple[str, str, str, str, str, int, int, int]],
) -> tuple[Took, ...]:
    found: dict[tuple[str, str, str, str], Took] = {}
    for part, name, measure, when, outcome, step, count, took_us in rows:
        key = (part, name, measure, when)
        if key not in found:
            found[key] = Took(*key)
        found[key].add(outcome, int(step), int(count), int(took_us))
    return tuple(found[key] for key in sorted(found))


_SUMS = (
    "SELECT part, name, measure, {when}, outcome, step, CAST(SUM(count) AS BIGINT),"
    " CAST(SUM(took_us) AS BIGINT) FROM timing"
    " WHERE tenant_id = :tenant_id AND hour >= :since AND hour <= :until{more}"
    " GROUP BY 1, 2, 3, 4, 5, 6"
)
