"""The teams of the organisation: who is in them, who leads them, and what they may spend."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session

from steward.core.errors import NotFoundError, NotPermittedError
from steward.core.limits import PERSON_NAME_CHARS_MAX
from steward.operations import teams
from steward.operations.teams import team_seen, teams_seen
from steward.permissions.roles import why_no_report
from steward.web.rest.answer import Answer, Paged
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rest.people_seen import PersonSeen, people_seen
from steward.web.rest.query import LIMIT, Limit
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
    limit: Limit = LIMIT,
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

    defaults = rooms.limits

    def work(session: Session) -> Paged[Team]:
        every = teams_seen(session, tenant, defaults, now)
        left = [each for each in every if after is None or each.name > after]
        shown = left[:limit]
        return Paged(
            items=tuple(map(_team, shown)),
            next=shown[-1].name if len(left) > limit else None,
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

    defaults = rooms.limits

    def work(session: Session) -> TeamWhole:
        found = team_seen(session, principal.tenant_id, team, defaults, now)
        if found is None:
            raise NotFoundError(f"Nobody belongs to a team called {team!r}.")
        members = people_seen(session, principal, found[1], now)
        return TeamWhole(team=_team(found[0]), people=members)

    return await rooms.database.read(work)


def _check(caller: Caller) -> None:
    if (refusal := why_no_report(caller.principal)) is not None:
        raise NotPermittedError(refusal)


def _team(found: teams.Team) -> Team:
    return Team(
        team=found.name,
        members=found.members,
        lead=found.lead,
        limit_nano_usd=found.standing.limit,
        soft_limit_nano_usd=found.standing.soft_limit,
        spent_nano_usd=found.standing.spent,
        reserved_nano_usd=found.standing.reserved,
    )
