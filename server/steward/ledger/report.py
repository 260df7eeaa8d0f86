"""What was used, by whom and for what: read from sums that the writer keeps, not from entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.engine import Row
from sqlmodel import Session

from steward.core.money import NanoUsd
from steward.ledger.sums import Dimension

By = Dimension
"""What a report has a line for; `all` is a line for each day."""


@dataclass(frozen=True, slots=True)
class UsageLine:
    """One line of a report."""

    name: str
    """The user, model, …; of a report by day, the day."""
    calls: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_nano_usd: NanoUsd


class After(NamedTuple):
    """The line that a part of a report begins behind."""

    cost_nano_usd: int
    name: str


@dataclass(frozen=True, slots=True)
class Span:
    """What a report is about: days of UTC, both included, and by what it has its lines."""

    by: By
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class DaySum:
    """What one name cost on one day."""

    day: str
    name: str
    """Empty for all the names that were not asked for, together."""
    cost_nano_usd: NanoUsd


def usage_by(
    session: Session, tenant_id: str, by: By, first: date, last: date
) -> tuple[UsageLine, ...]:
    """Usage from `first` to `last`, both included (UTC): the dearest first; days in order."""
    return usage_part(session, tenant_id, Span(by, first, last), None, None)


def usage_part(
    session: Session, tenant_id: str, span: Span, after: After | None, limit: int | None
) -> tuple[UsageLine, ...]:
    """As `usage_by`, so many lines of it behind `after`."""
    values = _values(tenant_id, span) | {
        "cost": None if after is None else after.cost_nano_usd,
        "name": "" if after is None else after.name,
        "most": _ALL if limit is None else limit,
    }
    statement = _BY_DAY if span.by == "all" else _BY_NAME
    return tuple(_line(row) for row in session.connection().execute(statement, values))


def usage_total(session: Session, tenant_id: str, first: date, last: date) -> UsageLine:
    """All usage of these days together, that of calls without an agent, a team … among it."""
    row = session.connection().execute(_TOTAL, _values(tenant_id, Span("all", first, last))).one()
    return _line(row)


def usage_by_day(
    session: Session, tenant_id: str, span: Span, names: Sequence[str]
) -> tuple[DaySum, ...]:
    """What each of these names cost on each day on which it cost anything, and all others."""
    values = _values(tenant_id, span) | {"names": list(names) or [""]}
    rows = session.connection().execute(_DAY_BY_NAME, values)
    return tuple(DaySum(row[0], row[1], NanoUsd(int(row[2]))) for row in rows)


def _values(tenant_id: str, span: Span) -> dict[str, object]:
    return {
        "tenant_id": tenant_id,
        "dimension": span.by,
        "first": span.first.isoformat(),
        "last": span.last.isoformat(),
    }


def _line(row: Row[Any]) -> UsageLine:
    # PostgreSQL adds integers up to decimals.
    calls, sent, received, cached, cost = (int(number or 0) for number in row[1:])
    return UsageLine(row[0], calls, sent, received, cached, NanoUsd(cost))


_ALL = 2**62
"""No report has so many lines."""
_WHERE = (
    ' FROM "usage" WHERE tenant_id = :tenant_id AND dimension = :dimension'
    " AND day BETWEEN :first AND :last"
)
_SUMS = (
    "SUM(calls), SUM(input_tokens), SUM(output_tokens), SUM(cached_tokens), SUM(cost_nano_usd)"
    f"{_WHERE}"
)
_AFTER = "(CAST(:cost AS BIGINT) IS NULL OR "
_BY_DAY = text(
    f"SELECT day, {_SUMS} AND {_AFTER} day > :name) GROUP BY day ORDER BY day LIMIT :most"
)
_BY_NAME = text(
    f"SELECT name, {_SUMS} GROUP BY name HAVING {_AFTER} SUM(cost_nano_usd) < :cost"
    " OR (SUM(cost_nano_usd) = :cost AND name > :name))"
    " ORDER BY SUM(cost_nano_usd) DESC, name LIMIT :most"
)
_TOTAL = text(f"SELECT '', {_SUMS}")
_DAY_BY_NAME = text(
    "SELECT day, CASE WHEN name IN :names THEN name ELSE '' END AS named, SUM(cost_nano_usd)"
    f"{_WHERE} GROUP BY day, named ORDER BY day, named"
).bindparams(bindparam("names", expanding=True))
