"""Whole units of work, one writer, and a database that several processes share: on both kinds.

What only one of them can do stands in `test_sqlite_store.py` and `test_postgresql_store.py`.
"""

import asyncio
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from steward.core.database import Database, open_database
from steward.core.errors import InvalidInputError, UnavailableError
from tests.places import Place, be_impatient, held

ROOT = Path(__file__).parents[2]


def write(name: str) -> "Unit":
    return Unit(name)


class Unit:
    """A unit of work that opens an account under a name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, session: Session) -> None:
        session.connection().execute(
            text(
                "INSERT INTO account (tenant_id, scope, period, spent_nano_usd, reserved_nano_usd)"
                " VALUES ('local', :name, '2026-11', 0, 0)"
            ),
            {"name": self.name},
        )


def names(session: Session) -> list[str]:
    # What a row has from the order in which units wrote.
    place = "rowid" if session.get_bind().dialect.name == "sqlite" else "xmin::text::bigint"
    return list(
        session.connection().execute(text(f"SELECT scope FROM account ORDER BY {place}")).scalars()
    )


async def test_what_was_written_is_there_when_the_file_is_opened_again(place: Place) -> None:
    async with open_database(place) as database:
        await database.run(write("a"))
    async with open_database(place) as database:
        assert await database.read(names) == ["a"]


async def test_a_unit_that_raises_leaves_nothing_behind(place: Place) -> None:
    def half(session: Session) -> None:
        write("a")(session)
        raise InvalidInputError("no")

    async with open_database(place) as database:
        with pytest.raises(InvalidInputError):
            await database.run(half)
        assert await database.read(names) == []
        await database.run(write("b"))
        assert await database.read(names) == ["b"]


async def test_a_unit_runs_to_its_end_though_its_caller_is_cancelled(place: Place) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(session: Session) -> None:
        begun.set()
        assert may_end.wait(10)
        write("a")(session)

    async with open_database(place) as database:
        task = asyncio.create_task(database.run(slow))
        assert await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        may_end.set()
        assert await database.read(names) == ["a"]


async def test_closing_waits_for_units_whose_callers_are_gone(place: Place) -> None:
    async with open_database(place) as database:
        tasks = [asyncio.create_task(database.run(write(f"{n}"))) for n in range(20)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
    async with open_database(place) as database:
        assert len(await database.read(names)) == 20


async def test_units_run_in_the_order_in_which_they_came(place: Place) -> None:
    async with open_database(place) as database:
        async with asyncio.TaskGroup() as group:
            for n in range(50):
                group.create_task(database.run(write(f"{n}")))
        assert await database.read(names) == [f"{n}" for n in range(50)]


async def test_a_unit_that_only_reads_cannot_write(place: Place) -> None:
    async with open_database(place) as database:
        with pytest.raises(UnavailableError, match=r"read-?only"):
            await database.read(write("a"))
        assert await database.read(names) == []


async def test_a_unit_that_reads_sees_what_was_handed_in_before_it(place: Place) -> None:
    may_end = threading.Event()

    def slow(session: Session) -> None:
        assert may_end.wait(10)
        write("a")(session)

    async with open_database(place) as database:
        writing = database.hand_in(slow)
        reading = asyncio.create_task(database.read(names))
        # Time enough to read too early.
        await asyncio.wait({reading}, timeout=0.2)
        may_end.set()
        assert await reading == ["a"]
        await writing


async def test_a_mark_stays_until_somebody_commits_here_or_elsewhere(place: Place) -> None:
    async with open_database(place) as database, open_database(place) as elsewhere:
        if database.kind == "postgresql":
            assert await database.mark() is None  # Then everybody reads.
            return
        marks = [await database.mark()]
        assert await database.read(names) == []
        assert await database.mark() == marks[0]
        for each, name in ((database, "a"), (elsewhere, "b")):
            await each.run(write(name))
            marks.append(await database.mark())
        assert len({*marks}) == 3


async def test_what_a_unit_has_read_is_still_true_when_it_commits(place: Place) -> None:
    def count(session: Session) -> None:
        connection = session.connection()
        found = connection.execute(text("SELECT spent_nano_usd FROM account")).scalar_one()
        change = text("UPDATE account SET spent_nano_usd = :spent")
        connection.execute(change, {"spent": found + 1})

    def spent(session: Session) -> int:
        return session.connection().execute(text("SELECT spent_nano_usd FROM account")).scalar_one()

    async with open_database(place) as one, open_database(place) as other:
        await one.run(write("a"))
        async with asyncio.TaskGroup() as group:
            for n in range(40):
                group.create_task((one, other)[n % 2].run(count))
        assert await one.read(spent) == 40


async def test_a_refused_statement_that_a_unit_went_on_after_is_never_half_acknowledged(
    place: Place,
) -> None:
    def stubborn(session: Session) -> None:
        write("b")(session)
        with suppress(IntegrityError):
            write("a")(session)

    async with open_database(place) as database:
        await database.run(write("a"))
        with suppress(UnavailableError):
            await database.run(stubborn)
            assert await database.read(names) == ["a", "b"]
            return
        assert await database.read(names) == ["a"]


async def test_a_writer_waits_until_another_process_is_done(place: Place) -> None:
    async with open_database(place) as database:
        with held(place):
            waiting = asyncio.create_task(database.run(write("a")))
            # The writing thread waits for the lock by now, or will: both must end well.
            await asyncio.sleep(0)
            assert not waiting.done()
        await waiting
        assert await database.read(names) == ["a"]


async def test_a_lock_that_is_never_given_back_is_reported(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_impatient(monkeypatch)
    async with open_database(place) as database:
        refused = pytest.raises(UnavailableError, match="Another process has held the database")
        with held(place), refused:
            await database.run(write("a"))
        await database.run(write("a"))


async def test_reading_goes_on_while_another_process_writes(place: Place) -> None:
    async with open_database(place) as database:
        with held(place):
            assert await database.read(names) == []


async def test_no_more_units_wait_than_the_limit_says(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steward.core.database.UNITS_WAITING_MAX", 2)
    may_end = threading.Event()

    def slow(_session: Session) -> None:
        assert may_end.wait(10)

    async with open_database(place) as database:
        waiting = [asyncio.create_task(database.run(slow)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(UnavailableError, match="2 units of work wait"):
            await database.run(slow)
        may_end.set()
        for task in waiting:
            await task
        await database.run(write("a"))


_START = """
import asyncio, sys
from pathlib import Path
from steward.core.database import open_database
async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    place = sys.argv[1]
    async with open_database(place if "://" in place else Path(place)):
        pass
asyncio.run(main())
"""


def test_processes_that_start_together_on_a_new_database_all_succeed(bare: Place) -> None:
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", _START, str(bare)],
            env={"PYTHONPATH": str(ROOT / "server"), "PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for start in starts:
        assert start.stdout is not None
        assert start.stdout.readline() == "ready\n"
    for start in starts:
        assert start.stdin is not None
        start.stdin.write("go\n")
        start.stdin.flush()
    for start in starts:
        _, errors = start.communicate(timeout=50)
        assert start.returncode == 0, errors


async def test_two_databases_in_one_process_do_not_disturb_each_other(place: Place) -> None:
    async def fill(database: Database, prefix: str) -> None:
        for n in range(20):
            await database.run(write(f"{prefix}{n}"))

    async with open_database(place) as one, open_database(place) as other:
        async with asyncio.TaskGroup() as group:
            group.create_task(fill(one, "a"))
            group.create_task(fill(other, "b"))
        assert len(await one.read(names)) == 40
