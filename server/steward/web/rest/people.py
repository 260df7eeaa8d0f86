"""Who belongs to the organisation, in which role and team."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session

from steward.core.errors import InvalidInputError, NotPermittedError
from steward.core.limits import PERSON_NAME_CHARS_MAX
from steward.core.principal import Role
from steward.permissions import people
from steward.permissions.roles import Person, why_no_report
from steward.web.rest.answer import Paged, Wanted
from steward.web.rest.caller import Caller, Managing, Opened, Reading
from steward.web.rest.people_seen import PersonSeen, is_alone, people_seen, person_known
from steward.web.rest.query import Limit
from steward.web.rooms import Rooms

router = APIRouter(prefix="/people", tags=["people"])

After = Annotated[str | None, Query(max_length=PERSON_NAME_CHARS_MAX)]


class People(Paged[PersonSeen]):
    """The organisation's people, by name."""

    is_alone: bool
    """Whether nobody was added: whoever works on a database of their own is its owner."""
    roles_given: tuple[Role, ...]
    """The roles that the caller may give to somebody new; none where they may add nobody."""


class NewPerson(Wanted):
    """Somebody to let in."""

    user: str
    """Their name at the operating system, or at the server."""
    role: Role = "developer"
    team: str = ""
    """The team that they belong to; empty for none."""


class ChangedPerson(Wanted):
    """What becomes of somebody; what is not said stays as it is."""

    role: Role | None = None
    team: str | None = None
    """Empty takes them out of their team."""
    is_lead: bool | None = None
    """Whether they lead their team. Who moves to another team leads it only if this says so."""


@router.get("")
async def list_people(
    caller: Reading, rooms: Opened, limit: Limit = 50, after: After = None
) -> People:
    """Everybody of the organisation, with what they cost this month."""
    return await people_of(caller, rooms, limit, after)


@router.post("", status_code=201)
async def add_person(caller: Managing, rooms: Opened, wanted: NewPerson) -> PersonSeen:
    """Let somebody in. The first must be an owner; admins add maintainers, developers, viewers."""
    return await add_person_of(caller, rooms, wanted)


@router.get("/{user:path}")
async def read_person(caller: Reading, rooms: Opened, user: str) -> PersonSeen:
    """One person."""
    return await person_of(caller, rooms, user)


@router.patch("/{user:path}")
async def change_person(
    caller: Managing, rooms: Opened, user: str, wanted: ChangedPerson
) -> PersonSeen:
    """Change somebody's role, team or lead. Nobody raises themselves, and one owner stays."""
    return await change_person_of(caller, rooms, user, wanted)


@router.delete("/{user:path}", status_code=204)
async def remove_person(caller: Managing, rooms: Opened, user: str) -> None:
    """Let somebody go. What they spent stays booked, and their tokens open nothing any more."""
    await remove_person_of(caller, rooms, user)


async def people_of(caller: Caller, rooms: Rooms, limit: int, after: str | None) -> People:
    """The people behind the name `after`, as the caller may see them.

    Raises:
        NotPermittedError: they are not among the organisation's people.
    """
    if (refusal := why_no_report(caller.principal)) is not None:
        raise NotPermittedError(refusal)
    principal, now = caller.principal, rooms.clock.now()

    def work(session: Session) -> People:
        alone = is_alone(session, principal)
        every = people.everyone(session, principal.tenant_id)
        if alone:
            every = (person_known(session, principal.tenant_id, principal.user),)
        left = [each for each in every if after is None or each.user > after]
        shown = left[:limit]
        return People(
            items=people_seen(session, principal, shown, now),
            next=shown[-1].user if len(left) > limit else None,
            is_alone=alone,
            roles_given=people.roles_given(session, principal),
        )

    return await rooms.database.read(work)


async def person_of(caller: Caller, rooms: Rooms, user: str) -> PersonSeen:
    """One person, as the caller may see them.

    Raises:
        NotPermittedError: the caller is not among the organisation's people.
        NotFoundError: nobody has that name.
    """
    if (refusal := why_no_report(caller.principal)) is not None:
        raise NotPermittedError(refusal)
    now = rooms.clock.now()
    return await rooms.database.read(lambda session: _seen(session, caller, user, now))


async def add_person_of(caller: Caller, rooms: Rooms, wanted: NewPerson) -> PersonSeen:
    """Let somebody in.

    Raises:
        NotPermittedError: the caller's role does not include it; that is audited.
        InvalidInputError: they are here already, or their name or team's is none.
    """
    person = Person(wanted.user, wanted.role, wanted.team)
    await _permitted(rooms, lambda session, now: people.add(session, caller.principal, person, now))
    return await person_of(caller, rooms, wanted.user)


async def change_person_of(
    caller: Caller, rooms: Rooms, user: str, wanted: ChangedPerson
) -> PersonSeen:
    """Change what somebody is, all of it or nothing.

    Raises:
        NotPermittedError: the caller's role does not include it; that is audited.
        NotFoundError: nobody has that name.
        InvalidInputError: the team's name is none, or nothing is to be changed.
    """
    if wanted == ChangedPerson():
        raise InvalidInputError("Nothing is to be changed. Name a role, a team or `is_lead`.")
    principal = caller.principal

    def work(session: Session, now: datetime) -> str | None:
        before = people.added(session, principal.tenant_id, user)
        team = before.team if wanted.team is None else wanted.team
        stays = before.is_lead and team == before.team
        after = Person(
            user,
            wanted.role or before.role,
            team,
            stays if wanted.is_lead is None else wanted.is_lead,
        )
        return people.change(session, principal, after, now)

    await _permitted(rooms, work)
    return await person_of(caller, rooms, user)


async def remove_person_of(caller: Caller, rooms: Rooms, user: str) -> None:
    """Let somebody go.

    Raises:
        NotPermittedError: the caller's role does not include it; that is audited.
        NotFoundError: nobody has that name.
    """
    await _permitted(
        rooms, lambda session, now: people.remove(session, caller.principal, user, now)
    )


async def _permitted(rooms: Rooms, work: Callable[[Session, datetime], str | None]) -> None:
    """Do what a role must cover. A refusal is committed with its audit, and raised afterwards."""
    now = rooms.clock.now()
    if (refusal := await rooms.database.run(lambda session: work(session, now))) is not None:
        raise NotPermittedError(refusal)


def _seen(session: Session, caller: Caller, user: str, now: datetime) -> PersonSeen:
    person = person_known(session, caller.principal.tenant_id, user)
    return people_seen(session, caller.principal, (person,), now)[0]
