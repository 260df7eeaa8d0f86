"""What people ask about events: units of work that only read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, bindparam, text
from sqlmodel import Session, col, select
from sqlmodel.sql.sqltypes import UTCDateTime

from steward.operations.tables import EventRow

By = Literal["name", "day", "agent", "model", "subject", "user"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events."""

    tenant_id: str
    first: date
    last: date
    """Days of UTC, both included."""
    user: str | None
    """None for everybody's."""
    name: str | None = None
    """Only those of this name."""

    def between(self) -> tuple[datetime, datetime]:
        """From when, and until before when."""
        after = self.last + timedelta(days=1)
        return datetime.combine(self.first, time.min, UTC), datetime.combine(after, time.min, UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """All events of one name and outcome that have something in common."""

    group: str
    name: str
    outcome: str
    count: int
    input_tokens: int
    output_tokens: int
    cost_nano_usd: int
    took_ms: int
    """All together."""


def sums_by(session: Session, by: By, asked: Asked) -> tuple[Line, ...]:
    """How often each happened, and what it took; by group, then name, then outcome."""
    connection = session.connection()
    group = DAY[connection.dialect.name] if by == "day" else _COLUMNS[by]
    statement = text(_SUMS.format(group=group)).bindparams(
        bindparam("since", type_=UTCDateTime()), bindparam("until", type_=UTCDateTime())
    )
    since, until = asked.between()
    values = {
        "tenant_id": asked.tenant_id,
        "since": since,
        "until": until,
        "user": asked.user,
        "name": asked.name,
    }
    return tuple(Line(*row) for row in connection.execute(statement, values))


def newest(
    session: Session, asked: Asked, limit: int, after: int | None = None
) -> Sequence[EventRow]:
    """The newest events, the newest first; from behind the one whose id is `after`."""
    statement = select(EventRow).where(*_are(asked)).order_by(col(EventRow.id).desc())
    if after is not None:
        statement = statement.where(col(EventRow.id) < after)
    return session.exec(statement.limit(limit)).all()


def _are(asked: Asked) -> list[ColumnElement[bool]]:
    since, until = asked.between()
    found = [
        col(EventRow.tenant_id) == asked.tenant_id,
        col(EventRow.at) >= since,
        col(EventRow.at) < until,
    ]
    if asked.user is not None:
        found.append(col(EventRow.user) == asked.user)
    if asked.name is not None:
        found.append(col(EventRow.name) == asked.name)
    return found


_COLUMNS = {
    "name": "name",
    "agent": "agent",
    "model": "model",
    "subject": "subject",
    "user": '"user"',
}
DAY = {
    "sqlite": "substr(CAST(at AS TEXT), 1, 10)",
    "postgresql": "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
}
"""The day of UTC of an event, as each database says it."""
_SUMS = (
    "SELECT {group}, name, outcome, CAST(SUM(count) AS BIGINT),"
    " CAST(SUM(input_tokens) AS BIGINT), CAST(SUM(output_tokens) AS BIGINT),"
    " CAST(SUM(cost_nano_usd) AS BIGINT), CAST(SUM(took_ms) AS BIGINT)"
    " FROM event WHERE tenant_id = :tenant_id AND at >= :since AND at < :until"
    ' AND (CAST(:user AS TEXT) IS NULL OR "user" = :user)'
    " AND (CAST(:name AS TEXT) IS NULL OR name = :name)"
    " GROUP BY {group}, name, outcome ORDER BY {group}, name, outcome"
)
