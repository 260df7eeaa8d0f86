"""What may be spent, what is promised, and what was spent: exact, and never over the limit."""

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from steward.core import audit
from steward.core.errors import InvalidInputError, NotFoundError, OverBudgetError
from steward.core.events import Spent
from steward.core.money import NanoUsd
from steward.core.principal import Principal
from steward.ledger.charge import Charge, Usage
from tests.ledger.bank import ANN, BOB, LIMIT, USAGE, Bank, assert_balanced, charge, open_bank
from tests.places import Place, be_impatient, held


async def test_a_call_costs_what_it_cost_and_not_what_it_might_have(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1", 500))
    standing = await bank.ledger.standing(ANN)
    assert (standing.spent, standing.reserved, standing.left) == (0, 500, LIMIT - 500)
    await bank.ledger.settle("r1", USAGE, NanoUsd(120))
    standing = await bank.ledger.standing(ANN)
    assert (standing.spent, standing.reserved, standing.left) == (120, 0, LIMIT - 120)
    await assert_balanced(bank.database)


async def test_a_call_that_was_not_made_costs_nothing(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1"))
    await bank.ledger.release("r1")
    standing = await bank.ledger.standing(ANN)
    assert (standing.spent, standing.reserved, standing.left) == (0, 0, LIMIT)
    (entry,) = await bank.ledger.calls(ANN)
    assert (entry.state, entry.cost_nano_usd) == ("released", 0)


async def test_exactly_the_limit_may_be_promised_and_not_a_nano_dollar_more(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1", LIMIT - 10))
    with pytest.raises(OverBudgetError):
        await bank.ledger.reserve(ANN, charge("r2", 11))
    await bank.ledger.reserve(ANN, charge("r3", 10))
    assert (await bank.ledger.standing(ANN)).left == 0


async def test_a_refusal_tells_a_person_everything_they_need(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1", 600_000_000))
    await bank.ledger.settle("r1", USAGE, NanoUsd(500_000_000))
    await bank.ledger.reserve(ANN, charge("r2", 300_000_000))
    with pytest.raises(OverBudgetError) as refusal:
        await bank.ledger.reserve(ANN, charge("r3", 250_000_000))
    told = str(refusal.value)
    for part in (
        "'ann'",
        "up to $0.250000",
        "$1.00",
        "$0.500000 is spent",
        "$0.300000 is set aside",
        "$0.200000 is left",
        "2026-12-01",
        "STEWARD_LEDGER__LIMIT_USD",
    ):
        assert part in told
    assert [entry.request_id for entry in await bank.ledger.calls(ANN)] == ["r1", "r2"]


async def test_the_same_request_twice_is_reserved_once(bank: Bank) -> None:
    first = await bank.ledger.reserve(ANN, charge("r1", 500))
    again = await bank.ledger.reserve(ANN, charge("r1", 500))
    assert first.is_new
    assert not again.is_new
    assert (again.id, again.expires_at) == (first.id, first.expires_at)
    assert (await bank.ledger.standing(ANN)).reserved == 500


@pytest.mark.parametrize("other", [charge("r1", 501), charge("r1", 500, run_id="x")])
async def test_another_request_under_a_used_id_is_refused(bank: Bank, other: Charge) -> None:
    await bank.ledger.reserve(ANN, charge("r1", 500))
    with pytest.raises(InvalidInputError, match="'r1'"):
        await bank.ledger.reserve(ANN, other)
    with pytest.raises(InvalidInputError, match="'r1'"):
        await bank.ledger.reserve(BOB, charge("r1", 500))
    assert (await bank.ledger.standing(ANN)).reserved == 500


async def test_what_was_billed_beyond_the_promise_is_booked_and_blocks_further_calls(
    bank: Bank,
) -> None:
    await bank.ledger.reserve(ANN, charge("r1", LIMIT))
    await bank.ledger.settle("r1", USAGE, NanoUsd(LIMIT + 7))
    standing = await bank.ledger.standing(ANN)
    assert (standing.spent, standing.left) == (LIMIT + 7, 0)
    with pytest.raises(OverBudgetError):
        await bank.ledger.reserve(ANN, charge("r2", 1))
    trail = await bank.database.read(audit.read)
    assert trail[-1].action == "ledger.overrun"
    assert trail[-1].detail["cost_nano_usd"] == LIMIT + 7
    await assert_balanced(bank.database)


@pytest.mark.parametrize("least", [-1, 501])
async def test_a_call_that_needs_more_than_it_may_cost_is_refused(bank: Bank, least: int) -> None:
    wanted = replace(charge("r1", 500), least_nano_usd=NanoUsd(least))
    with pytest.raises(InvalidInputError, match="at the least"):
        await bank.ledger.reserve(ANN, wanted)
    assert (await bank.ledger.standing(ANN)).reserved == 0


async def test_what_is_free_is_never_over_the_limit(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1", LIMIT))
    await bank.ledger.settle("r1", USAGE, NanoUsd(LIMIT + 7))
    assert (await bank.ledger.reserve(ANN, charge("r2", 0))).state == "open"


async def test_a_settlement_counts_once(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1", 500))
    for _ in range(2):
        await bank.ledger.settle("r1", USAGE, NanoUsd(120))
    with pytest.raises(InvalidInputError, match="was settled"):
        await bank.ledger.settle("r1", USAGE, NanoUsd(121))
    with pytest.raises(InvalidInputError, match="was settled"):
        await bank.ledger.release("r1")
    assert (await bank.ledger.standing(ANN)).spent == 120
    await assert_balanced(bank.database)


async def test_a_settlement_counts_once_with_all_that_was_priced_of_it(bank: Bank) -> None:
    usage = Usage(100, 20, cached_tokens=5, cache_write_tokens=7, reasoning_tokens=3)
    await bank.ledger.reserve(ANN, charge("r1", 500))
    for _ in range(2):
        await bank.ledger.settle("r1", usage, NanoUsd(120))
    assert (await bank.ledger.standing(ANN)).spent == 120


async def test_a_release_counts_once(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1", 500))
    for _ in range(2):
        await bank.ledger.release("r1")
    with pytest.raises(InvalidInputError, match="was released"):
        await bank.ledger.settle("r1", USAGE, NanoUsd(1))
    assert (await bank.ledger.standing(ANN)).reserved == 0
    await assert_balanced(bank.database)


async def test_what_was_never_reserved_cannot_be_ended(bank: Bank) -> None:
    with pytest.raises(NotFoundError, match="'nothing'"):
        await bank.ledger.settle("nothing", USAGE, NanoUsd(1))
    with pytest.raises(NotFoundError, match="'nothing'"):
        await bank.ledger.release("nothing")


async def test_a_promise_that_nobody_ended_is_charged_in_full(bank: Bank) -> None:
    reservation = await bank.ledger.reserve(ANN, charge("r1", 500))
    moment = timedelta(microseconds=1)
    bank.clock.advance(reservation.expires_at - bank.clock.now() - moment)
    assert await bank.ledger.expire_due() == 0
    bank.clock.advance(moment)
    assert await bank.ledger.expire_due() == 1
    assert await bank.ledger.expire_due() == 0
    (entry,) = await bank.ledger.calls(ANN)
    assert (entry.state, entry.cost_nano_usd, entry.is_estimated) == ("expired", 500, True)
    standing = await bank.ledger.standing(ANN)
    assert (standing.spent, standing.reserved) == (500, 0)
    await assert_balanced(bank.database)


async def test_many_forgotten_promises_are_all_charged(bank: Bank) -> None:
    for number in range(205):
        await bank.ledger.reserve(ANN, charge(f"r{number}", 10))
    bank.clock.advance(timedelta(hours=1))
    assert await bank.ledger.expire_due() == 205
    assert (await bank.ledger.standing(ANN)).spent == 2050


async def test_the_next_call_charges_what_was_forgotten_even_if_it_is_refused(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1", 500))
    bank.clock.advance(timedelta(hours=1))
    with pytest.raises(OverBudgetError):
        await bank.ledger.reserve(ANN, charge("r2", LIMIT))
    assert (await bank.ledger.standing(ANN)).spent == 500


async def test_the_truth_that_comes_late_replaces_the_charge(bank: Bank) -> None:
    for name in ("settled", "released"):
        await bank.ledger.reserve(ANN, charge(name, 500))
    bank.clock.advance(timedelta(hours=1))
    await bank.ledger.expire_due()
    await bank.ledger.settle("settled", USAGE, NanoUsd(120))
    await bank.ledger.release("released")
    standing = await bank.ledger.standing(ANN)
    assert (standing.spent, standing.reserved) == (120, 0)
    await assert_balanced(bank.database)


async def test_a_new_month_brings_new_money_and_pays_for_nothing_old(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("old", LIMIT))
    bank.clock.set_wall(datetime(2026, 12, 1, tzinfo=UTC))
    assert (await bank.ledger.standing(ANN)).left == LIMIT
    await bank.ledger.settle("old", USAGE, NanoUsd(700))
    standing = await bank.ledger.standing(ANN)
    assert (standing.spent, standing.resets_on) == (0, date(2027, 1, 1))
    bank.clock.set_wall(datetime(2026, 11, 30, tzinfo=UTC))
    assert (await bank.ledger.standing(ANN)).spent == 700
    await assert_balanced(bank.database)


async def test_today_begins_at_midnight_utc(bank: Bank) -> None:
    bank.clock.set_wall(datetime(2026, 11, 21, 23, 59, tzinfo=UTC))
    await bank.ledger.reserve(ANN, charge("r1"))
    await bank.ledger.settle("r1", USAGE, NanoUsd(10))
    assert (await bank.ledger.standing(ANN)).spent_today == 10
    bank.clock.advance(timedelta(minutes=1))
    await bank.ledger.reserve(ANN, charge("r2"))
    await bank.ledger.settle("r2", USAGE, NanoUsd(3))
    standing = await bank.ledger.standing(ANN)
    assert (standing.spent_today, standing.spent) == (3, 13)


async def test_people_and_organisations_do_not_pay_for_each_other(bank: Bank) -> None:
    other = Principal("ann", "s", "/w", tenant_id="acme")
    payers = ((ANN, "r1"), (BOB, "r2"), (other, "r3"))
    for principal, request_id in payers:
        await bank.ledger.reserve(principal, charge(request_id, LIMIT))
    for principal, request_id in payers:
        assert [entry.request_id for entry in await bank.ledger.calls(principal)] == [request_id]


async def test_a_call_is_told_as_one_row(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1", 500, run_id="run-1", task="plan"))
    await bank.ledger.settle("r1", USAGE, NanoUsd(120), estimated=True)
    (entry,) = await bank.ledger.calls(ANN)
    assert (entry.at, entry.task, entry.model) == (bank.clock.now(), "plan", "small")
    assert (entry.usage, entry.cost_nano_usd, entry.reserved_nano_usd) == (USAGE, 120, 500)
    assert (entry.is_estimated, entry.run_id, entry.state) == (True, "run-1", "settled")


async def test_the_calls_of_a_run_add_up(bank: Bank) -> None:
    for number, run_id in enumerate(["run-1", "run-2", "run-1", None]):
        await bank.ledger.reserve(ANN, charge(f"r{number}", 500, run_id=run_id))
        await bank.ledger.settle(f"r{number}", USAGE, NanoUsd(10**number))
        bank.clock.advance(timedelta(seconds=1))
    assert await bank.ledger.run_cost("run-1") == 101
    assert await bank.ledger.run_cost("run-3") == 0
    assert [entry.request_id for entry in await bank.ledger.calls(ANN, "run-1")] == ["r0", "r2"]
    newest = await bank.ledger.calls(ANN, limit=2)
    assert [entry.request_id for entry in newest] == ["r2", "r3"]


async def test_every_change_is_announced(bank: Bank) -> None:
    with bank.events.watch() as seen:
        await bank.ledger.reserve(ANN, charge("r1"))
        assert await anext(seen) == Spent("local", "ann")
        await bank.ledger.settle("r1", USAGE, NanoUsd(1))
        assert await anext(seen) == Spent("local", "ann")


async def test_a_limit_that_was_changed_holds_at_once_and_is_on_the_trail(place: Place) -> None:
    async with open_bank(place) as bank:
        await bank.ledger.reserve(ANN, charge("r1", 400))
    async with open_bank(place, limit_nano_usd=500) as bank:
        with pytest.raises(OverBudgetError):
            await bank.ledger.reserve(ANN, charge("r2", 101))
        await bank.ledger.reserve(ANN, charge("r3", 100))
        trail = await bank.database.read(audit.read)
    assert [entry.action for entry in trail] == ["ledger.limit_set"] * 2
    assert trail[-1].detail == {"limit_nano_usd": 500, "before_nano_usd": LIMIT}
    assert trail[-1].actor == "ann"


@pytest.mark.parametrize(
    "change", ["UPDATE entry SET spent_change_nano_usd = 0", "DELETE FROM entry"]
)
async def test_an_entry_can_be_neither_changed_nor_deleted(bank: Bank, change: str) -> None:
    await bank.ledger.reserve(ANN, charge("r1"))
    with pytest.raises(IntegrityError, match="never changed or deleted"):
        await bank.database.run(lambda session: session.connection().exec_driver_sql(change))


@pytest.mark.parametrize("column", ["limit_nano_usd", "spent_nano_usd", "reserved_nano_usd"])
async def test_the_table_itself_refuses_a_balance_below_nought(bank: Bank, column: str) -> None:
    await bank.ledger.reserve(ANN, charge("r1"))
    change = f"UPDATE account SET {column} = -1"
    with pytest.raises(IntegrityError, match=r"(?i)check"):
        await bank.database.run(lambda session: session.connection().exec_driver_sql(change))


async def test_a_caller_that_is_cancelled_while_it_reserves_has_reserved_nothing(
    bank: Bank,
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(_session: Session) -> None:
        begun.set()
        assert may_end.wait(10)

    blocking = asyncio.create_task(bank.database.run(slow))
    assert await asyncio.to_thread(begun.wait, 10)
    reserving = asyncio.create_task(bank.ledger.reserve(ANN, charge("r1", 500)))
    await asyncio.sleep(0)
    reserving.cancel()
    await asyncio.sleep(0)
    may_end.set()
    await blocking
    with pytest.raises(asyncio.CancelledError):
        await reserving
    assert (await bank.ledger.standing(ANN)).reserved == 0
    (entry,) = await bank.ledger.calls(ANN)
    assert entry.state == "released"
    await assert_balanced(bank.database)


async def test_a_second_caller_that_is_cancelled_leaves_the_first_its_reservation(
    bank: Bank,
) -> None:
    await bank.ledger.reserve(ANN, charge("r1", 500))
    again = asyncio.create_task(bank.ledger.reserve(ANN, charge("r1", 500)))
    await asyncio.sleep(0)
    again.cancel()
    with pytest.raises(asyncio.CancelledError):
        await again
    assert (await bank.ledger.standing(ANN)).reserved == 500


async def test_a_cost_that_cannot_be_booked_leaves_the_promise_which_is_charged_later(
    place: Place,
    bank: Bank,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    be_impatient(monkeypatch)
    async with open_bank(place) as impatient:
        await impatient.ledger.reserve(ANN, charge("r1", 500))
        with held(place):
            impatient.ledger.settle_soon("r1", USAGE, NanoUsd(120))
            assert (await impatient.ledger.standing(ANN)).reserved == 500
    assert "was not booked" in caplog.text
    bank.clock.advance(timedelta(hours=1))
    await bank.ledger.expire_due()
    assert (await bank.ledger.standing(ANN)).spent == 500


async def test_a_cost_that_nobody_waited_for_is_seen_by_whoever_asks_next(bank: Bank) -> None:
    with bank.events.watch() as seen:
        await bank.ledger.reserve(ANN, charge("r1", 500))
        await bank.ledger.reserve(ANN, charge("r2", 500))
        bank.ledger.settle_soon("r1", USAGE, NanoUsd(120))
        bank.ledger.release_soon("r2")
        standing = await bank.ledger.standing(ANN)
        assert (standing.spent, standing.reserved) == (120, 0)
        async with asyncio.timeout(20):
            assert [await anext(seen) for _ in range(4)] == [Spent("local", "ann")] * 4


async def test_amounts_of_any_size_are_kept(bank: Bank) -> None:
    most, sum_of_money = Usage(10**9, 10**9, 10**9), NanoUsd(10**17)
    await bank.ledger.reserve(ANN, charge("r1"))
    await bank.ledger.settle("r1", most, sum_of_money)
    (entry,) = await bank.ledger.calls(ANN)
    assert (entry.usage, entry.cost_nano_usd) == (most, sum_of_money)
