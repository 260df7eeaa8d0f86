"""The books and the trail: what was never settled, when they were last checked, and the time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import TextClause, bindparam, text
from sqlmodel import Session
from sqlmodel.sql.sqltypes import UTCDateTime

from steward.core.clock import Clock
from steward.core.database import Database
from steward.ledger.reading import holds
from steward.operations.health.verdict import Fact, Found, State, joined

LEDGER_VERIFIED, AUDIT_VERIFIED = "ledger.verified", "audit.verified"
"""The actions under which the audit trail says that somebody checked the ledger, or itself."""

_CHECK_AFTER = timedelta(days=90)
_FEW_ENTRIES = 1_000
_CLOCK_OFF = timedelta(seconds=60)
_VERIFIED = text(
    "SELECT at, detail FROM audit WHERE tenant_id = :tenant_id AND action = :action"
    " ORDER BY seq DESC LIMIT 1"
).columns(at=UTCDateTime())
_ENTRIES = text("SELECT COALESCE(MAX(seq), 0) FROM entry")
_TRAIL = text("SELECT seq, at FROM audit ORDER BY seq DESC LIMIT 50").columns(at=UTCDateTime())
"""Enough that what this machine itself wrote since does not hide what others wrote."""
_DUE = text(
    "SELECT COUNT(*) FROM reservation WHERE state = 'open' AND expires_at < :now"
).bindparams(bindparam("now", type_=UTCDateTime()))
_ACTIVE = text(
    'SELECT COUNT(DISTINCT "user") FROM active_day WHERE tenant_id = :tenant_id AND day >= :since'
)


@dataclass(frozen=True, slots=True)
class BooksLook:
    """What only the database can tell, of one tenant."""

    database: Database
    clock: Clock
    tenant_id: str

    async def ledger(self) -> Found:
        """Reservations that nobody settled in time, and when the ledger was last checked."""
        now = self.clock.now()

        def work(session: Session) -> Found:
            open_, due = holds(session), _number(session, _DUE, now=now)
            entries = _number(session, _ENTRIES)
            verified = self._verified(session, LEDGER_VERIFIED)
            facts: dict[str, Fact] = {
                "entries": entries,
                "open_reservations": open_.open,
                "expired_reservations": due,
                "verified_at": verified and verified[0].isoformat(),
            }
            return joined(
                facts,
                _due_doubt(due),
                _unchecked(verified, entries, now, "the ledger", "steward ledger verify"),
            )

        return await self.database.read(work)

    async def trail(self) -> Found:
        """How long the audit trail is, and when its chain was last checked."""
        now = self.clock.now()

        def work(session: Session) -> Found:
            last = session.connection().execute(_TRAIL).first()
            entries = 0 if last is None else int(last.seq)
            verified = self._verified(session, AUDIT_VERIFIED)
            facts: dict[str, Fact] = {
                "entries": entries,
                "verified_at": verified and verified[0].isoformat(),
            }
            doubt = _unchecked(verified, entries, now, "the audit trail", "steward audit verify")
            return joined(facts, doubt)

        return await self.database.read(work)

    async def time(self) -> Found:
        """Whether this machine's clock agrees with what others wrote down."""
        now = self.clock.now()

        def work(session: Session) -> datetime | None:
            return max((row.at for row in session.connection().execute(_TRAIL)), default=None)

        newest = await self.database.read(work)
        ahead = timedelta() if newest is None else newest - now
        facts: dict[str, Fact] = {"now": now.isoformat(), "behind_s": max(0.0, _seconds(ahead))}
        if ahead <= _CLOCK_OFF:
            return Found(facts=facts)
        return Found(
            "degraded",
            f"An entry of the audit trail lies {_seconds(ahead):.0f} s in the future: this"
            " machine's clock is behind, or another's was ahead. Let both follow a time server.",
            facts,
        )

    async def people(self) -> Found:
        """How many people were at work today, and in the last seven and thirty days."""
        today = self.clock.now().date()

        def work(session: Session) -> dict[str, Fact]:
            def active(days: int) -> int:
                since = today - timedelta(days=days - 1)
                return _number(session, _ACTIVE, tenant_id=self.tenant_id, since=since.isoformat())

            return {f"active_{days}d": active(days) for days in (1, 7, 30)}

        return Found(facts=await self.database.read(work))

    def _verified(self, session: Session, action: str) -> tuple[datetime, bool] | None:
        """When it was last checked, and whether it was intact."""
        values = {"tenant_id": self.tenant_id, "action": action}
        row = session.connection().execute(_VERIFIED, values).one_or_none()
        return None if row is None else (row.at, '"is_intact":true' in row.detail)


def _number(session: Session, statement: TextClause, **values: object) -> int:
    return int(session.connection().execute(statement, values).scalar_one())


def _seconds(span: timedelta) -> float:
    return round(span.total_seconds(), 1)


def _due_doubt(due: int) -> tuple[State, str] | None:
    if not due:
        return None
    return "degraded", (
        f"{due} reservations of calls have run out and were not given back. The next call does it;"
        " if the number stays, start the server again."
    )


def _unchecked(
    verified: tuple[datetime, bool] | None, entries: int, now: datetime, what: str, command: str
) -> tuple[State, str] | None:
    if verified is not None and not verified[1]:
        return "unhealthy", f"The last check found that {what} was changed. Run `{command}`."
    if entries < _FEW_ENTRIES or (verified is not None and now - verified[0] < _CHECK_AFTER):
        return None
    return "degraded", f"Nobody has checked {what} for {_CHECK_AFTER.days} days. Run `{command}`."
