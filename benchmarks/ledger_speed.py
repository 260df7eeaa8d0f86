"""How fast the ledger books, beside an SQLModel session for each request on the same disk."""

import asyncio
import gc
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
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
from steward.ledger.key import KEY_BYTES, KeyFile
from steward.ledger.ledger import Ledger
from steward.ledger.report import By, usage_by
from steward.ledger.settings import LedgerSettings

_USAGE = Usage(1000, 100, 0)
_WORST, _COST = NanoUsd(1000), NanoUsd(700)

_DIMENSIONS: tuple[By, ...] = ("user", "workspace", "team", "model", "task", "session")

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


async def measured(callers: int, seconds: float, *, people: bool) -> Speed:
    """Pairs of `reserve` and `settle` by so many callers at once.

    Either of one editor window, or each of another person, in one of eight teams.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "steward.db"
        async with open_database(file) as database:
            key = KeyFile(Path(folder) / "ledger.key", lambda: "5e" * KEY_BYTES)
            settings = LedgerSettings(
                limit_usd=Decimal(1_000_000), organisation_limit_usd=Decimal(1_000_000)
            )
            ledger = Ledger(database, SystemClock(), Events(), settings, key)

            async def pair(caller: int, number: int) -> tuple[float, float]:
                who = caller if people else 0
                principal = Principal(f"u{who}", f"s{who}", "/w", team=f"t{who % 8}")
                name = f"{caller}-{number}"
                start = time.perf_counter()
                await ledger.reserve(principal, Charge(name, "agent", "m", _WORST, "v1"))
                between = time.perf_counter()
                await ledger.settle(name, _USAGE, _COST)
                return between - start, time.perf_counter() - between

            return await _drive(pair, callers, seconds)


async def report_ms(days: int = 250, names: int = 40) -> tuple[int, float]:
    """How many calls a year's report covers, and how long each dimension takes, at the median."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_database(Path(folder) / "steward.db") as database:
            rows: list[tuple[object, ...]] = [
                ("local", dimension, f"2026-{day // 28 + 1:02}-{day % 28 + 1:02}", f"n{name}", 100)
                for dimension in ("user", "workspace", "team", "model", "task", "session")
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


async def beside(callers: int, seconds: float) -> Speed:
    """The same with an SQLModel session for each request, on threads, at the same durability."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(
            f"sqlite:///{folder}/plain.db", connect_args={"timeout": 60}, pool_size=8
        )
        event.listen(engine, "connect", _durable)
        event.listen(engine, "begin", _begin)
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
    operations.sort()
    return Speed(
        callers,
        len(reserves) / took_s,
        statistics.median(reserves) * 1000,
        operations[int(len(operations) * 0.99)] * 1000,
        cpu_s / len(reserves) * 1e6,
    )


def main() -> None:
    """Print what the ledger reaches, and what the plain way reaches beside it."""
    gc.set_threshold(3_000, 10, 10)  # As `steward` does.
    plain = asyncio.run(beside(64, 3))
    print(
        f"SQLModel session per request, 64 callers: {plain.pairs_a_second:,.0f} pairs/s,"
        f" p99 {plain.operation_p99_ms:.0f} ms"
    )
    for callers, people in ((1, False), (8, False), (64, False), (64, True), (256, True)):
        speed = asyncio.run(measured(callers, 2, people=people))
        print(
            f"the ledger, {callers:3} {'people' if people else 'calls of one window'}:"
            f" {speed.pairs_a_second:,.0f} pairs/s"
            f" ({speed.pairs_a_second / plain.pairs_a_second:.0f} x), reserve p50"
            f" {speed.reserve_p50_ms:.2f} ms, p99 {speed.operation_p99_ms:.1f} ms,"
            f" {speed.cpu_us:.0f} µs of processor a pair"
        )
    calls, took_ms = asyncio.run(report_ms())
    print(f"a report over {calls:,} calls: {took_ms:.1f} ms")


if __name__ == "__main__":
    main()
