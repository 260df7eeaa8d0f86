"""The trail is found by who, what, about what and when, page by page in both directions."""

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session

from steward.core import audit
from steward.core.audit_search import (
    DayCount,
    Page,
    Search,
    Turn,
    actions_of,
    as_line,
    counted,
    entry,
    exported,
    page,
)
from steward.core.database import Database, open_database
from tests.places import Place

MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
ALL = Search("local")


@pytest.fixture
async def database(place: Place) -> AsyncGenerator[Database]:
    """Sixty facts of three days: three people, four actions, five subjects."""
    async with open_database(place) as database:
        await database.run(fill)
        yield database


def fill(session: Session) -> None:
    for n in range(60):
        audit.append(
            session,
            at=MIDNIGHT + timedelta(hours=n + 0.5),
            actor=("ann", "bob", "eve")[n % 3],
            action=("run.started", "run.finished", "trust.given", "approval.asked")[n % 4],
            subject=f"thing {n % 5}",
            detail={"n": n},
        )
    audit.append(
        session,
        at=MIDNIGHT,
        actor="ann",
        action="run.started",
        subject="thing 0",
        detail={},
        tenant_id="acme",
    )


async def look(
    database: Database, search: Search = ALL, limit: int = 100, turn: Turn | None = None
) -> Page:
    return await database.read(lambda session: page(session, search, limit, turn or Turn()))


def numbers(found: Page) -> list[int]:
    return [each.seq for each in found.entries]


async def test_the_newest_come_first_and_those_of_others_never(database: Database) -> None:
    found = await look(database, limit=3)
    assert numbers(found) == [60, 59, 58]
    assert (found.has_newer, found.has_older) == (False, True)
    theirs = await look(database, Search("acme"))
    assert numbers(theirs) == [61]
    assert await database.read(lambda session: entry(session, "acme", 60)) is None


CASES: list[tuple[Search, Callable[[int], bool]]] = [
    (Search("local", frozenset(["bob"])), lambda n: n % 3 == 1),
    (Search("local", frozenset(["bob", "eve"])), lambda n: n % 3 != 0),
    (Search("local", frozenset()), lambda n: False),
    (Search("local", action="run."), lambda n: n % 4 < 2),
    (Search("local", action="run.started"), lambda n: n % 4 == 0),
    (Search("local", action="%"), lambda n: False),
    (Search("local", actions=frozenset(["trust.given"])), lambda n: n % 4 == 2),
    (Search("local", subject="thing 2"), lambda n: n % 5 == 2),
    (Search("local", subject="thing 2", action="run."), lambda n: n % 5 == 2 and n % 4 < 2),
    (
        Search("local", frozenset(["ann"]), action="run.", subject="thing 0"),
        lambda n: n % 15 == 0 and n % 4 < 2,
    ),
    (Search("local", since=date(2026, 11, 22)), lambda n: n >= 24),
    (Search("local", until=date(2026, 11, 21)), lambda n: n < 24),
    (
        Search(
            "local",
            frozenset(["eve"]),
            "run.",
            since=date(2026, 11, 22),
            until=date(2026, 11, 22),
        ),
        lambda n: 24 <= n < 48 and n % 3 == 2 and n % 4 < 2,
    ),
    (Search("local", since=date(2027, 1, 1)), lambda n: False),
]


@pytest.mark.parametrize(("search", "expected"), CASES)
async def test_what_fits_is_found_and_nothing_else(
    database: Database, search: Search, expected: Callable[[int], bool]
) -> None:
    wanted = [n + 1 for n in reversed(range(60)) if expected(n)]
    assert numbers(await look(database, search)) == wanted
    found: list[int] = []
    turn = Turn()
    while True:  # Older and older.
        one = await look(database, search, 4, turn)
        found += numbers(one)
        if not one.has_older:
            break
        turn = Turn(older_than=found[-1])
    assert found == wanted
    back: list[int] = []
    turn = Turn(newer_than=0)
    while True:  # And all the way back.
        one = await look(database, search, 4, turn)
        back = numbers(one) + back
        if not one.has_newer:
            break
        turn = Turn(newer_than=back[0])
    assert back == wanted


async def test_days_are_counted_by_what_was_done(database: Database) -> None:
    search = Search("local", actions=frozenset(["run.started"]), since=date(2026, 11, 22))
    found = await database.read(lambda session: counted(session, search))
    assert found == (
        DayCount(date(2026, 11, 22), "run.started", 6),
        DayCount(date(2026, 11, 23), "run.started", 3),
    )
    assert await database.read(lambda session: actions_of(session, "acme")) == ("run.started",)


async def test_an_export_goes_on_where_it_was_and_says_everything(database: Database) -> None:
    first = await database.read(lambda session: exported(session, ALL, 0, 50))
    second = await database.read(lambda session: exported(session, ALL, first[-1].seq, 50))
    assert [each.seq for each in (*first, *second)] == list(range(1, 61))
    assert '"detail":{"n":0}' in as_line(first[0])
    assert second[0].previous_hash == first[-1].hash


async def test_a_chain_read_in_pieces_is_judged_like_one_read_at_once(database: Database) -> None:
    whole = await database.read(audit.verify)
    assert (whole.entries, whole.is_intact) == (61, True)
    for most in (1, 7, 61, 62):
        verdict, is_over = audit.UNREAD, False
        while not is_over:
            verdict, is_over = await database.read(
                lambda session, so_far=verdict, most=most: audit.verify_on(session, so_far, most)
            )
        assert verdict == whole
