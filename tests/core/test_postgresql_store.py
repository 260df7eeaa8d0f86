"""What PostgreSQL alone can do to us: end, restart, refuse late, and leave us in doubt."""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from steward.core import audit
from steward.core.clock import SystemClock
from steward.core.database import Database, open_database
from steward.core.errors import InvalidInputError, UnavailableError
from tests.places import execute
from tests.postgresql_server import PostgresqlServer, bare_database

SECRET = "s3cr3t-word"
NOTHING_LISTENS = f"postgresql://ann:{SECRET}@127.0.0.1:9/steward"


@pytest.fixture
async def database(postgresql: str) -> AsyncGenerator[Database]:
    async with open_database(postgresql) as database:
        yield database


@pytest.fixture
def mortal(postgresql_server: PostgresqlServer, postgresql: str) -> Generator[PostgresqlServer]:
    """The server of `postgresql`, to be ended; whatever happens, it runs again afterwards."""
    yield postgresql_server
    postgresql_server.start()


class Unit:
    """A unit of work that opens an account, and does something more the first time."""

    def __init__(self, name: str, first: str = "SELECT 1") -> None:
        self.name = name
        self.first = first
        self.runs = 0

    def __call__(self, session: Session) -> str:
        self.runs += 1
        values = {"name": self.name}
        session.connection().execute(
            text("INSERT INTO account VALUES ('local', :name, '2026-11', 0, 0, 0)"), values
        )
        if self.runs == 1:
            session.connection().execute(text(self.first))
        return self.name


def names(session: Session) -> set[str]:
    return set(session.connection().execute(text("SELECT scope FROM account")).scalars())


def raising(state: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{state}'; END $$"


END_ME = "SELECT pg_terminate_backend(pg_backend_pid())"


@pytest.mark.parametrize(
    "first",
    [raising("40001"), raising("40P01"), END_ME],
    ids=["a conflict", "a deadlock", "a connection that ended"],
)
async def test_a_unit_that_surely_changed_nothing_is_run_again(
    database: Database, first: str
) -> None:
    unit = Unit("a", first)
    assert await database.run(unit) == "a"
    assert unit.runs == 2
    assert await database.read(names) == {"a"}


async def test_a_unit_that_speaks_to_the_driver_itself_is_run_again_too(database: Database) -> None:
    def work(session: Session) -> str:
        runs.append(1)
        if len(runs) == 1:
            connection: Any = session.connection().connection.driver_connection
            connection.execute(END_ME)
        return Unit("a")(session)

    runs: list[int] = []
    assert await database.run(work) == "a"
    assert len(runs) == 2


async def test_a_unit_that_never_succeeds_is_given_up(database: Database) -> None:
    def work(session: Session) -> None:
        runs.append(1)
        session.connection().execute(text(raising("40001")))

    runs: list[int] = []
    with pytest.raises(UnavailableError, match="made up"):
        await database.run(work)
    assert len(runs) == 5


async def test_a_unit_that_may_have_been_committed_is_never_run_again(
    postgresql_server: PostgresqlServer,
) -> None:
    with bare_database(postgresql_server) as url:
        async with open_database(url) as database:
            # Deferred, it ends the connection in the middle of the commit.
            execute(
                url,
                "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" PERFORM {END_ME.removeprefix('SELECT ')}; RETURN NULL; END $$",
            )
            execute(
                url,
                "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON account"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()",
            )
            unit = Unit("a")
            with pytest.raises(UnavailableError, match="not known whether"):
                await database.run(unit)
            assert unit.runs == 1
            execute(url, "DROP TRIGGER die ON account")
            await database.run(Unit("b"))


async def test_a_unit_that_reads_cannot_write_even_past_its_own_transaction(
    database: Database,
) -> None:
    def work(session: Session) -> None:
        session.connection().exec_driver_sql("COMMIT")
        Unit("a")(session)

    with pytest.raises(UnavailableError, match="read-only"):
        await database.read(work)
    assert await database.read(names) == set()


async def test_several_units_read_at_once(database: Database) -> None:
    together = threading.Barrier(3)
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(database.read(lambda _session: together.wait(10)))


async def test_no_process_holds_up_the_others_for_ever(database: Database) -> None:
    def work(session: Session) -> list[object]:
        return [
            session.connection().exec_driver_sql(f"SHOW {name}").scalar()
            for name in (
                *("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"),
                "synchronous_commit",
            )
        ]

    assert await database.run(work) == ["15s", "30s", "30s", "on"]


async def test_a_statement_without_end_is_ended(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steward.core.postgresql_store.DATABASE_STATEMENT_S", 0.2)
    async with open_database(postgresql) as database:
        with pytest.raises(UnavailableError, match="statement timeout"):
            await database.run(Unit("a", "SELECT pg_sleep(20)"))
        assert await database.read(names) == set()


async def test_a_unit_that_falls_silent_does_not_keep_the_lock(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steward.core.postgresql_store.DATABASE_STATEMENT_S", 0.2)
    unit = Unit("a")

    def work(session: Session) -> None:
        unit(session)
        while execute(postgresql, _IN_TRANSACTION):
            pass
        names(session)

    async with open_database(postgresql) as database:
        with pytest.raises(UnavailableError, match="idle-in-transaction"):
            await database.run(work)
        assert unit.runs == 1
        await database.run(Unit("b"))
        assert await database.read(names) == {"b"}


_IN_TRANSACTION = """SELECT 1 FROM pg_stat_activity
WHERE datname = current_database() AND state = 'idle in transaction'"""


async def test_a_text_that_cannot_be_kept_is_refused(database: Database) -> None:
    with pytest.raises(InvalidInputError, match="NUL"):
        await database.run(Unit("a\0b"))


async def test_a_unit_keeps_every_other_character(database: Database) -> None:
    name = "".join(map(chr, [*range(1, 0x300), 0x2028, 0xFFFD, 0x1F600]))
    await database.run(Unit(name))
    assert await database.read(names) == {name}


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ann:{SECRET}@host:port/steward",
        f"postgresql://ann:{SECRET}@host",
        f"mysql://ann:{SECRET}@host/steward",
        f"ann:{SECRET}",
        NOTHING_LISTENS,
        f"{NOTHING_LISTENS}?password={SECRET}",
    ],
)
async def test_no_message_repeats_the_password(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises((InvalidInputError, UnavailableError), match="STEWARD_DATABASE") as refusal:
        async with open_database(url):
            pass
    assert SECRET not in str(refusal.value)
    assert SECRET not in caplog.text


async def test_a_database_that_cannot_hold_every_character_is_refused(
    postgresql_server: PostgresqlServer,
) -> None:
    statement = "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"
    postgresql_server.execute(statement)
    with pytest.raises(UnavailableError, match="UTF8"):
        async with open_database(postgresql_server.url("ascii")):
            pass
    postgresql_server.execute("DROP DATABASE ascii")


async def test_a_user_who_may_create_nothing_is_told_so(
    postgresql_server: PostgresqlServer,
) -> None:
    with bare_database(postgresql_server) as url:
        postgresql_server.execute("CREATE ROLE guest LOGIN")
        with pytest.raises(UnavailableError, match="may create tables"):
            async with open_database(url.replace("steward@", "guest@")):
                pass
        postgresql_server.execute("DROP ROLE guest")


async def test_nothing_acknowledged_is_lost_when_the_server_is_killed_and_comes_back(
    mortal: PostgresqlServer, postgresql: str
) -> None:
    kept: list[str] = []
    refused: list[str] = []

    async def work(caller: int) -> None:
        number = 0
        while not done.is_set():
            number += 1
            name = f"{caller}-{number}"
            try:
                kept.append(await database.run(Unit(name)))
                assert name in await database.read(names)
            except UnavailableError as error:
                refused.append(str(error))

    async def reached(count: int) -> None:
        while len(kept) < count:
            await asyncio.sleep(0.01)

    done = asyncio.Event()
    async with (
        asyncio.timeout(50),
        open_database(postgresql) as database,
        asyncio.TaskGroup() as group,
    ):
        for caller in range(4):
            group.create_task(work(caller))
        await reached(20)
        await asyncio.to_thread(mortal.stop, "immediate")
        await asyncio.to_thread(mortal.start)
        await reached(len(kept) + 20)
        done.set()
    async with open_database(postgresql) as database:
        there = await database.read(names)
    assert set(kept) <= there
    # At most the one that was being committed was in doubt; the others waited for the server.
    assert len(there - set(kept)) <= len(refused) <= 1 + 4


async def test_a_server_that_stays_away_is_reported_and_found_again(
    mortal: PostgresqlServer, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steward.core.postgresql_store.DATABASE_CONNECT_ATTEMPTS_MAX", 2)
    monkeypatch.setattr("steward.core.postgresql_store.DATABASE_CONNECT_PAUSE_S", 0.01)
    clock = SystemClock()

    def note(session: Session) -> int:
        return audit.append(
            session, at=clock.now(), actor="ann", action="a.b", subject="c", detail={}
        )

    async with open_database(postgresql) as database:
        assert await database.run(note) == 1
        await asyncio.to_thread(mortal.stop)
        for unit in (note, audit.verify):
            with pytest.raises(UnavailableError, match=r"cannot be reached.*Check that the server"):
                await database.run(unit)
        await asyncio.to_thread(mortal.start)
        assert await database.run(note) == 2
        assert (await database.read(audit.verify)).is_intact
