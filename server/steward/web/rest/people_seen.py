"""Who people are and what they do: units of work that read it, with figures where those are shown.

Everybody in the organisation sees who belongs to it and what they cost. How somebody works is seen
by themselves, by owners and by admins.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime

from sqlmodel import Session, col, func, or_, select

from steward.agents.tables import RunRow
from steward.core.errors import NotFoundError
from steward.core.principal import Principal, Role
from steward.ledger.report import usage_by
from steward.operations.tables import ActiveDayRow
from steward.permissions.people import everyone, known, sees_figures
from steward.permissions.roles import Person
from steward.permissions.tables import PersonalTokenRow
from steward.web.rest.answer import Answer


class PersonSeen(Answer):
    """Somebody of the organisation."""

    user: str
    """Their name at the operating system, or at the server."""
    role: Role
    team: str
    """Empty where they belong to none."""
    is_lead: bool
    """Whether they lead that team."""
    cost_nano_usd: int
    """What they were charged this month (UTC)."""
    tokens: int | None
    """Personal tokens in force; null where the caller may not see that."""
    runs: int | None
    """Runs of agents that they began this month; null likewise."""
    active_on: date | None
    """The last day (UTC) on which they worked with Steward; null if they never did, or likewise."""


def people_seen(
    session: Session, principal: Principal, people: Sequence[Person], now: datetime
) -> tuple[PersonSeen, ...]:
    """These people, as the principal may see them."""
    tenant, today = principal.tenant_id, now.astimezone(UTC).date()
    first = today.replace(day=1)
    costs = {
        line.name: line.cost_nano_usd for line in usage_by(session, tenant, "user", first, today)
    }
    names = [each.user for each in people]
    if not sees_figures(session, principal):
        names = [name for name in names if name == principal.user]
    tokens, runs, days = _figures(session, tenant, names, now)
    return tuple(
        PersonSeen(
            user=each.user,
            role=each.role,
            team=each.team,
            is_lead=each.is_lead,
            cost_nano_usd=costs.get(each.user, 0),
            tokens=tokens.get(each.user, 0) if each.user in names else None,
            runs=runs.get(each.user, 0) if each.user in names else None,
            active_on=days.get(each.user),
        )
        for each in people
    )


def person_known(session: Session, tenant_id: str, user: str) -> Person:
    """The person of that name.

    Raises:
        NotFoundError: there is none.
    """
    found = known(session, tenant_id, user)
    if found is None:
        raise NotFoundError(f"There is nobody called {user!r} among the people.")
    return found


def is_alone(session: Session, principal: Principal) -> bool:
    """Whether nobody was added, and the database is the principal's own."""
    if everyone(session, principal.tenant_id):
        return False
    return known(session, principal.tenant_id, principal.user) is not None


def _figures(
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
