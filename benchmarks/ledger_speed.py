"""How fast the ledger books, beside an SQLModel session for each request on the same disk."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import event, update
from sqlalchemy.engine import Engine
from sqlmodel import Field, Session, SQLModel, col, create_engine

from steward.core.clock import SystemClock
from steward.core.database import open_database
from steward.core.events import Events
from steward.core.money import NanoUsd
from steward.core.principal import Principal
from steward.ledger.charge import Charge, Usage
from steward.ledger.key import KEY_BYTES, KeyFile
from steward.ledger.ledger import Ledger
from steward.ledger.settings import LedgerSettings

_USAGE = Usage(1000, 100, 0)
_WORST, _COST = NanoUsd(1000), NanoUsd(700)

Pair = Callable[[int, int], Awaitable[tuple[float, float]]]
"""Caller and number → seconds of the reservation and of the settlement."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What some callers reached together."""

    callers: int
    pairs_a_second: float
    reserve_p50_ms: float
    operation_p99_ms: float


async def measured(callers: int, seconds: float) -> Speed:
    """Pairs of `reserve` and `settle` by so many callers at once, each user in a team of eight."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "steward.db"
        async with open_database(file) as database:
            key = KeyFile(Path(folder) / "ledger.key", lambda: "5e" * KEY_BYTES)
            settings = LedgerSettings(
                limit_usd=Decimal(1_000_000), organisation_limit_usd=Decimal(1_000_000)
            )
            ledger = Ledger(database, SystemClock(), Events(), settings, key)

            async def pair(caller: int, number: int) -> tuple[float, float]:
                principal = Principal(f"u{caller}", f"s{caller}", "/w", team=f"t{caller % 8}")
                name = f"{caller}-{number}"
                start = time.perf_counter()
                await ledger.reserve(principal, Charge(name, "agent", "m", _WORST, "v1"))
                between = time.perf_counter()
                await ledger.settle(name, _USAGE, _COST)
                return between - start, time.perf_counter() - between

            return await _drive(pair, callers, seconds)


class BenchAccount(SQLModel, table=True):
    """An account as an ORM would have it."""

    __table_args__ = {"info": {"benchmark": True}}
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
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        SQLModel.metadata.create_all(
            engine, tables=[SQLModel.metadata.tables[name] for name in ("benchaccount", "benchcall")]
        )
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


def _durable(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]
    connection.execute("PRAGMA journal_mode = WAL")  # type: ignore[attr-defined]
    connection.execute("PRAGMA synchronous = FULL")  # type: ignore[attr-defined]


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
    start = time.perf_counter()

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
    took_s = time.perf_counter() - start
    operations.sort()
    return Speed(
        callers,
        len(reserves) / took_s,
        statistics.median(reserves) * 1000,
        operations[int(len(operations) * 0.99)] * 1000,
    )


def main() -> None:
    """Print what the ledger reaches, and what the plain way reaches beside it."""
    plain = asyncio.run(beside(64, 3))
    print(f"SQLModel session per request, 64 callers: {plain.pairs_a_second:,.0f} pairs/s,"
          f" p99 {plain.operation_p99_ms:.0f} ms")
    for callers in (1, 8, 64, 256):
        speed = asyncio.run(measured(callers, 2))
        print(
            f"the ledger, {callers:3} callers: {speed.pairs_a_second:8,.0f} pairs/s"
            f" ({speed.pairs_a_second / plain.pairs_a_second:.0f} x), reserve p50"
            f" {speed.reserve_p50_ms:.2f} ms, p99 {speed.operation_p99_ms:.1f} ms"
        )


if __name__ == "__main__":
    main()
