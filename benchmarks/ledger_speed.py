"""How fast the ledger books, beside an SQLModel session for each request on the same disk."""

import asyncio
import gc
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

from sqlalchemy import event, update
from sqlalchemy.engine import Connection, Engine
from sqlmodel import Field, Session, SQLModel, col, create_engine

from steward.core.clock import SystemClock
from steward.core.database import open_database
from steward.core.events import Events
from steward.core.money import NanoUsd
from steward.core.principal import Principal
from steward.ledger.charge import Charge, Usage
from steward.ledger.key import KEY_BYTES, LedgerKey
from steward.ledger.ledger import Ledger
from steward.ledger.report import By, usage_by
from steward.ledger.settings import LedgerSettings
from tests.postgresql_server import installed_binaries, running_server

_USAGE = Usage(1000, 100, 0)
_WORST, _COST = NanoUsd(1000), NanoUsd(700)

_DIMENSIONS: tuple[By, ...] = (
    "user",
    "workspace",
    "team",
    "provider",
    "model",
    "agent",
    "task",
    "session",
)

Pair = Callable[[int, int], Awaitable[tuple[float, float]]]
"""Caller and number → seconds of the reservation and of the settlement."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What some callers reached together."""

    callers: int
    pairs_a_second: float
    reserve_p50_ms: float
    operation_p99_ms: float
    cpu_us: float
    """Processor time of the whole process, a pair."""


@dataclass(frozen=True, slots=True)
class Books:
    """What one database reaches."""

    database: str
    plain: Speed
    """An SQLModel session for each request, 64 callers."""
    alone: Speed
    window: Speed
    """64 calls of one editor window at once."""
    people: Speed
    """64 people, each in one of eight teams."""

    def ratio(self) -> float:
        """How many times the plain way ours is."""
        return self.window.pairs_a_second / self.plain.pairs_a_second


async def books(seconds: float) -> list[Books]:
    """Either database, the plain way and ours in turn; PostgreSQL only where it is installed."""
    with tempfile.TemporaryDirectory() as folder:
        found = [await _books("SQLite", lambda name: Path(folder) / name, seconds)]
    if installed_binaries() is not None:
        with running_server("-c max_connections=40") as server:

            def made(name: str) -> str:
                server.execute(f"CREATE DATABASE {name}")
                return server.url(name)

            found.append(await _books("PostgreSQL", made, seconds))
    return found


async def _books(database: str, place: Callable[[str], Path | str], seconds: float) -> Books:
    return Books(
        database,
        await beside(place("plain"), 64, seconds),
        await measured(place("alone"), 1, seconds, people=False),
        await measured(place("one_window"), 64, seconds, people=False),
        await measured(place("people"), 64, seconds, people=True),
    )


@asynccontextmanager
async def open_ledger(place: Path | str) -> AsyncGenerator[Ledger]:
    """The ledger in a database, with room for everybody."""
    with tempfile.TemporaryDirectory() as folder:
        key = LedgerKey(Path(folder) / "ledger.key", lambda: "5e" * KEY_BYTES)
        key.load(may_make=True)
        settings = LedgerSettings(
            limit_usd=Decimal(1_000_000), organisation_limit_usd=Decimal(1_000_000)
        )
        async with open_database(place) as database:
            yield Ledger(database, SystemClock(), Events(), settings, key)


async def measured(place: Path | str, callers: int, seconds: float, *, people: bool) -> Speed:
    """Pairs of `reserve` and `settle` by so many callers at once.

    Either of one editor window, or each of another person, in one of eight teams.
    """
    async with open_ledger(place) as ledger:

        async def pair(caller: int, number: int) -> tuple[float, float]:
            who = caller if people else 0
            principal = Principal(f"u{who}", f"s{who}", "/w", team=f"t{who % 8}")
            return await timed_pair(ledger, principal, f"{caller}-{number}")

        return await _drive(pair, callers, seconds)


async def timed_pair(ledger: Ledger, principal: Principal, name: str) -> tuple[float, float]:
    """One call, and the seconds of its reservation and of its settlement."""
    start = time.perf_counter()
    await ledger.reserve(principal, Charge(name, "agent", "m", _WORST, "v1"))
    between = time.perf_counter()
    await ledger.settle(name, _USAGE, _COST)
    return between - start, time.perf_counter() - between


def windows(processes: int = 4, calls_a_second: int = 20, seconds: int = 3) -> list[float]:
    """How long each operation takes (ms) when editor windows share one file."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.ledger_window", f"{folder}/steward.db"]
        schedule = [str(calls_a_second), str(seconds)]
        children = [
            subprocess.Popen(
                [*command, str(number), *schedule],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(processes)
        ]
        # None is still being loaded while others call: that is what the start is measured by.
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for child in children:
            assert child.stdin is not None
            child.stdin.write("\n")
            child.stdin.flush()
        said = [child.communicate(timeout=60)[0] for child in children]
        return [float(each) for text in said for each in text.split()]


async def report_ms(days: int = 250, names: int = 40) -> tuple[int, float]:
    """How many calls a year's report covers, and how long each dimension takes, at the median."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_database(Path(folder) / "steward.db") as database:
            rows: list[tuple[object, ...]] = [
                ("local", dimension, f"2026-{day // 28 + 1:02}-{day % 28 + 1:02}", f"n{name}", 100)
                for dimension in _DIMENSIONS
                for day in range(days)
                for name in range(names)
            ]
            await database.run(lambda session: _put_sums(session, rows))
            times: list[float] = []
            for by in _DIMENSIONS * 5:
                start = time.perf_counter()
                await database.read(partial(_whole_year, by))
                times.append(time.perf_counter() - start)
            return days * names * 100, statistics.median(times) * 1000


def _put_sums(session: Session, rows: list[tuple[object, ...]]) -> None:
    for row in rows:
        session.connection().exec_driver_sql(
            'INSERT INTO "usage" VALUES (?, ?, ?, ?, ?, 1, 1, 1, 1)', row
        )


def _whole_year(by: By, session: Session) -> None:
    usage_by(session, "local", by, date(2026, 1, 1), date(2026, 12, 31))


class BenchAccount(SQLModel, table=True):
    """An account as an ORM would have it."""

    name: str = Field(primary_key=True)
    spent: int = 0
    reserved: int = 0


class BenchCall(SQLModel, table=True):
    """A call as an ORM would have it."""

    id: str = Field(primary_key=True)
    user: str
    reserved: int
    cost: int = 0
    is_open: bool = True
    at: datetime


async def beside(place: Path | str, callers: int, seconds: float) -> Speed:
    """The same with an SQLModel session for each request, on threads, at the same durability."""
    engine = _plain_engine(place)
    tables = [SQLModel.metadata.tables[name] for name in ("benchaccount", "benchcall")]
    SQLModel.metadata.create_all(engine, tables=tables)
    with Session(engine) as session, session.begin():
        for name in [*(f"u{n}" for n in range(callers)), *(f"t{n}" for n in range(8)), "all"]:
            session.add(BenchAccount(name=name))

    async def pair(caller: int, number: int) -> tuple[float, float]:
        accounts = [f"u{caller}", f"t{caller % 8}", "all"]
        start = time.perf_counter()
        await asyncio.to_thread(_plain_reserve, engine, f"{caller}-{number}", accounts)
        between = time.perf_counter()
        await asyncio.to_thread(_plain_settle, engine, f"{caller}-{number}", accounts)
        return between - start, time.perf_counter() - between

    try:
        return await _drive(pair, callers, seconds)
    finally:
        engine.dispose()


def _plain_engine(place: Path | str) -> Engine:
    if isinstance(place, str):
        url = place.replace("postgresql:", "postgresql+psycopg:", 1)
        return create_engine(url, pool_size=8, pool_timeout=60)
    engine = create_engine(f"sqlite:///{place}", connect_args={"timeout": 60}, pool_size=8)
    event.listen(engine, "connect", _durable)
    event.listen(engine, "begin", _begin)
    return engine


def _durable(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _plain_reserve(engine: Engine, name: str, accounts: list[str]) -> None:
    with Session(engine) as session, session.begin():
        _change(session, accounts, _WORST, 0)
        session.add(BenchCall(id=name, user=accounts[0], reserved=_WORST, at=datetime.now(UTC)))


def _plain_settle(engine: Engine, name: str, accounts: list[str]) -> None:
    with Session(engine) as session, session.begin():
        call = session.get_one(BenchCall, name)
        call.is_open, call.cost = False, _COST
        _change(session, accounts, -_WORST, _COST)


def _change(session: Session, accounts: list[str], reserved: int, spent: int) -> None:
    for account in accounts:
        session.connection().execute(
            update(BenchAccount)
            .where(col(BenchAccount.name) == account)
            .values(reserved=BenchAccount.reserved + reserved, spent=BenchAccount.spent + spent)
        )


def p99(samples: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(samples, n=100)[98]


async def _drive(pair: Pair, callers: int, seconds: float) -> Speed:
    reserves: list[float] = []
    operations: list[float] = []
    start, start_cpu = time.perf_counter(), time.process_time()

    async def call(caller: int) -> None:
        number = 0
        while time.perf_counter() < start + seconds:
            times = await pair(caller, number)
            reserves.append(times[0])
            operations.extend(times)
            number += 1

    async with asyncio.TaskGroup() as group:
        for caller in range(callers):
            group.create_task(call(caller))
    took_s, cpu_s = time.perf_counter() - start, time.process_time() - start_cpu
    return Speed(
        callers,
        len(reserves) / took_s,
        statistics.median(reserves) * 1000,
        p99(operations) * 1000,
        cpu_s / len(reserves) * 1e6,
    )


def main() -> None:
    """Print what the ledger reaches, and what the plain way reaches beside it."""
    gc.set_threshold(3_000, 10, 10)  # As `steward` does.
    for found in asyncio.run(books(2)):
        for what in ("plain", "alone", "window", "people"):
            speed: Speed = getattr(found, what)
            print(
                f"{found.database}, {what} ({speed.callers} callers):"
                f" {speed.pairs_a_second:,.0f} pairs/s"
                f" ({speed.pairs_a_second / found.plain.pairs_a_second:.0f} x), reserve p50"
                f" {speed.reserve_p50_ms:.2f} ms, p99 {speed.operation_p99_ms:.1f} ms,"
                f" {speed.cpu_us:.0f} µs of processor a pair"
            )
    shared = windows()
    print(f"four windows, {len(shared)} operations: p99 {p99(shared):.1f} ms")
    calls, took_ms = asyncio.run(report_ms())
    print(f"a report over {calls:,} calls: {took_ms:.1f} ms")


if __name__ == "__main__":
    main()
