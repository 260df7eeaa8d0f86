"""What only PostgreSQL can do to the ledger: crash and come back while calls are paid."""

import asyncio
from collections.abc import Generator
from datetime import timedelta

import pytest

from steward.core.errors import StewardError, UnavailableError
from steward.core.money import NanoUsd
from steward.ledger.charge import Reservation
from steward.ledger.integrity import verify
from steward.ledger.key import KEY_BYTES
from tests.ledger.bank import ANN, USAGE, Bank, charge, open_bank
from tests.places import execute
from tests.postgresql_server import PostgresqlServer

COST, WORST, CALLERS = NanoUsd(700), 1000, 8


@pytest.fixture
def mortal(postgresql_server: PostgresqlServer, postgresql: str) -> Generator[PostgresqlServer]:
    """The server of `postgresql`, to be ended; whatever happens, it runs again afterwards."""
    yield postgresql_server
    postgresql_server.start()


async def test_a_restart_under_load_loses_nothing_that_was_acknowledged(
    mortal: PostgresqlServer, postgresql: str
) -> None:
    async with open_bank(postgresql) as bank:
        settled: list[str] = []
        may_end = asyncio.Event()
        callers = [
            asyncio.create_task(_call(bank, f"c{number}", settled, may_end))
            for number in range(CALLERS)
        ]
        await _until(settled, CALLERS)
        await asyncio.to_thread(mortal.stop, "immediate")
        await asyncio.to_thread(mortal.start)
        await _until(settled, len(settled) + 2 * CALLERS)
        may_end.set()
        await asyncio.gather(*callers)
        calls = {call.request_id: call for call in await bank.ledger.calls(ANN, limit=10**6)}
        assert {calls[name].state for name in settled} == {"settled"}
        bank.clock.advance(timedelta(hours=1))
        await bank.ledger.expire_due()
        key = bytes.fromhex("5e" * KEY_BYTES)
        assert (await bank.database.read(lambda session: verify(session, key))).problems == ()


async def test_what_was_reserved_by_a_commit_that_nobody_answered_is_given_back(
    mortal: PostgresqlServer, postgresql: str
) -> None:
    async with open_bank(postgresql) as bank:
        # The server commits, waits for another one that is not there, and never says so.
        _wait_for_another_server(postgresql, "'nobody'")
        try:
            made, reserving = 0, _reserve(bank, 0)
            async with asyncio.timeout(10):
                while not execute(postgresql, _END_WHO_WAITS):
                    if reserving.done():  # The server has not heard of the other one yet.
                        made, reserving = made + 1, _reserve(bank, made + 1)
                    await asyncio.sleep(0.01)
        finally:
            _wait_for_another_server(postgresql, "''")
        with pytest.raises(UnavailableError, match="not known whether"):
            await reserving
        assert (await bank.ledger.standing(ANN)).reserved == made * WORST
        states = [call.state for call in await bank.ledger.calls(ANN)]
        assert states == ["open"] * made + ["released"]


def _reserve(bank: Bank, number: int) -> asyncio.Task[Reservation]:
    bank.clock.advance(timedelta(seconds=1))
    return asyncio.create_task(bank.ledger.reserve(ANN, charge(f"r{number}", WORST)))


_END_WHO_WAITS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE wait_event = 'SyncRep' AND datname = current_database()"
)


def _wait_for_another_server(url: str, names: str) -> None:
    execute(url, f"ALTER SYSTEM SET synchronous_standby_names = {names}")
    execute(url, "SELECT pg_reload_conf()")


async def _call(bank: Bank, name: str, settled: list[str], may_end: asyncio.Event) -> None:
    number = 0
    while not may_end.is_set():
        number += 1
        request = f"{name}-{number}"
        try:
            await bank.ledger.reserve(ANN, charge(request, WORST))
            await bank.ledger.settle(request, USAGE, COST)
        except StewardError:
            continue  # Nobody knows whether it was kept; then it is charged when it expires.
        settled.append(request)


async def _until(settled: list[str], many: int) -> None:
    async with asyncio.timeout(30):
        while len(settled) < many:
            await asyncio.sleep(0.01)
