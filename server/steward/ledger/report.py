"""What was used, by whom and for what: read from sums that the writer keeps, not from entries."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
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


def usage_by(
    session: Session, tenant_id: str, by: By, first: date, last: date
) -> tuple[UsageLine, ...]:
    """Usage from `first` to `last`, both included (UTC): the dearest first; days in order."""
    values = {
        "tenant_id": tenant_id,
        "dimension": by,
        "first": first.isoformat(),
        "last": last.isoformat(),
    }
    statement = _BY_DAY if by == "all" else _BY_NAME
    return tuple(_line(row) for row in session.connection().execute(statement, values))


def _line(row: Row[Any]) -> UsageLine:
    # PostgreSQL adds integers up to decimals.
    calls, sent, received, cached, cost = (int(number) for number in row[1:])
    return UsageLine(row[0], calls, sent, received, cached, NanoUsd(cost))


_SUMS = (
    "SUM(calls), SUM(input_tokens), SUM(output_tokens), SUM(cached_tokens), SUM(cost_nano_usd)"
    ' FROM "usage" WHERE tenant_id = :tenant_id AND dimension = :dimension'
    " AND day BETWEEN :first AND :last"
)
_BY_DAY = text(f"SELECT day, {_SUMS} GROUP BY day ORDER BY day")
_BY_NAME = text(f"SELECT name, {_SUMS} GROUP BY name ORDER BY SUM(cost_nano_usd) DESC, name")
