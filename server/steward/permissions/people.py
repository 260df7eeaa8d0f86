"""Who belongs to an organisation, in which role and team: units of work that read and change it.

Every change, and every attempt that the role did not cover, is audited in the same transaction.
A refusal is therefore given and not raised: the unit must commit.
"""

from dataclasses import asdict, replace
from datetime import datetime
from typing import get_args

from sqlalchemy import func
from sqlmodel import Session, col, delete, select

from steward.core import audit
from steward.core.errors import InvalidInputError, NotFoundError, NotPermittedError
from steward.core.limits import PERSON_NAME_CHARS_MAX
from steward.core.principal import LOCAL_TENANT, Principal, Role
from steward.permissions.roles import (
    ChangePerson,
    KeepKeys,
    KeepTokens,
    Person,
    SeeFigures,
    SeeTrail,
    why_not,
)
from steward.permissions.tables import (
    PageSessionRow,
    PersonalTokenRow,
    PersonRow,
    SignInLinkRow,
)


def everyone(session: Session, tenant_id: str) -> tuple[Person, ...]:
    """The organisation's people, by name."""
    rows = session.exec(
        select(PersonRow).where(PersonRow.tenant_id == tenant_id).order_by(col(PersonRow.user))
    )
    return tuple(_person(row) for row in rows)


def known(session: Session, tenant_id: str, user: str) -> Person | None:
    """The person of that name.

    Where no people were ever added on somebody's own SQLite file, whoever is asked about is the
    owner of the tenant `local`: they are alone, and the file is theirs.
    """
    row = session.get(PersonRow, (tenant_id, user))
    if row is not None:
        return _person(row)
    is_own = session.connection().dialect.name == "sqlite" and tenant_id == LOCAL_TENANT
    if is_own and session.exec(select(PersonRow.user).limit(1)).first() is None:
        return Person(user, "owner")
    return None


def added(session: Session, tenant: str, user: str) -> Person:
    """The person of that name whom somebody added.

    Raises:
        NotFoundError: nobody has that name.
    """
    row = session.get(PersonRow, (tenant, user))
    if row is None:
        raise NotFoundError(
            f"There is nobody called {user!r}. See `steward people list`, or add them with"
            f" `steward people add {user}`."
        )
    return _person(row)


def identified(session: Session, principal: Principal) -> Principal:
    """The principal with the role and team that the tables know, whatever it came with.

    Where an organisation has no people yet on a shared database, calls are booked for whoever
    makes them, as developers in no team.
    """
    person = known(session, principal.tenant_id, principal.user)
    if person is not None:
        return replace(principal, role=person.role, team=person.team)
    nobody = owners(session, principal.tenant_id) == 0
    return replace(principal, role="developer" if nobody else None, team="")


def owners(session: Session, tenant_id: str) -> int:
    """How many owners the organisation has; none as long as nobody was added."""
    found = select(func.count()).where(PersonRow.tenant_id == tenant_id, PersonRow.role == "owner")
    return session.exec(found).one()


def add(session: Session, principal: Principal, person: Person, at: datetime) -> str | None:
    """Let somebody in; gives why not, if the principal may not.

    Raises:
        InvalidInputError: they are here already, or their name or team's is none.
    """
    if session.get(PersonRow, (principal.tenant_id, person.user)) is not None:
        raise InvalidInputError(
            f"{person.user!r} is among the people already. Use `steward people role` or `steward"
            " people team` to change what they are."
        )
    return _change(session, principal, None, person, at)


def set_role(
    session: Session, principal: Principal, user: str, role: Role, at: datetime
) -> str | None:
    """Give somebody another role; gives why not, if the principal may not.

    Raises:
        NotFoundError: nobody has that name.
    """
    before = added(session, principal.tenant_id, user)
    return _change(session, principal, before, replace(before, role=role), at)


def set_team(session: Session, principal: Principal, person: Person, at: datetime) -> str | None:
    """Move somebody to the team of `person`, to lead it or not; gives why not, likewise.

    Who led the team before is a member of it from then on.

    Raises:
        NotFoundError: nobody has that name.
        InvalidInputError: the team's name is none.
    """
    before = added(session, principal.tenant_id, person.user)
    after = replace(before, team=person.team, is_lead=person.is_lead)
    return _change(session, principal, before, after, at)


def change(session: Session, principal: Principal, person: Person, at: datetime) -> str | None:
    """Make somebody what `person` says, role and team at once; gives why not, likewise.

    Raises:
        NotFoundError: nobody has that name.
        InvalidInputError: the team's name is none.
    """
    before = added(session, principal.tenant_id, person.user)
    return _change(session, principal, before, person, at)


def remove(session: Session, principal: Principal, user: str, at: datetime) -> str | None:
    """Let somebody go; gives why not, if the principal may not. What they spent stays booked.

    Raises:
        NotFoundError: nobody has that name.
    """
    return _change(session, principal, added(session, principal.tenant_id, user), None, at)


def permit_keys(session: Session, principal: Principal) -> None:
    """Return if the principal may touch the keys of providers.

    Raises:
        NotPermittedError: they may not.
    """
    tenant = principal.tenant_id
    actor = known(session, tenant, principal.user)
    _refuse(why_not(actor, KeepKeys(owners(session, tenant))))


def permit_figures(session: Session, principal: Principal) -> None:
    """Return if the principal may read how others work.

    Raises:
        NotPermittedError: they may not.
    """
    tenant = principal.tenant_id
    actor = known(session, tenant, principal.user)
    _refuse(why_not(actor, SeeFigures(owners(session, tenant))))


def sees_figures(session: Session, principal: Principal) -> bool:
    """Whether the principal may read how others work."""
    tenant = principal.tenant_id
    actor = known(session, tenant, principal.user)
    return why_not(actor, SeeFigures(owners(session, tenant))) is None


def sees_trail(session: Session, principal: Principal) -> bool:
    """Whether the principal may read what everybody did."""
    tenant = principal.tenant_id
    actor = known(session, tenant, principal.user)
    return why_not(actor, SeeTrail(owners(session, tenant))) is None


def roles_given(session: Session, principal: Principal) -> tuple[Role, ...]:
    """The roles that the principal may give to somebody new."""
    tenant = principal.tenant_id
    actor, count = known(session, tenant, principal.user), owners(session, tenant)
    return tuple(
        role
        for role in get_args(Role)
        if why_not(actor, ChangePerson(None, Person("", role), count)) is None
    )


def permit_trail(session: Session, principal: Principal) -> None:
    """Return if the principal may read what everybody did.

    Raises:
        NotPermittedError: they may read what they did themselves.
    """
    tenant = principal.tenant_id
    actor = known(session, tenant, principal.user)
    _refuse(why_not(actor, SeeTrail(owners(session, tenant))))


def permit_tokens(session: Session, principal: Principal, user: str) -> None:
    """Return if the principal may make, see and revoke this user's tokens.

    Raises:
        NotPermittedError: they may not.
    """
    tenant = principal.tenant_id
    actor, whose = known(session, tenant, principal.user), known(session, tenant, user)
    _refuse(why_not(actor, KeepTokens(whose, owners(session, tenant))))


def _refuse(refusal: str | None) -> None:
    if refusal is not None:
        raise NotPermittedError(refusal)


def _change(
    session: Session,
    principal: Principal,
    before: Person | None,
    after: Person | None,
    at: datetime,
) -> str | None:
    tenant = principal.tenant_id
    if after is not None:
        _check_name(after.user)
        _check_name(after.team or after.user)
    actor = known(session, tenant, principal.user)
    refusal = why_not(actor, ChangePerson(before, after, owners(session, tenant)))
    audit.append(
        session,
        at=at,
        tenant_id=tenant,
        actor=principal.user,
        action="people.refused" if refusal else "people.changed",
        subject=f"person {(after or before or actor or Person('', 'viewer')).user}",
        detail={
            "before": asdict(before) if before else None,
            "after": asdict(after) if after else None,
        },
    )
    if refusal is None:
        _keep(session, tenant, before, after)
        if before is not None and after is None:
            _shut_out(session, principal, before.user, at)
    return refusal


def _keep(session: Session, tenant: str, before: Person | None, after: Person | None) -> None:
    if after is not None and after.is_lead:
        led = select(PersonRow).where(
            PersonRow.tenant_id == tenant,
            PersonRow.team == after.team,
            col(PersonRow.is_lead),
            PersonRow.user != after.user,
        )
        for row in session.exec(led):
            row.is_lead = False
        session.flush()  # Before the next lead comes: a team has one at most.
    if after is not None:
        session.merge(PersonRow(tenant_id=tenant, **asdict(after)))
    elif before is not None:
        session.delete(session.get(PersonRow, (tenant, before.user)))
    session.flush()


def _shut_out(session: Session, principal: Principal, user: str, at: datetime) -> None:
    """Whoever comes under this name one day, the same person or not, begins with nothing."""
    tenant = principal.tenant_id
    for table in (PageSessionRow, SignInLinkRow):
        own = (col(table.tenant_id) == tenant, col(table.user) == user)
        session.exec(delete(table).where(*own))
    tokens = select(PersonalTokenRow).where(
        PersonalTokenRow.tenant_id == tenant,
        PersonalTokenRow.user == user,
        col(PersonalTokenRow.revoked_at).is_(None),
    )
    for row in session.exec(tokens.order_by(PersonalTokenRow.id)).all():
        row.revoked_at = at
        session.add(row)
        audit.append(
            session,
            at=at,
            tenant_id=tenant,
            actor=principal.user,
            action="token.revoked",
            subject=f"token {row.id}",
            detail={"user": user, "name": row.name, "why": "removed"},
        )


def _check_name(name: str) -> None:
    if not name.strip() or not name.isprintable() or len(name) > PERSON_NAME_CHARS_MAX:
        raise InvalidInputError(
            f"{name[:PERSON_NAME_CHARS_MAX]!r} is no name of a person or team. Use 1 to"
            f" {PERSON_NAME_CHARS_MAX} printable characters."
        )


def _person(row: PersonRow) -> Person:
    return Person(row.user, row.role, row.team, row.is_lead)  # pyright: ignore[reportArgumentType]  The table checks it.
