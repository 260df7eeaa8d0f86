"""What waits is booked together: one commit for many, in order, and none pays for another."""

import asyncio
import sqlite3
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import exc
from sqlmodel import Session

from steward.core.errors import InvalidInputError, NotFoundError, OverBudgetError, UnavailableError
from steward.core.limits import AMOUNT_NANO_USD_MAX, AUDIT_DETAIL_CHARS_MAX
from steward.core.money import NanoUsd
from steward.ledger.charge import Reservation, Usage
from tests.ledger.bank import ANN, LIMIT, USAGE, Bank, assert_balanced, charge, open_bank
from tests.places import Place, execute


class Busy:
    """Holds the database's thread, so that whatever is handed in meanwhile waits."""

    def __init__(self, bank: Bank) -> None:
        self._begun, self._may_end = threading.Event(), threading.Event()
        self._bank = bank

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._bank.database.run(self._hold))
        assert await asyncio.to_thread(self._begun.wait, 10)

    async def __aexit__(self, *_: object) -> None:
        self._may_end.set()
        await self._task

    def _hold(self, _session: Session) -> None:
        self._begun.set()
        assert self._may_end.wait(10)


async def test_calls_that_wait_at_the_same_time_share_one_commit(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("first"))
    said: list[str] = []
    if bank.database.kind == "sqlite":
        await bank.database.run(lambda session: _driver(session).set_trace_callback(said.append))
    async with Busy(bank):
        calls = [asyncio.create_task(bank.ledger.reserve(ANN, charge(f"r{n}"))) for n in range(50)]
        await asyncio.sleep(0)
    assert all(isinstance(each, Reservation) for each in await asyncio.gather(*calls))
    if bank.database.kind == "sqlite":
        assert said[said.index("COMMIT") + 1 :].count("COMMIT") == 1  # The first was of `Busy`.
    else:
        assert await bank.database.read(_transactions) == 2


def _transactions(session: Session) -> int:
    """How many transactions have made the reservations, of which none was changed."""
    statement = "SELECT COUNT(DISTINCT CAST(xmin AS TEXT)) FROM reservation"
    return session.connection().exec_driver_sql(statement).scalar_one()


def _driver(session: Session) -> sqlite3.Connection:
    return cast("sqlite3.Connection", session.connection().connection.driver_connection)


async def test_exactly_as_many_as_there_is_room_for_are_admitted_of_256_callers(
    place: Place,
) -> None:
    async with open_bank(place, limit_nano_usd=100 * 37 + 99) as bank:
        made = await asyncio.gather(
            *(bank.ledger.reserve(ANN, charge(f"r{n}", 100)) for n in range(256)),
            return_exceptions=True,
        )
        assert sum(isinstance(each, Reservation) for each in made) == 37
        assert sum(isinstance(each, OverBudgetError) for each in made) == 256 - 37
        assert (await bank.ledger.standing(ANN)).reserved == 3700
        await assert_balanced(bank.database)


async def test_one_that_fails_costs_its_neighbours_nothing(bank: Bank) -> None:
    async with Busy(bank):
        good = asyncio.create_task(bank.ledger.reserve(ANN, charge("good", 500)))
        bad = asyncio.create_task(bank.ledger.settle("nothing", USAGE, NanoUsd(1)))
        # The database cannot keep half of a pair of surrogates.
        poison = asyncio.create_task(bank.ledger.reserve(ANN, charge("r", task="\ud800")))
        # Nor does the audit trail take a reason of any length.
        wordy = replace(charge("wordy"), reason="x" * AUDIT_DETAIL_CHARS_MAX)
        too_long = asyncio.create_task(bank.ledger.reserve(ANN, wordy))
        last = asyncio.create_task(bank.ledger.reserve(ANN, charge("last", 70)))
        await asyncio.sleep(0)
    assert (await good).is_new
    assert (await last).is_new
    with pytest.raises(NotFoundError):
        await bad
    for unkept in (poison, too_long):
        with pytest.raises(InvalidInputError, match="cannot be kept"):
            await unkept
    assert (await bank.ledger.standing(ANN)).reserved == 570
    await assert_balanced(bank.database)


async def test_other_work_keeps_its_place_between_the_ledgers(bank: Bank) -> None:
    order: list[int] = []

    def note(session: Session) -> None:
        order.append(
            session.connection().exec_driver_sql("SELECT COUNT(*) FROM reservation").scalar_one()
        )

    async with Busy(bank):
        first = asyncio.create_task(bank.ledger.reserve(ANN, charge("r1")))
        await asyncio.sleep(0)
        between = asyncio.create_task(bank.database.run(note))
        await asyncio.sleep(0)
        second = asyncio.create_task(bank.ledger.reserve(ANN, charge("r2")))
        await asyncio.sleep(0)
        behind = bank.database.hand_in(note)
    await asyncio.wait([first, between, second, asyncio.ensure_future(behind)])
    assert order == [1, 2]


async def test_a_call_settled_in_the_batch_that_reserved_it_is_whole(bank: Bank) -> None:
    async with Busy(bank):
        reserving = asyncio.create_task(bank.ledger.reserve(ANN, charge("r1", 500)))
        again = asyncio.create_task(bank.ledger.reserve(ANN, charge("r1", 500)))
        await asyncio.sleep(0)
        bank.ledger.settle_soon("r1", USAGE, NanoUsd(120))
    assert (await reserving).is_new
    assert not (await again).is_new
    standing = await bank.ledger.standing(ANN)
    assert (standing.spent, standing.reserved) == (120, 0)
    await assert_balanced(bank.database)


async def test_what_expired_is_charged_once_however_many_calls_notice(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("old", 500))
    bank.clock.advance(timedelta(hours=1))
    async with Busy(bank):
        calls = [asyncio.create_task(bank.ledger.reserve(ANN, charge(f"r{n}"))) for n in range(3)]
        expiring = asyncio.create_task(bank.ledger.expire_due())
        late = asyncio.create_task(bank.ledger.settle("old", USAGE, NanoUsd(120)))
        await asyncio.sleep(0)
    await asyncio.gather(*calls)
    await asyncio.gather(expiring, late)
    assert (await bank.ledger.standing(ANN)).spent == 120
    await assert_balanced(bank.database)


@pytest.mark.parametrize("nano_usd", [-1, AMOUNT_NANO_USD_MAX + 1])
async def test_absurd_sums_and_counts_have_no_effect(bank: Bank, nano_usd: int) -> None:
    with pytest.raises(InvalidInputError, match="cannot cost"):
        await bank.ledger.reserve(ANN, charge("r1", nano_usd))
    await bank.ledger.reserve(ANN, charge("r2", 500))
    with pytest.raises(InvalidInputError, match="cannot cost"):
        await bank.ledger.settle("r2", USAGE, NanoUsd(nano_usd))
    for absurd in (
        *(Usage(-1, 0), Usage(0, 10**10), Usage(0, 0, -5), Usage(1, 0, 2)),
        *(Usage(3, 0, 2, 2), Usage(0, 0, 0, -1), Usage(9, 1, reasoning_tokens=2)),
    ):
        with pytest.raises(InvalidInputError, match="cannot consume"):
            await bank.ledger.settle("r2", absurd, NanoUsd(1))
    standing = await bank.ledger.standing(ANN)
    assert (standing.spent, standing.reserved) == (0, 500)


async def test_a_full_disk_books_nothing_and_tells_everybody_who_waits(filed: Bank) -> None:
    await filed.ledger.reserve(ANN, charge("before"))
    await filed.database.run(lambda session: _full(session, is_full=True))
    calls = [filed.ledger.reserve(ANN, charge(f"r{n}-{'x' * 20_000}")) for n in range(5)]
    for refused in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(refused, UnavailableError)
        assert "no model is called" in str(refused)
    await filed.database.read(lambda session: _full(session, is_full=False))
    assert (await filed.ledger.standing(ANN)).reserved == 100_000
    await filed.ledger.reserve(ANN, charge("after"))
    await assert_balanced(filed.database)


async def test_a_disk_that_fills_up_with_the_audit_trail_is_told_as_such(filed: Bank) -> None:
    await filed.ledger.reserve(ANN, charge("before"))
    await filed.database.run(lambda session: _full(session, is_full=True))
    explained = replace(charge("r1"), attempt=2, reason="x" * (AUDIT_DETAIL_CHARS_MAX // 2))
    with pytest.raises(UnavailableError, match="no model is called"):
        await filed.ledger.reserve(ANN, explained)
    assert (await filed.ledger.standing(ANN)).reserved == 100_000


def _full(session: Session, *, is_full: bool) -> None:
    """Let the file grow no further, as a full disk does."""
    connection = session.connection()
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count = {pages if is_full else 2**30}")


async def test_a_commit_that_fails_is_forgotten(place: Place) -> None:
    async with open_bank(place) as bank:
        await bank.ledger.reserve(ANN, charge("before"))
        await _let_commits_fail(bank, place, fail=True)
        with pytest.raises(UnavailableError, match="refused"):
            await bank.ledger.reserve(ANN, charge("r1", LIMIT - 100_000))
        with pytest.raises(UnavailableError, match="refused"):
            await bank.ledger.settle("before", USAGE, NanoUsd(1))
        await _let_commits_fail(bank, place, fail=False)
        assert (await bank.ledger.standing(ANN)).reserved == 100_000
        assert (await bank.ledger.reserve(ANN, charge("r1", LIMIT - 100_000))).is_new
        await bank.ledger.settle("before", USAGE, NanoUsd(2))
        standing = await bank.ledger.standing(ANN)
        assert (standing.spent, standing.reserved) == (2, LIMIT - 100_000)
        await assert_balanced(bank.database)


async def test_whose_commit_failed_takes_nothing_back_from_who_asked_next(filed: Bank) -> None:
    hand_in = filed.database.hand_in
    async with Busy(filed):
        spoilt = hand_in(lambda session: _forbid_commits(session, fail=True))
        first = asyncio.create_task(filed.ledger.reserve(ANN, charge("r1", 500)))
        await asyncio.sleep(0)
        mended = hand_in(lambda session: _forbid_commits(session, fail=False))
        filed.clock.advance(timedelta(seconds=1))
        second = asyncio.create_task(filed.ledger.reserve(ANN, charge("r1", 500)))
        await asyncio.sleep(0)
    await asyncio.wait([first, second, spoilt, mended])
    assert isinstance(spoilt.exception(), exc.DatabaseError)
    assert isinstance(first.exception(), UnavailableError)
    assert second.result().is_new
    assert (await filed.ledger.standing(ANN)).reserved == 500


async def _let_commits_fail(bank: Bank, place: Place, *, fail: bool) -> None:
    """On SQLite it refuses the statement; on PostgreSQL a trigger at the end says the disk is full.

    Either has done all that comes before a commit.
    """
    if isinstance(place, str):
        for statement in _FULL_AT_COMMIT if fail else ("DROP FUNCTION full_disk() CASCADE",):
            execute(place, statement)
        return

    with suppress(exc.DatabaseError):  # Its own commit is the first that fails.
        await bank.database.read(lambda session: _forbid_commits(session, fail=fail))


def _forbid_commits(session: Session, *, fail: bool) -> None:
    def forbid(action: int, what: str | None, *_: object) -> int:
        is_commit = action == sqlite3.SQLITE_TRANSACTION and what == "COMMIT"
        return sqlite3.SQLITE_DENY if is_commit else sqlite3.SQLITE_OK

    _driver(session).set_authorizer(forbid if fail else None)


_FULL_AT_COMMIT = (
    "CREATE FUNCTION full_disk() RETURNS TRIGGER LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'the disk is full' USING ERRCODE = 'disk_full'; END $$",
    "CREATE CONSTRAINT TRIGGER full_disk AFTER INSERT ON entry DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION full_disk()",
)


async def test_a_file_that_cannot_be_written_books_nothing(filed: Bank) -> None:
    await filed.ledger.reserve(ANN, charge("before"))
    await filed.database.run(_make_read_only)
    with pytest.raises(UnavailableError, match="readonly"):
        await filed.ledger.reserve(ANN, charge("r1", LIMIT // 2))
    assert (await filed.ledger.standing(ANN)).reserved == 100_000


def _make_read_only(session: Session) -> None:
    """Until something was read; then the database knows better itself."""
    session.connection().exec_driver_sql("PRAGMA query_only = ON")
