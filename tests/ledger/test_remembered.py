"""What the writer remembers from batch to batch is never older than the database."""

from collections.abc import AsyncGenerator

import pytest

from steward.core.errors import InvalidInputError, OverBudgetError
from steward.core.money import NanoUsd
from steward.ledger.account import Limits
from steward.ledger.budget import set_budget
from tests.ledger.bank import ANN, LIMIT, USAGE, Bank, assert_balanced, charge, open_bank
from tests.places import Place


@pytest.fixture
async def other(place: Place, bank: Bank) -> AsyncGenerator[Bank]:
    """The ledger of another process on the same database as `bank`."""
    await bank.ledger.reserve(ANN, charge("made before the other came"))
    async with open_bank(place) as other:
        yield other


async def test_what_another_process_settled_is_not_settled_again(bank: Bank, other: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1", 500))
    await other.ledger.settle("r1", USAGE, NanoUsd(120))
    with pytest.raises(InvalidInputError, match="was settled with a cost of 120"):
        await bank.ledger.settle("r1", USAGE, NanoUsd(130))
    await bank.ledger.settle("r1", USAGE, NanoUsd(120))
    assert (await bank.ledger.standing(ANN)).spent == 120
    await assert_balanced(bank.database)


async def test_what_another_process_took_is_not_promised_again(bank: Bank, other: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1", LIMIT // 2))
    await other.ledger.reserve(ANN, charge("r2", LIMIT // 3))
    with pytest.raises(OverBudgetError):
        await bank.ledger.reserve(ANN, charge("r3", LIMIT // 3))
    await bank.ledger.settle("r2", USAGE, NanoUsd(1))
    await other.ledger.settle("r1", USAGE, NanoUsd(1))
    await bank.ledger.reserve(ANN, charge("r3", LIMIT // 3))
    await assert_balanced(bank.database)


async def test_a_budget_that_another_process_set_holds_at_once(bank: Bank, other: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1", 500))
    limits = Limits(NanoUsd(100_600))
    now = bank.clock.now()
    await other.database.run(lambda session: set_budget(session, ANN, "user:ann", limits, now))
    with pytest.raises(OverBudgetError):
        await bank.ledger.reserve(ANN, charge("r2", 200))
    await bank.ledger.reserve(ANN, charge("r3", 100))


async def test_processes_that_take_turns_keep_the_books_exact(bank: Bank, other: Bank) -> None:
    for number in range(6):
        first, second = (bank, other) if number % 2 else (other, bank)
        await first.ledger.reserve(ANN, charge(f"a{number}", 100))
        await first.ledger.reserve(ANN, charge(f"b{number}", 100))
        await second.ledger.settle(f"a{number}", USAGE, NanoUsd(10))
        await first.ledger.release(f"b{number}")
        await first.ledger.settle(f"a{number}", USAGE, NanoUsd(10))
    standing = await other.ledger.standing(ANN)
    assert (standing.spent, standing.reserved) == (60, 100_000)
    await assert_balanced(bank.database)


async def test_no_more_is_remembered_than_the_limit_says(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("sqlite", "postgresql"):
        monkeypatch.setattr(f"steward.ledger.{kind}.LEDGER_RESERVATIONS_KEPT_MAX", 2)
    for number in range(4):
        await bank.ledger.reserve(ANN, charge(f"r{number}", 100))
    for number in range(4):
        await bank.ledger.settle(f"r{number}", USAGE, NanoUsd(10))
    standing = await bank.ledger.standing(ANN)
    assert (standing.spent, standing.reserved) == (40, 0)
    await assert_balanced(bank.database)
