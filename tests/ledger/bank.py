"""A ledger on a real database, with a clock that moves when told, for tests."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text
from sqlmodel import Session

from steward.core.clock import ManualClock
from steward.core.database import Database, open_database
from steward.core.events import Events
from steward.core.money import NANO_PER_USD, NanoUsd
from steward.core.principal import Principal
from steward.ledger.account import Limits
from steward.ledger.budget import Budget, set_budget
from steward.ledger.charge import Charge, Usage
from steward.ledger.key import KEY_BYTES, LedgerKey
from steward.ledger.ledger import Ledger
from steward.ledger.settings import LedgerSettings
from steward.permissions import people
from steward.permissions.roles import Person
from tests.places import Place
from tests.template import up_to_date

ANN = Principal("ann", "session-1", "/work")
BOB = Principal("bob", "session-2", "/work")
USAGE = Usage(100, 20, 5)
START = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LIMIT = NanoUsd(NANO_PER_USD)
KEY = bytes.fromhex("5e" * KEY_BYTES)


@dataclass(frozen=True)
class Bank:
    """A ledger, and what a test needs to look behind it."""

    ledger: Ledger
    database: Database
    clock: ManualClock
    events: Events


@asynccontextmanager
async def open_bank(
    place: Place, limit_nano_usd: int = LIMIT, **limits_usd: Decimal | str
) -> AsyncGenerator[Bank]:
    clock, events = ManualClock(START), Events()
    settings = LedgerSettings.model_validate(
        {"limit_usd": Decimal(limit_nano_usd) / NANO_PER_USD, **limits_usd}
    )
    with TemporaryDirectory() as folder:
        key = key_in(place.parent if isinstance(place, Path) else Path(folder))
        if isinstance(place, str):  # As every server that uses the database was given it.
            await asyncio.to_thread(key.load, may_make=True)
        async with open_database(up_to_date(place)) as database:
            yield Bank(Ledger(database, clock, events, settings, key), database, clock, events)


def key_in(folder: Path) -> LedgerKey:
    """The key of a ledger, the same in every test."""
    return LedgerKey(folder / "ledger.key", lambda: "5e" * KEY_BYTES)


def charge(
    request_id: str, nano_usd: int = 100_000, *, run_id: str | None = None, task: str = "agent"
) -> Charge:
    return Charge(request_id, task, "small", NanoUsd(nano_usd), "v1", run_id=run_id)


async def allow(database: Database, scope: str, nano_usd: int | None, at: datetime) -> None:
    """A budget, set by Ann, who is the owner."""

    def work(session: Session) -> str | None:
        if not people.everyone(session, ANN.tenant_id):
            people.add(session, ANN, Person(ANN.user, "owner"), at)
        limits = Limits(None if nano_usd is None else NanoUsd(nano_usd))
        return set_budget(session, ANN, Budget(scope, limits), {}, at)

    assert await database.run(work) is None


async def assert_balanced(database: Database) -> None:
    """Every account stands where the sum of its entries says."""
    scopes = {
        "organisation": "'organisation'",
        "team": "'team:' || e.team",
        "user": "'user:' || e.\"user\"",
        "workspace": "'workspace:' || e.workspace",
        "session": "'session:' || e.session",
    }

    def work(session: Session) -> list[tuple[object, ...]]:
        either = " OR ".join(f"a.scope = {scope}" for scope in scopes.values())
        rows = session.connection().execute(
            text(
                "SELECT a.spent_nano_usd, COALESCE(SUM(e.spent_change_nano_usd), 0),"
                " a.reserved_nano_usd, COALESCE(SUM(e.reserved_change_nano_usd), 0)"
                " FROM account a LEFT JOIN entry e ON e.tenant_id = a.tenant_id"
                f" AND (a.period = 'session' OR a.period = e.period) AND ({either})"
                " GROUP BY a.tenant_id, a.scope, a.period"
            )
        )
        return [tuple(row) for row in rows]

    for spent, spent_entries, reserved, reserved_entries in await database.read(work):
        assert (spent, reserved) == (spent_entries, reserved_entries)


async def limit(bank: Bank, scope: str, limits: Limits) -> None:
    """Let Ann, who owns everything, set a budget."""
    now = bank.clock.now()

    def work(session: Session) -> str | None:
        if not people.everyone(session, ANN.tenant_id):
            people.add(session, ANN, Person(ANN.user, "owner"), now)
        return set_budget(session, ANN, Budget(scope, limits), {}, now)

    assert await bank.database.run(work) is None
