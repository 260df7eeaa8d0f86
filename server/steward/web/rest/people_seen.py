"""Who people are, as the API tells it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime

from sqlmodel import Session

from steward.core.errors import NotFoundError
from steward.core.principal import Principal, Role
from steward.operations.people_figures import figures_of
from steward.permissions.people import everyone, known
from steward.permissions.roles import Person
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
    figures = figures_of(session, principal, [each.user for each in people], now)
    return tuple(
        PersonSeen(**asdict(person), **asdict(found))
        for person, found in zip(people, figures, strict=True)
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
