"""Sessions at pages: opened once by a link, below their token by a token, over when they should."""

import asyncio
import itertools
import secrets
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from steward.core import audit
from steward.core.clock import ManualClock
from steward.core.database import Database, open_database
from steward.core.errors import NotPermittedError
from steward.core.principal import Principal
from steward.permissions import people
from steward.permissions.people import permit_tokens
from steward.permissions.roles import Person
from steward.permissions.sessions import SESSIONS_MAX, Sessions
from steward.permissions.tokens import Scope, Tokens, Wish
from tests.places import Place, execute

START = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ANN = Principal("ann", "s1", "/work")
EVE = Principal("eve", "s2", "/work")
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
REPORTS: frozenset[Scope] = frozenset(["reports"])
HERE = "127.0.0.1"


@dataclass(frozen=True)
class Desk:
    database: Database
    clock: ManualClock
    sessions: Sessions
    tokens: Tokens

    async def entered(self) -> str:
        cookie = await self.sessions.enter(await self.sessions.link(ANN), HERE)
        assert cookie is not None
        return cookie


def desk_on(database: Database, clock: ManualClock, name: str = "") -> Desk:
    ids = (f"id{name}{number}" for number in itertools.count(1))

    def new_id() -> str:
        return next(ids)

    def fresh() -> str:
        return secrets.token_urlsafe(32)

    sessions = Sessions(database, clock, new_id, fresh)
    return Desk(database, clock, sessions, Tokens(database, clock, new_id, fresh))


@pytest.fixture
async def desk(place: Place) -> AsyncGenerator[Desk]:
    async with open_database(place) as database:
        await database.run(lambda session: people.add(session, ANN, Person("ann", "owner"), START))
        yield desk_on(database, ManualClock(START))


async def test_a_link_opens_one_session_of_a_person_within_a_minute(desk: Desk) -> None:
    link = await desk.sessions.link(ANN)
    assert await desk.sessions.is_waiting(link)
    cookie = await desk.sessions.enter(link, HERE)
    assert cookie is not None
    assert not await desk.sessions.is_waiting(link)
    assert await desk.sessions.enter(link, HERE) is None
    found = await desk.sessions.verify(cookie)
    assert found is not None
    assert (found.user, found.is_person, len(found.scopes)) == ("ann", True, 3)
    late = await desk.sessions.link(ANN)
    desk.clock.advance(timedelta(minutes=1))
    assert await desk.sessions.enter(late, HERE) is None
    for nothing in ("", link, "x" * 43, "\ud800"):
        assert await desk.sessions.verify(nothing) is None
        assert await desk.sessions.enter(nothing, HERE) is None


async def test_of_two_servers_one_takes_a_link(place: Place) -> None:
    clock = ManualClock(START)
    async with open_database(place) as first, open_database(place) as second:
        one, other = desk_on(first, clock, "a"), desk_on(second, clock, "b")
        await first.run(lambda session: people.add(session, ANN, Person("ann", "owner"), START))
        link = await one.sessions.link(ANN)
        async with asyncio.TaskGroup() as tasks:
            tries = [
                tasks.create_task(each.sessions.enter(link, HERE)) for each in (one, other) * 3
            ]
        (cookie,) = [each.result() for each in tries if each.result() is not None]
        assert cookie is not None
        for each in (one, other):
            found = await each.sessions.verify(cookie)
            assert found is not None
        assert found is not None
        await one.sessions.end(found)
        clock.advance(SECOND)
        assert await other.sessions.verify(cookie) is None, "within a second, everywhere"


async def test_a_session_that_nobody_uses_is_over_after_eight_hours_and_any_after_a_week(
    desk: Desk,
) -> None:
    idle, used = await desk.entered(), await desk.entered()
    for _ in range(7 * 24 - 1):
        desk.clock.advance(HOUR)
        assert await desk.sessions.verify(used) is not None
    assert await desk.sessions.verify(idle) is None
    desk.clock.advance(HOUR)
    assert await desk.sessions.verify(used) is None


async def test_a_session_from_a_token_has_its_scopes_and_its_end(desk: Desk) -> None:
    for lives_for in (None, 2 * HOUR):
        wish = Wish("a test", REPORTS, lives_for)
        written, token = await desk.tokens.create(ANN, "ann", wish, permit_tokens)
        holder = await desk.tokens.verify(written)
        assert holder is not None
        cookie = await desk.sessions.enter_with(holder, HERE)
        found = await desk.sessions.verify(cookie)
        assert found is not None
        assert (found.scopes, found.is_person) == (REPORTS, False)
        if lives_for is None:
            await desk.tokens.revoke(ANN, token.id, permit_tokens)
        else:
            desk.clock.advance(lives_for)
        desk.clock.advance(SECOND)
        assert await desk.sessions.verify(cookie) is None


async def test_whoever_is_not_among_the_people_gets_no_link(desk: Desk) -> None:
    with pytest.raises(NotPermittedError, match="not among the people"):
        await desk.sessions.link(EVE)


async def test_whoever_is_removed_has_no_session_when_they_come_back(desk: Desk) -> None:
    bob = Principal("bob", "s3", "")
    person = Person("bob", "developer")
    await desk.database.run(lambda session: people.add(session, ANN, person, START))
    cookie = await desk.sessions.enter(await desk.sessions.link(bob), HERE)
    assert cookie is not None
    await desk.database.run(lambda session: people.remove(session, ANN, "bob", START))
    await desk.database.run(lambda session: people.add(session, ANN, person, START))
    assert await desk.sessions.verify(cookie) is None


async def test_a_person_has_so_many_sessions_and_ends_all_of_them_at_once(desk: Desk) -> None:
    first = await desk.entered()
    for _ in range(SESSIONS_MAX):
        desk.clock.advance(SECOND)
        await desk.entered()
    assert await desk.sessions.verify(first) is None
    assert await desk.sessions.end_all(EVE) == 0
    last = await desk.entered()
    assert await desk.sessions.verify(last) is not None
    assert await desk.sessions.end_all(ANN) == SESSIONS_MAX
    assert await desk.sessions.verify(last) is None


async def test_what_is_stored_opens_nothing_and_all_of_it_is_audited(
    desk: Desk, place: Place
) -> None:
    link = await desk.sessions.link(ANN)
    cookie = await desk.sessions.enter(link, HERE)
    assert cookie is not None
    found = await desk.sessions.verify(cookie)
    assert found is not None
    await desk.sessions.end(found)
    held = str(execute(place, "SELECT * FROM sign_in_link"))
    trail = await desk.database.read(lambda session: list(audit.read(session)))
    assert link not in held + str(trail)
    assert cookie not in held + str(trail)
    of_session = [each.action for each in trail if each.subject == f"session {found.id}"]
    assert of_session == ["session.opened", "session.ended"]
