"""The teams of the organisation: who is in them, who leads them, and what they may spend."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session

from steward.core.errors import NotFoundError, NotPermittedError
from steward.core.limits import PERSON_NAME_CHARS_MAX
from steward.ledger.account import AccountKey, period_of
from steward.ledger.reading import accounts
from steward.permissions.people import everyone
from steward.permissions.roles import Person, why_no_report
from steward.web.rest.answer import Answer, Paged
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rest.people_seen import PersonSeen, people_seen
from steward.web.rooms import Rooms

router = APIRouter(prefix="/teams", tags=["teams"])


class Team(Answer):
    """A team. It is there as long as somebody belongs to it."""

    team: str
    """Its name."""
    members: int
    lead: str | None
    """Who leads it; null where nobody does."""
    limit_nano_usd: int | None
    """What it may spend this month (UTC); null where nothing limits it."""
    soft_limit_nano_usd: int | None
    spent_nano_usd: int
    """What was charged to it this month."""
    reserved_nano_usd: int
    """What is set aside for calls under way."""


class TeamWhole(Answer):
    """A team with its members."""

    team: Team
    people: tuple[PersonSeen, ...]
    """Its members, by name."""


@router.get("")
async def list_teams(
    caller: Reading,
    rooms: Opened,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[str | None, Query(max_length=PERSON_NAME_CHARS_MAX)] = None,
) -> Paged[Team]:
    """Every team, by name, with its budget and what it spent this month."""
    return await teams_of(caller, rooms, limit, after)


@router.get("/{team:path}")
async def read_team(caller: Reading, rooms: Opened, team: str) -> TeamWhole:
    """One team and its members."""
    return await team_of(caller, rooms, team)


async def teams_of(caller: Caller, rooms: Rooms, limit: int, after: str | None) -> Paged[Team]:
    """The teams behind the name `after`.

    Raises:
        NotPermittedError: the caller is not among the organisation's people.
    """
    _check(caller)
    tenant, now = caller.principal.tenant_id, rooms.clock.now()

    def work(session: Session) -> Paged[Team]:
        left = [
            (name, members)
            for name, members in _by_team(everyone(session, tenant))
            if after is None or name > after
        ]
        shown = left[:limit]
        return Paged(
            items=_teams(session, rooms, tenant, shown, now),
            next=shown[-1][0] if len(left) > limit else None,
        )

    return await rooms.database.read(work)


async def team_of(caller: Caller, rooms: Rooms, team: str) -> TeamWhole:
    """One team and its members, as the caller may see them.

    Raises:
        NotPermittedError: the caller is not among the organisation's people.
        NotFoundError: nobody belongs to a team of this name.
    """
    _check(caller)
    principal, now = caller.principal, rooms.clock.now()

    def work(session: Session) -> TeamWhole:
        everybody = everyone(session, principal.tenant_id)
        members = [each for each in everybody if each.team == team and team]
        if not members:
            raise NotFoundError(f"Nobody belongs to a team called {team!r}.")
        (found,) = _teams(session, rooms, principal.tenant_id, [(team, members)], now)
        return TeamWhole(team=found, people=people_seen(session, principal, members, now))

    return await rooms.database.read(work)


def _check(caller: Caller) -> None:
    if (refusal := why_no_report(caller.principal)) is not None:
        raise NotPermittedError(refusal)


def _by_team(people: Sequence[Person]) -> list[tuple[str, list[Person]]]:
    def name(each: Person) -> str:
        return each.team

    found = groupby(sorted(people, key=name), key=name)
    return [(team, list(members)) for team, members in found if team]


def _teams(
    session: Session,
    rooms: Rooms,
    tenant: str,
    found: Sequence[tuple[str, Sequence[Person]]],
    now: datetime,
) -> tuple[Team, ...]:
    keys = {name: AccountKey(tenant, f"team:{name}", period_of(now)) for name, _ in found}
    if not keys:
        return ()
    standing = accounts(session, list(keys.values()), rooms.ledger.defaults)
    return tuple(
        Team(
            team=name,
            members=len(members),
            lead=next((each.user for each in members if each.is_lead), None),
            limit_nano_usd=standing[keys[name]].limit,
            soft_limit_nano_usd=standing[keys[name]].soft_limit,
            spent_nano_usd=standing[keys[name]].spent,
            reserved_nano_usd=standing[keys[name]].reserved,
        )
        for name, members in found
    )
