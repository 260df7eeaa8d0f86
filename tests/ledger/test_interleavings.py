"""Whatever order calls arrive in, from however many tasks and processes, nothing is overspent."""

import asyncio
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings, strategies as st

from steward.core.errors import OverBudgetError
from steward.core.money import NanoUsd
from tests.ledger.bank import ANN, USAGE, Bank, assert_balanced, charge, open_bank
from tests.places import Place
from tests.postgresql_server import PostgresqlServer, lent_database

ROOT = Path(__file__).parents[2]
LIMIT = 1000


@dataclass(frozen=True)
class Call:
    """What one caller wants, and how it ends."""

    worst: int
    percent: int
    ending: str
    pauses: int


CALLS = st.builds(
    Call,
    worst=st.integers(0, 400),
    percent=st.integers(0, 100),
    ending=st.sampled_from(["settle", "settle", "release", "forget", "late"]),
    pauses=st.integers(0, 3),
)


@settings(max_examples=30, deadline=None)
@given(calls=st.lists(CALLS, max_size=12))
def test_no_interleaving_of_calls_overspends_the_account(calls: list[Call]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_interleave(Path(folder) / "steward.db", calls))


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(calls=st.lists(CALLS, min_size=8, max_size=12))
def test_no_interleaving_overspends_on_postgresql(
    postgresql_server: PostgresqlServer, calls: list[Call]
) -> None:
    with lent_database(postgresql_server) as url:
        asyncio.run(_interleave(url, calls))


async def _interleave(place: Place, calls: list[Call]) -> None:
    async with open_bank(place, LIMIT) as bank:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_make(bank, f"r{number}", call))
                for number, call in enumerate(calls)
            ]
        bank.clock.advance(timedelta(hours=1))
        await bank.ledger.expire_due()
        expected = 0
        for number, task in enumerate(tasks):
            expected += await _finish(bank, f"r{number}", calls[number], task.result())
        standing = await bank.ledger.standing(ANN)
        assert (standing.spent, standing.reserved) == (expected, 0)
        states = {entry.state for entry in await bank.ledger.calls(ANN)}
        assert states <= {"settled", "released", "expired"}
        await assert_balanced(bank.database)


async def _make(bank: Bank, request_id: str, call: Call) -> bool:
    """Whether the call was admitted."""
    for _ in range(call.pauses):
        await asyncio.sleep(0)
    try:
        await bank.ledger.reserve(ANN, charge(request_id, call.worst))
    except OverBudgetError:
        return False
    await _assert_within_limit(bank)
    if call.ending == "settle":
        await bank.ledger.settle(request_id, USAGE, _cost(call))
    elif call.ending == "release":
        await bank.ledger.release(request_id)
    await _assert_within_limit(bank)
    return True


async def _finish(bank: Bank, request_id: str, call: Call, is_admitted: bool) -> int:
    """What the call has cost in the end."""
    if not is_admitted or call.ending == "release":
        return 0
    if call.ending == "forget":
        return call.worst
    if call.ending == "late":
        await bank.ledger.settle(request_id, USAGE, _cost(call))
    return _cost(call)


def _cost(call: Call) -> NanoUsd:
    return NanoUsd(call.worst * call.percent // 100)


async def _assert_within_limit(bank: Bank) -> None:
    standing = await bank.ledger.standing(ANN)
    assert standing.spent + standing.reserved <= LIMIT


def test_processes_that_share_a_database_admit_exactly_what_there_is_room_for(
    place: Place, tmp_path: Path
) -> None:
    attempts, cost, room = 64, 1_000, 150
    arguments = [str(attempts), str(cost), f"{cost * room / 1e9:.9f}"]
    program = [
        sys.executable,
        str(ROOT / "tests" / "ledger" / "spend.py"),
        str(place),
        str(tmp_path),
    ]
    spenders = [
        subprocess.Popen(
            [*program, name, *arguments],
            env={"PYTHONPATH": str(ROOT / "server"), "PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b", "c", "d")
    ]
    for spender in spenders:
        assert spender.stdout is not None
        assert spender.stdout.readline() == "ready\n"
    for spender in spenders:
        assert spender.stdin is not None
        spender.stdin.write("go\n")
        spender.stdin.flush()
    admitted = [int(spender.communicate(timeout=50)[0]) for spender in spenders]
    assert sum(admitted) == room
