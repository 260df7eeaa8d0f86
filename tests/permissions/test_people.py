"""The tables say what somebody is, and nothing that they bring along themselves."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from steward.core import audit
from steward.core.database import Database, open_database
from steward.core.errors import NotPermittedError
from steward.core.principal import Principal
from steward.ledger.reading import month
from steward.permissions import people
from steward.permissions.roles import Person
from tests.ledger.bank import charge, open_bank
from tests.places import Place, execute

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
OLGA = Principal("olga", "s", "/w")
BOASTER = Principal("bob", "s", "/w", team="gold", role="owner")


@pytest.fixture
async def database(place: Place) -> AsyncGenerator[Database]:
    async with open_database(place) as database:
        yield database


async def populate(database: Database, *others: Person) -> None:
    """Olga owns it, and adds the others."""

    def work(session: Session) -> list[str | None]:
        everybody = (Person("olga", "owner"), *others)
        return [people.add(session, OLGA, person, AT) for person in everybody]

    assert set(await database.run(work)) == {None}


async def test_role_and_team_come_from_the_tables_whatever_is_claimed(database: Database) -> None:
    await populate(database, Person("bob", "viewer", "red"))
    found = await database.read(lambda session: people.identified(session, BOASTER))
    assert (found.role, found.team) == ("viewer", "red")
    stranger = replace(BOASTER, user="eve")
    found = await database.read(lambda session: people.identified(session, stranger))
    assert (found.role, found.team) == (None, "")


async def test_who_is_alone_on_a_file_owns_it_and_on_a_server_nobody_does_unasked(
    database: Database, place: Place
) -> None:
    found = await database.read(lambda session: people.identified(session, BOASTER))
    assert found == replace(
        BOASTER, team="", role="owner" if isinstance(place, Path) else "developer"
    )
    elsewhere = replace(BOASTER, tenant_id="acme")
    found = await database.read(lambda session: people.known(session, "acme", elsewhere.user))
    assert found is None


async def test_people_of_another_organisation_are_nobody_here(database: Database) -> None:
    await populate(database)
    acme = replace(OLGA, tenant_id="acme")
    found = await database.read(lambda session: people.identified(session, acme))
    assert found.role == "developer"  # Of an organisation that has nobody yet: she owns nothing.
    refusal = await database.run(
        lambda session: people.add(session, acme, Person("eve", "developer"), AT)
    )
    assert refusal is not None


async def test_a_refused_change_is_on_the_trail_and_nothing_else_is(database: Database) -> None:
    await populate(database, Person("bob", "developer"))
    claims = replace(BOASTER, role="owner")
    refusal = await database.run(
        lambda session: people.set_role(session, claims, "bob", "owner", AT)
    )
    assert refusal is not None
    trail = await database.read(lambda session: audit.read(session, "person bob"))
    assert [entry.action for entry in trail] == ["people.changed", "people.refused"]
    assert (trail[-1].actor, trail[-1].detail["after"]) == (
        "bob",
        {"user": "bob", "role": "owner", "team": "", "is_lead": False},
    )
    known = await database.read(lambda session: people.known(session, "local", "bob"))
    assert known == Person("bob", "developer")


async def test_the_table_itself_allows_one_lead_in_a_team(database: Database, place: Place) -> None:
    await populate(database, Person("bob", "developer", "red"), Person("lea", "developer", "red"))
    for name in ("bob", "lea"):
        lead = Person(name, "developer", "red", is_lead=True)
        assert await database.run(lambda s, p=lead: people.set_team(s, OLGA, p, AT)) is None
    leads = execute(place, 'SELECT "user" FROM person WHERE is_lead')
    assert leads == [("lea",)]

    def force(session: Session) -> None:
        session.connection().exec_driver_sql("UPDATE person SET is_lead = true WHERE team = 'red'")

    with pytest.raises(IntegrityError):
        await database.run(force)


async def test_a_call_is_paid_by_the_team_of_the_table_and_not_by_one_that_was_claimed(
    place: Place,
) -> None:
    async with open_bank(place) as bank:
        await populate(bank.database, Person("bob", "developer", "red"), Person("vic", "viewer"))
        bob = await bank.database.read(lambda session: people.identified(session, BOASTER))
        await bank.ledger.reserve(bob, charge("r1", 500))
        accounts = await bank.database.read(lambda s: month(s, "local", "2026-11", (), {}))
        scopes = {account.key.scope for account in accounts}
        assert "team:red" in scopes
        assert "team:gold" not in scopes
        for name in ("vic", "eve"):
            claims = replace(BOASTER, user=name)
            asking = await bank.database.read(lambda s, p=claims: people.identified(s, p))
            with pytest.raises(NotPermittedError):
                await bank.ledger.reserve(asking, charge(f"of {name}", 500))
        assert len(execute(place, "SELECT id FROM reservation")) == 1
