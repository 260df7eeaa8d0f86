"""What each extension did, in figures and as a list of what its person may want to know.

Figures are added up in memory and written every few seconds, because an event is handled in less
time than a row takes. What happened is written at once. Nothing of a file, a prompt or an answer is
in either.
"""

import asyncio
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Literal, cast

from sqlmodel import Session, col, delete, select
from sqlmodel.sql.expression import SelectOfScalar

from steward.core import audit
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.extension_limits import (
    EXTENSION_DAYS_KEPT_MAX,
    EXTENSION_FAULT_CHARS_MAX,
    EXTENSION_HAPPENED_KEPT_MAX,
)
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.core.redact import redact
from steward.extensions.granted import Refusal
from steward.extensions.tables import ExtensionDayRow, ExtensionHappenedRow

Kind = Literal["refused", "fault", "disabled", "proposed", "landed", "asked"]

_WRITTEN_EVERY_S = 5.0


@dataclass(slots=True)
class Figures:
    """How much an extension did."""

    events: int = 0
    took_ms: int = 0
    host_calls: int = 0
    refused: int = 0
    faults: int = 0
    cost_nano_usd: int = 0

    def add(self, other: "Figures | ExtensionDayRow") -> None:
        """Count these, too."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened to an extension."""

    at: datetime
    kind: Kind
    subject: str
    said: str


@dataclass(frozen=True, slots=True)
class ExtensionActivity:
    """What is known of what an extension did for one person."""

    extension: str
    today: Figures
    total: Figures
    """Of the days that are kept, today among them."""
    happened: tuple[Happened, ...]
    """The newest first."""


class Activity:
    """Counts and remembers for one person. Its methods without `await` are cheap."""

    def __init__(
        self, database: Database, clock: Clock, new_id: IdSource, principal: Principal
    ) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._principal = principal
        self._pending: dict[tuple[str, str], Figures] = {}
        """Day and extension → what is not written yet."""
        self._refused: set[tuple[str, str, str]] = set()
        """Day, extension and capability that are written down: one may ask thousands of times."""

    def handled(self, extension: str, took_ms: int, *, is_fault: bool) -> None:
        """It was given an event."""
        self._count(extension, Figures(events=1, took_ms=took_ms, faults=int(is_fault)))

    def called(self, extension: str) -> None:
        """It asked something of the host."""
        self._count(extension, Figures(host_calls=1))

    def spent(self, extension: str, cost_nano_usd: int) -> None:
        """A model that it asked cost this."""
        self._count(extension, Figures(cost_nano_usd=cost_nano_usd))

    async def refused(self, extension: str, refusal: Refusal) -> None:
        """It was not let do something; audited once for each capability and day."""
        self._count(extension, Figures(refused=1))
        today = self._today()
        self._refused = {each for each in self._refused if each[0] == today}
        key = (today, extension, refusal.capability)
        if key in self._refused:
            return
        self._refused.add(key)
        now, principal, happened_id = self._clock.now(), self._principal, self._new_id()

        def work(session: Session) -> None:
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
            known = _happened(principal, extension).where(
                ExtensionHappenedRow.kind == "refused",
                ExtensionHappenedRow.subject == refusal.capability,
                ExtensionHappenedRow.at >= midnight,
            )
            if session.exec(known).first() is not None:
                return
            said = Happened(now, "refused", refusal.capability, refusal.message)
            note(session, principal, extension, happened_id, said)
            audit.append(
                session,
                at=now,
                tenant_id=principal.tenant_id,
                actor=principal.user,
                action="extension.refused",
                subject=f"extension {extension}",
                detail={"capability": refusal.capability, "missing": refusal.missing},
            )

        await self._database.run(work)

    def forget(self, extension: str) -> None:
        """It goes; what it is refused when it is back is written down anew."""
        self._refused = {each for each in self._refused if each[1] != extension}

    async def note(self, extension: str, kind: Kind, subject: str, said: str) -> None:
        """Something happened to it."""
        happened, happened_id = Happened(self._clock.now(), kind, subject, said), self._new_id()
        principal = self._principal
        await self._database.run(
            lambda session: note(session, principal, extension, happened_id, happened)
        )

    async def of(self, extension: str) -> ExtensionActivity:
        """What it did, of all windows."""
        await self.write()
        principal, today = self._principal, self._today()
        return await self._database.read(
            lambda session: activity_of(session, principal, extension, today)
        )

    async def write(self) -> None:
        """Write down what was counted."""
        if not self._pending:
            return
        pending, self._pending = self._pending, {}
        principal = self._principal

        def work(session: Session) -> None:
            for (day, extension), figures in pending.items():
                _add(session, principal, extension, day, figures)

        await self._database.run(work)

    async def keep(self) -> None:
        """Write down what is counted, every few seconds, until cancelled."""
        try:
            while True:
                await asyncio.sleep(_WRITTEN_EVERY_S)
                await self.write()
        finally:
            await asyncio.shield(self.write())

    def _count(self, extension: str, figures: Figures) -> None:
        self._pending.setdefault((self._today(), extension), Figures()).add(figures)

    def _today(self) -> str:
        return self._clock.now().date().isoformat()


def activity_of(
    session: Session, principal: Principal, extension: str, today: str
) -> ExtensionActivity:
    """What is written down of what an extension did for this person."""
    total, of_today = Figures(), Figures()
    days = select(ExtensionDayRow).where(
        ExtensionDayRow.tenant_id == principal.tenant_id,
        ExtensionDayRow.user == principal.user,
        ExtensionDayRow.extension == extension,
    )
    for row in session.exec(days):
        total.add(row)
        if row.day == today:
            of_today.add(row)
    newest = _happened(principal, extension).order_by(
        col(ExtensionHappenedRow.at).desc(), col(ExtensionHappenedRow.id).desc()
    )
    return ExtensionActivity(
        extension,
        of_today,
        total,
        tuple(
            Happened(row.at, cast("Kind", row.kind), row.subject, row.said)
            for row in session.exec(newest.limit(EXTENSION_HAPPENED_KEPT_MAX))
        ),
    )


def note(
    session: Session, principal: Principal, extension: str, happened_id: str, happened: Happened
) -> None:
    """Write down that something happened; the oldest beyond what is kept goes."""
    session.add(
        ExtensionHappenedRow(
            id=happened_id,
            tenant_id=principal.tenant_id,
            user=principal.user,
            extension=extension,
            at=happened.at,
            kind=happened.kind,
            subject=happened.subject,
            said=redact(happened.said)[:EXTENSION_FAULT_CHARS_MAX],
        )
    )
    session.flush()
    oldest = (
        _happened(principal, extension)
        .order_by(col(ExtensionHappenedRow.at).desc(), col(ExtensionHappenedRow.id).desc())
        .offset(EXTENSION_HAPPENED_KEPT_MAX)
    )
    for row in session.exec(oldest).all():
        session.delete(row)


def _happened(principal: Principal, extension: str) -> SelectOfScalar[ExtensionHappenedRow]:
    return select(ExtensionHappenedRow).where(
        ExtensionHappenedRow.tenant_id == principal.tenant_id,
        ExtensionHappenedRow.user == principal.user,
        ExtensionHappenedRow.extension == extension,
    )


def _add(
    session: Session, principal: Principal, extension: str, day: str, figures: Figures
) -> None:
    key = (principal.tenant_id, principal.user, extension, day)
    row = session.get(ExtensionDayRow, key)
    if row is not None:
        figures.add(row)
    else:
        before = date.fromisoformat(day) - timedelta(days=EXTENSION_DAYS_KEPT_MAX)
        session.exec(
            delete(ExtensionDayRow).where(
                col(ExtensionDayRow.tenant_id) == principal.tenant_id,
                col(ExtensionDayRow.user) == principal.user,
                col(ExtensionDayRow.extension) == extension,
                col(ExtensionDayRow.day) < before.isoformat(),
            )
        )
    session.merge(
        ExtensionDayRow(
            tenant_id=principal.tenant_id,
            user=principal.user,
            extension=extension,
            day=day,
            **asdict(figures),
        )
    )
