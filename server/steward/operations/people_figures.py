"""What people cost and how they work: units of work that only read.

Everybody in the organisation sees what each of them costs. How somebody works is seen by
themselves, by owners and by admins.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlmodel import Session, col, func, or_, select

from steward.agents.tables import RunRow
from steward.core.principal import Principal
from steward.ledger.report import usage_by
from steward.operations.tables import ActiveDayRow
from steward.permissions.people import sees_figures
from steward.permissions.tables import PersonalTokenRow


@dataclass(frozen=True, slots=True)
class PersonFigures:
    """One person in figures; None where they are none of the reader's business."""

    cost_nano_usd: int
    """What they were charged this month (UTC)."""
    tokens: int | None
    """Personal tokens in force."""
    runs: int | None
    """Runs of agents that they began this month."""
    active_on: date | None
    """The last day (UTC) on which they worked with Steward; None if they never did, too."""


def figures_of(
    session: Session, principal: Principal, users: Sequence[str], now: datetime
) -> tuple[PersonFigures, ...]:
    """These people in figures, in their order, as the principal may see them."""
    tenant, today = principal.tenant_id, now.astimezone(UTC).date()
    month = usage_by(session, tenant, "user", today.replace(day=1), today)
    costs = {line.name: line.cost_nano_usd for line in month}
    names = set(users)
    if not sees_figures(session, principal):
        names &= {principal.user}
    tokens, runs, days = _counts(session, tenant, names, now)
    return tuple(
        PersonFigures(
            cost_nano_usd=costs.get(user, 0),
            tokens=tokens.get(user, 0) if user in names else None,
            runs=runs.get(user, 0) if user in names else None,
            active_on=days.get(user),
        )
        for user in users
    )


def _counts(
    session: Session, tenant: str, names: Collection[str], now: datetime
) -> tuple[Mapping[str, int], Mapping[str, int], Mapping[str, date]]:
    month = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    tokens = select(PersonalTokenRow.user, func.count()).where(
        PersonalTokenRow.tenant_id == tenant,
        col(PersonalTokenRow.user).in_(names),
        col(PersonalTokenRow.revoked_at).is_(None),
        or_(
            col(PersonalTokenRow.expires_at).is_(None),
            col(PersonalTokenRow.expires_at) > now,
        ),
    )
    begun = select(RunRow.user, func.count()).where(
        RunRow.tenant_id == tenant, RunRow.created_at >= month, col(RunRow.user).in_(names)
    )
    active = select(ActiveDayRow.user, func.max(ActiveDayRow.day)).where(
        ActiveDayRow.tenant_id == tenant, col(ActiveDayRow.user).in_(names)
    )
    tokens = tokens.group_by(col(PersonalTokenRow.user))
    begun = begun.group_by(col(RunRow.user))
    active = active.group_by(col(ActiveDayRow.user))
    rows = session.connection().execute
    return (
        {str(user): int(count) for user, count in rows(tokens)},
        {str(user): int(count) for user, count in rows(begun)},
        {str(user): date.fromisoformat(day) for user, day in rows(active)},
    )
