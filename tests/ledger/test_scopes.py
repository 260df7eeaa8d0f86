"""Everybody who pays for a call pays at once, and is told once when money runs low."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from steward.core import audit
from steward.core.errors import OverBudgetError
from steward.core.events import BudgetPassed, Watcher
from steward.core.money import NANO_PER_USD, NanoUsd
from steward.core.principal import Principal
from steward.ledger.account import Limits
from steward.ledger.budget import budgets
from steward.ledger.reading import month
from tests.ledger.bank import (
    ANN,
    BOB,
    LIMIT,
    USAGE,
    Bank,
    assert_balanced,
    charge,
    limit,
    open_bank,
)
from tests.places import Place

RED = Principal("ann", "session-1", "/work", team="red")
HALF = LIMIT // 2


async def standings(bank: Bank) -> dict[str, tuple[int, int]]:
    """Scope → spent and reserved, of this month."""
    period = f"{bank.clock.now():%Y-%m}"
    found = await bank.database.read(lambda session: month(session, "local", period, (), {}))
    return {each.key.scope: (each.spent, each.reserved) for each in found}


async def test_every_account_of_a_call_pays_for_it(bank: Bank) -> None:
    await bank.ledger.reserve(RED, charge("r1", 500))
    await bank.ledger.reserve(BOB, charge("r2", 30))
    await bank.ledger.settle("r1", USAGE, NanoUsd(120))
    assert await standings(bank) == {
        "organisation": (120, 30),
        "team:red": (120, 0),
        "user:ann": (120, 0),
        "user:bob": (0, 30),
        "workspace:/work": (120, 30),
    }
    standing = await bank.ledger.standing(RED)
    assert (standing.spent_in_session, standing.spent_today, standing.spent) == (120, 120, 120)
    await assert_balanced(bank.database)


@pytest.mark.parametrize(
    ("setting", "whose", "until"),
    [
        ("organisation_limit_usd", "budget of the organisation", "2026-12-01"),
        ("team_limit_usd", "budget of the team 'red'", "2026-12-01"),
        ("workspace_limit_usd", "budget of the workspace '/work'", "2026-12-01"),
        ("session_limit_usd", "budget of this session", "next session"),
    ],
)
async def test_the_account_that_refuses_is_named_and_no_other_has_paid(
    place: Place, setting: str, whose: str, until: str
) -> None:
    async with open_bank(place, LIMIT, **{setting: "0.5"}) as bank:
        await bank.ledger.reserve(RED, charge("r1", HALF - 100_000_000))
        await bank.ledger.settle("r1", USAGE, NanoUsd(300_000_000))
        await bank.ledger.reserve(RED, charge("r2", 50_000_000))
        with pytest.raises(OverBudgetError) as refusal:
            await bank.ledger.reserve(RED, charge("r3", 150_000_001))
        told = str(refusal.value)
        for part in (whose, "$0.50", "$0.300000 is spent", "$0.050000 is set aside", until):
            assert part in told
        assert f"STEWARD_LEDGER__{setting.upper()}" in told
        standing = await bank.ledger.standing(RED)
        assert (standing.left, standing.reserved) == (150_000_000, 50_000_000)
        assert not standing.narrowest.startswith("user:")
        await bank.ledger.reserve(RED, charge("r4", 150_000_000))
        await assert_balanced(bank.database)


async def test_a_session_keeps_its_account_over_the_end_of_a_month(place: Place) -> None:
    async with open_bank(place, session_limit_usd="0.5") as bank:
        await bank.ledger.reserve(ANN, charge("r1", HALF))
        bank.clock.set_wall(datetime(2026, 12, 1, tzinfo=UTC))
        with pytest.raises(OverBudgetError, match="this session"):
            await bank.ledger.reserve(ANN, charge("r2", 1))
        await bank.ledger.reserve(replace(ANN, session="next"), charge("r3", HALF))


def marks(seen: Watcher) -> list[tuple[str, str, int]]:
    """The warnings that have been sent: scope, mark and limit."""
    sent: list[tuple[str, str, int]] = []
    while not seen._queue.empty():
        event = seen._queue.get_nowait()
        if isinstance(event, BudgetPassed):
            sent.append((event.scope, event.mark, event.limit_nano_usd))
    return sent


async def spend(bank: Bank, name: str, nano_usd: int) -> None:
    await bank.ledger.reserve(ANN, charge(name, nano_usd))
    await bank.ledger.settle(name, USAGE, NanoUsd(nano_usd))


async def test_each_mark_is_told_once_in_a_month(place: Place) -> None:
    async with open_bank(place, soft_limit_usd="0.25") as bank:
        with bank.events.watch() as seen:
            await spend(bank, "r1", LIMIT // 4)
            assert marks(seen) == []
            await spend(bank, "r2", 1)
            assert marks(seen) == [("user:ann", "soft", LIMIT // 4)]
            await spend(bank, "r3", LIMIT * 8 // 10 - LIMIT // 4 - 2)
            assert marks(seen) == []
            await spend(bank, "r4", 1)
            assert marks(seen) == [("user:ann", "80", LIMIT)]
            await spend(bank, "r5", LIMIT * 15 // 100)
            assert marks(seen) == [("user:ann", "95", LIMIT)]
            await spend(bank, "r6", 10)
            assert marks(seen) == []
            bank.clock.set_wall(datetime(2026, 12, 1, tzinfo=UTC))
            await spend(bank, "r7", LIMIT)
            assert [mark for _, mark, _ in marks(seen)] == ["soft", "80", "95"]


async def test_a_mark_is_told_once_by_all_processes_together(place: Place) -> None:
    async with (
        open_bank(place) as bank,
        open_bank(place) as other,
    ):
        with bank.events.watch() as seen, other.events.watch() as seen_there:
            await spend(bank, "r1", LIMIT * 8 // 10)
            await spend(other, "r2", 1)
            await spend(bank, "r3", 1)
            assert [mark for _, mark, _ in marks(seen)] == ["80"]
            assert marks(seen_there) == []


async def test_a_mark_stays_told_when_the_limit_is_raised_and_reached_again(bank: Bank) -> None:
    with bank.events.watch() as seen:
        await spend(bank, "r1", LIMIT * 9 // 10)
        await limit(bank, "user:ann", Limits(NanoUsd(2 * LIMIT)))
        await spend(bank, "r2", LIMIT)
        assert [mark for _, mark, _ in marks(seen)] == ["80", "95"]


async def test_a_budget_holds_from_the_next_call_on_and_is_audited(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1", HALF))
    await limit(bank, "user:ann", Limits(NanoUsd(HALF + 10), NanoUsd(5)))
    assert (await bank.ledger.standing(ANN)).left == 10
    with pytest.raises(OverBudgetError):
        await bank.ledger.reserve(ANN, charge("r2", 11))
    await bank.ledger.reserve(BOB, charge("r3", LIMIT))
    (decision,) = await bank.database.read(lambda session: budgets(session, "local"))
    assert (decision.scope, decision.limits.hard, decision.set_by) == ("user:ann", HALF + 10, "ann")
    await limit(bank, "user:ann", Limits(NanoUsd(3 * NANO_PER_USD)))
    await bank.ledger.reserve(ANN, charge("r4", 2 * NANO_PER_USD))
    trail = await bank.database.read(lambda session: audit.read(session, "budget user:ann"))
    assert [entry.detail["before_nano_usd"] for entry in trail] == [None, HALF + 10]
    assert (await bank.database.read(audit.verify)).is_intact


async def test_a_budget_that_another_process_set_holds_from_the_next_call_on(
    place: Place,
) -> None:
    async with (
        open_bank(place) as bank,
        open_bank(place) as other,
    ):
        for number in range(3):
            await bank.ledger.reserve(ANN, charge(f"r{number}", 4))
        await limit(other, "user:ann", Limits(NanoUsd(50)))
        with pytest.raises(OverBudgetError):
            await bank.ledger.reserve(ANN, charge("r3", 41))
