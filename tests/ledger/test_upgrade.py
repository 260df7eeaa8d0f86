"""What an older version booked is still there after an upgrade, sealed and added up."""

import asyncio
import hmac
import json
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection

from steward.core.database import open_database
from steward.core.errors import UnavailableError
from steward.core.migrate import alembic_config
from steward.core.money import NanoUsd
from steward.ledger.chain import START, Entry
from steward.ledger.integrity import verify
from tests.ledger.bank import ANN, KEY, USAGE, charge, key_in, open_bank
from tests.places import Place, engine_of, execute

BEFORE = "2026_11_21_runs"
AT = "2026-11-21 09:30:00.000000"

# A call that was settled, one still open, one that expired and whose cost came late, one released.
CALLS = [
    ("r1", "settled", 500, 120, [("reserve", 500, 0), ("settle", -500, 120)]),
    ("r2", "open", 300, 0, [("reserve", 300, 0)]),
    ("r3", "settled", 40, 15, [("reserve", 40, 0), ("expire", -40, 40), ("settle", 0, -25)]),
    ("r4", "released", 9, 0, [("reserve", 9, 0), ("release", -9, 0)]),
]


def test_an_older_ledger_is_carried_over_whole(tmp_path: Path) -> None:
    _old_ledger(tmp_path / "steward.db")
    asyncio.run(_use(tmp_path))


async def _use(folder: Path) -> None:
    async with open_bank(folder / "steward.db") as bank:
        standing = await bank.ledger.standing(ANN)
        assert (standing.spent, standing.reserved, standing.spent_today) == (135, 300, 135)
        await bank.ledger.settle("r2", USAGE, NanoUsd(80))
        await bank.ledger.reserve(ANN, charge("r5", 70))
        key = await asyncio.to_thread(key_in(folder).load, may_make=False)
        found = await bank.database.read(lambda session: verify(session, key))
        assert found.problems == ()
        assert found.checkpoint[2:] == (120 + 15 + 80, 70)
        calls = await bank.ledger.calls(ANN)
        assert {call.request_id: call.state for call in calls}["r3"] == "settled"


async def test_what_was_sealed_before_attempts_came_is_still_vouched_for(bare: Place) -> None:
    await asyncio.to_thread(_sealed_ledger, bare)
    async with open_bank(bare) as bank:
        found = await bank.database.read(lambda session: verify(session, KEY))
        assert (found.problems, found.checkpoint[2:]) == ((), (120, 300))
        await bank.ledger.settle("r2", USAGE, NanoUsd(80))
        again = replace(charge("r3", 70), agent="fix", provider="acme", attempt=2)
        await bank.ledger.reserve(ANN, again)
        found = await bank.database.read(lambda session: verify(session, KEY))
        assert (found.problems, found.checkpoint[2:]) == ((), (200, 70))
        calls = {call.request_id: call for call in await bank.ledger.calls(ANN)}
        assert (calls["r1"].attempt, calls["r1"].agent, calls["r3"].attempt) == (1, "", 2)


def test_a_ledger_on_postgresql_that_cannot_be_sealed_is_left_as_it_was(
    bare_postgresql: str,
) -> None:
    _upgrade(bare_postgresql, BEFORE)
    _old_rows(bare_postgresql)
    before = execute(bare_postgresql, "SELECT * FROM entry ORDER BY seq")
    with pytest.raises(UnavailableError, match="Nothing was changed"):
        asyncio.run(_open(bare_postgresql))
    assert execute(bare_postgresql, "SELECT * FROM entry ORDER BY seq") == before
    assert execute(bare_postgresql, "SELECT version_num FROM alembic_version") == [(BEFORE,)]
    assert execute(bare_postgresql, "SELECT to_regclass('usage')") == [(None,)]


async def _open(place: Place) -> None:
    async with open_database(place):
        pass


def _upgrade(place: Place, revision: str) -> None:
    engine = engine_of(place)
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


SEALED = "2026_11_21_scopes"
OWNED = ("local", "", "ann", "/work", "session-1")
ACCOUNTS = [
    *(("organisation", "2026-11"), ("user:ann", "2026-11"), ("workspace:/work", "2026-11")),
    ("session:session-1", "session"),
]


def _sealed_ledger(place: Place) -> None:
    """One call settled and one open, as the version before attempts wrote and sealed them."""
    if isinstance(place, Path):
        key_in(place.parent).load(may_make=True)
    _upgrade(place, SEALED)
    changes = [("r1", "reserve", 500, 0), ("r1", "settle", -500, 120), ("r2", "reserve", 300, 0)]
    engine = engine_of(place)
    with engine.begin() as connection:
        for name, state, reserved, cost in (("r1", "settled", 500, 120), ("r2", "open", 300, 0)):
            row = (name, *OWNED, "2026-11", "agent", "small", None, "v1", "digest", reserved)
            later = "2026-11-21 23:00:00.000000"
            _insert(connection, "reservation", (*row, AT, later, state, cost, False, 1, 1, 0, None))
        before = START
        for seq, (name, kind, reserved, spent) in enumerate(changes, start=1):
            rest = (kind, reserved, spent, 0, 1, 1, 0, "agent", "small", None, "v1")
            entry = (seq, *OWNED, "2026-11", name, AT, *rest)
            body = json.dumps((before, *entry)).encode("ascii")
            before = hmac.digest(KEY, body, "sha256").hex()
            at = Entry._fields.index("is_estimated")
            _insert(connection, "entry", (*entry[:at], False, *entry[at + 1 :], before))
        for scope, period in ACCOUNTS:
            _insert(connection, "account", ("local", scope, period, None, 120, 300, None))
        for dimension, name in (
            *(("all", ""), ("user", "ann"), ("workspace", "/work"), ("model", "small")),
            *(("task", "agent"), ("session", "session-1")),
        ):
            sums = (1, 1, 1, 0, 120)
            _insert(connection, '"usage"', ("local", dimension, "2026-11-21", name, *sums))
    engine.dispose()


def _insert(connection: Connection, table: str, row: tuple[object, ...]) -> None:
    sign = "?" if connection.dialect.name == "sqlite" else "%s"
    signs = ", ".join([sign] * len(row))
    connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({signs})", row)


def _old_ledger(file: Path) -> None:
    _upgrade(file, BEFORE)
    _old_rows(file)


def _old_rows(place: Place) -> None:
    engine = engine_of(place)
    with engine.begin() as connection:
        _insert(connection, "account", ("local", "user:ann", "2026-11", 10**9, 135, 300))
        for name, state, reserved, cost, entries in CALLS:
            owned = ("local", "user:ann", "2026-11")
            sent = ("agent", "small", None, "v1", "digest", state, reserved, cost, False, 10, 5, 0)
            until = "2026-11-21 10:00:00.000000"
            _insert(
                connection,
                "reservation",
                (name, *owned, "ann", "session-1", "/work", *sent, AT, until, None),
            )
            for kind, *changes in entries:
                seq = connection.exec_driver_sql("SELECT COUNT(*) FROM entry").scalar_one() + 1
                _insert(
                    connection,
                    "entry",
                    (seq, *owned, name, AT, kind, *changes, False, 10, 5, 0, *sent[:3]),
                )
    engine.dispose()
