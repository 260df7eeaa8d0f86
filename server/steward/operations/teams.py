"""The teams that people belong to, and how their accounts stand: units of work that only read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlmodel import Session

from steward.ledger.account import AccountKey, Kind, Limits, period_of
from steward.ledger.reading import AccountStanding, accounts
from steward.permissions.people import everyone
from steward.permissions.roles import Person


@dataclass(frozen=True, slots=True)
class Team:
    """A team. It is there as long as somebody belongs to it."""

    name: str
    members: int
    lead: str | None
    """Who leads it; None where nobody does."""
    standing: AccountStanding
    """Its account of the month."""


def teams_seen(
    session: Session, tenant_id: str, defaults: Mapping[Kind, Limits], now: datetime
) -> tuple[Team, ...]:
    """Every team, by name; `defaults` hold where nobody set a budget."""
    teams = _by_team(everyone(session, tenant_id))
    keys = {name: AccountKey(tenant_id, f"team:{name}", period_of(now)) for name in teams}
    if not keys:
        return ()
    standing = accounts(session, list(keys.values()), defaults)
    return tuple(
        Team(
            name=name,
            members=len(members),
            lead=next((each.user for each in members if each.is_lead), None),
            standing=standing[keys[name]],
        )
        for name, members in teams.items()
    )


def team_seen(
    session: Session,
    tenant_id: str,
    name: str,
    defaults: Mapping[Kind, Limits],
    now: datetime,
) -> tuple[Team, tuple[Person, ...]] | None:
    """One team and its members, by name; None where nobody belongs to it."""
    members = tuple(each for each in everyone(session, tenant_id) if name and each.team == name)
    teams = teams_seen(session, tenant_id, defaults, now)
    found = next((each for each in teams if each.name == name), None)
    return None if found is None else (found, members)


def _by_team(people: Sequence[Person]) -> dict[str, list[Person]]:
    def name(each: Person) -> str:
        return each.team

    found = groupby(sorted(people, key=name), key=name)
    return {team: list(members) for team, members in found if team}
