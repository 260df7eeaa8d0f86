"""What an older version booked is still there after an upgrade, sealed and added up."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from steward.core.migrate import alembic_config
from steward.core.money import NanoUsd
from steward.ledger.integrity import verify
from tests.ledger.bank import ANN, USAGE, charge, key_in, open_bank

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


def _old_ledger(file: Path) -> None:
    engine = create_engine(f"sqlite:///{file}")
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
    engine.dispose()
    with closing(sqlite3.connect(file, isolation_level=None)) as old:
        old.execute(
            "INSERT INTO account VALUES ('local', 'user:ann', '2026-11', ?, 135, 300)", [10**9]
        )
        for name, state, reserved, cost, entries in CALLS:
            old.execute(
                "INSERT INTO reservation VALUES (?, 'local', 'user:ann', '2026-11', 'ann',"
                " 'session-1', '/work', 'agent', 'small', NULL, 'v1', 'digest', ?, ?, ?, 0,"
                " 10, 5, 0, ?, '2026-11-21 10:00:00.000000', NULL)",
                (name, state, reserved, cost, AT),
            )
            for kind, reserved_change, spent_change in entries:
                old.execute(
                    "INSERT INTO entry (tenant_id, scope, period, reservation_id, at, kind,"
                    " reserved_change_nano_usd, spent_change_nano_usd, is_estimated, input_tokens,"
                    " output_tokens, cached_tokens, task, model, run_id) VALUES ('local',"
                    " 'user:ann', '2026-11', ?, ?, ?, ?, ?, 0, 10, 5, 0, 'agent', 'small', NULL)",
                    (name, AT, kind, reserved_change, spent_change),
                )
