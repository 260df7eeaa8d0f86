"""What each of a person's extensions did, cost and keeps, in figures: units of work that read."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, func, select

from steward.core.principal import Principal
from steward.extensions.tables import ExtensionDayRow, ExtensionStoredRow


@dataclass(slots=True)
class ExtensionSum:
    """One extension's figures for one person."""

    events: int = 0
    took_ms: int = 0
    refused: int = 0
    faults: int = 0
    cost_nano_usd: int = 0
    """With the four before it: since the day that was asked about."""
    kept_bytes: int = 0
    """What it keeps, now."""


def sums_since(session: Session, principal: Principal, first: date) -> dict[str, ExtensionSum]:
    """Extension → its figures since that day (UTC)."""
    found: dict[str, ExtensionSum] = {}
    days = select(ExtensionDayRow).where(
        ExtensionDayRow.tenant_id == principal.tenant_id,
        ExtensionDayRow.user == principal.user,
        ExtensionDayRow.day >= first.isoformat(),
    )
    for row in session.exec(days):
        each = found.setdefault(row.extension, ExtensionSum())
        each.events += row.events
        each.took_ms += row.took_ms
        each.refused += row.refused
        each.faults += row.faults
        each.cost_nano_usd += row.cost_nano_usd
    kept = (
        select(ExtensionStoredRow.extension, func.sum(ExtensionStoredRow.bytes))
        .where(
            ExtensionStoredRow.tenant_id == principal.tenant_id,
            ExtensionStoredRow.user == principal.user,
        )
        .group_by(col(ExtensionStoredRow.extension))
    )
    for extension, size in session.exec(kept):
        found.setdefault(extension, ExtensionSum()).kept_bytes = int(size)
    return found
