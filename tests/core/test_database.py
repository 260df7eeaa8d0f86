"""One writer thread, whole units of work, and a file that several processes share."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from steward.core.database import Database, open_database
from steward.core.errors import InvalidInputError, UnavailableError

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
    return list(
        session.connection().execute(text("SELECT scope FROM account ORDER BY rowid")).scalars()
    )


async def test_what_was_written_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    async with open_database(tmp_path / "data" / "steward.db") as database:
        await database.run(write("a"))
    async with open_database(tmp_path / "data" / "steward.db") as database:
        assert await database.read(names) == ["a"]


async def test_a_unit_that_raises_leaves_nothing_behind(tmp_path: Path) -> None:
    def half(session: Session) -> None:
        write("a")(session)
        raise InvalidInputError("no")

    async with open_database(tmp_path / "steward.db") as database:
        with pytest.raises(InvalidInputError):
            await database.run(half)
        assert await database.read(names) == []
        await database.run(write("b"))
        assert await database.read(names) == ["b"]


async def test_a_unit_runs_to_its_end_though_its_caller_is_cancelled(tmp_path: Path) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(session: Session) -> None:
        begun.set()
        assert may_end.wait(10)
        write("a")(session)

    async with open_database(tmp_path / "steward.db") as database:
        task = asyncio.create_task(database.run(slow))
        assert await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        may_end.set()
        assert await database.read(names) == ["a"]


async def test_closing_waits_for_units_whose_callers_are_gone(tmp_path: Path) -> None:
    async with open_database(tmp_path / "steward.db") as database:
        tasks = [asyncio.create_task(database.run(write(f"{n}"))) for n in range(20)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
    async with open_database(tmp_path / "steward.db") as database:
        assert len(await database.read(names)) == 20


async def test_units_run_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    async with open_database(tmp_path / "steward.db") as database:
        async with asyncio.TaskGroup() as group:
            for n in range(50):
                group.create_task(database.run(write(f"{n}")))
        assert await database.read(names) == [f"{n}" for n in range(50)]


async def test_a_unit_that_only_reads_cannot_write(tmp_path: Path) -> None:
    async with open_database(tmp_path / "steward.db") as database:
        with pytest.raises(UnavailableError, match="readonly"):
            await database.read(write("a"))
        assert await database.read(names) == []


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
async def test_only_the_owner_may_read_the_folder_and_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    async with open_database(folder / "steward.db") as database:
        await database.run(write("a"))
        assert folder.stat().st_mode & 0o777 == 0o700
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == {"steward.db": 0o600, "steward.db-wal": 0o600, "steward.db-shm": 0o600}


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
async def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "steward.db"
    file.touch(0o644)
    async with open_database(file):
        assert file.stat().st_mode & 0o777 == 0o600


async def test_a_commit_is_on_the_disk_and_keys_are_checked(tmp_path: Path) -> None:
    def pragmas(session: Session) -> list[object]:
        connection = session.connection()
        return [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]

    async with open_database(tmp_path / "steward.db") as database:
        full = 2
        assert await database.read(pragmas) == ["wal", full, 1, 5000]


async def test_a_writer_waits_until_another_process_is_done(tmp_path: Path) -> None:
    file = tmp_path / "steward.db"
    async with open_database(file) as database:
        other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(database.run(write("a")))
        # The database thread is busy with the lock by now, or will be: both must end well.
        await asyncio.sleep(0)
        assert not waiting.done()
        other.execute("COMMIT")
        other.close()
        await waiting
        assert await database.read(names) == ["a"]


async def test_a_lock_that_is_never_given_back_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steward.core.database.DATABASE_BUSY_S", 0.01)
    file = tmp_path / "steward.db"
    async with open_database(file) as database:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError, match="Another process has held the database"):
            await database.run(write("a"))
        # Reading goes on meanwhile.
        assert await database.read(names) == []
        other.execute("ROLLBACK")
        other.close()
        await database.run(write("a"))


async def test_no_more_units_wait_than_the_limit_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steward.core.database.UNITS_WAITING_MAX", 2)
    may_end = threading.Event()

    def slow(_session: Session) -> None:
        assert may_end.wait(10)

    async with open_database(tmp_path / "steward.db") as database:
        waiting = [asyncio.create_task(database.run(slow)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(UnavailableError, match="2 units of work wait"):
            await database.run(slow)
        may_end.set()
        for task in waiting:
            await task
        await database.run(write("a"))


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "steward.db"
    file.write_bytes(b"My shopping list\n" * 400)
    with pytest.raises(UnavailableError, match="cannot be opened"):
        async with open_database(file):
            pass
    assert file.read_bytes() == b"My shopping list\n" * 400


async def test_a_path_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="STEWARD_DATA_DIR"):
        async with open_database(tmp_path / "file" / "steward.db"):
            pass


_START = """
import asyncio, sys
from pathlib import Path
from steward.core.database import open_database
async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    async with open_database(Path(sys.argv[1])) as database:
        pass
asyncio.run(main())
"""


def test_processes_that_start_together_on_a_new_file_all_succeed(tmp_path: Path) -> None:
    file = tmp_path / "data" / "steward.db"
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", _START, str(file)],
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


async def test_two_databases_in_one_process_do_not_disturb_each_other(tmp_path: Path) -> None:
    async def fill(database: Database, prefix: str) -> None:
        for n in range(20):
            await database.run(write(f"{prefix}{n}"))

    file = tmp_path / "steward.db"
    async with open_database(file) as one, open_database(file) as other:
        async with asyncio.TaskGroup() as group:
            group.create_task(fill(one, "a"))
            group.create_task(fill(other, "b"))
        assert len(await one.read(names)) == 40
