"""What a person hears about their budgets: each thing once, whichever window they are in."""

from dataclasses import replace
from datetime import UTC, datetime

from steward.core.money import NanoUsd
from steward.core.principal import Principal
from steward.ledger.account import Limits
from steward.ledger.told import MarkPassed, Restored, UsedUp
from tests.ledger.bank import ANN, BOB, LIMIT, USAGE, Bank, charge, limit, open_bank
from tests.places import Place

NEXT_MONTH = datetime(2026, 12, 1, tzinfo=UTC)


async def heard(bank: Bank, who: Principal = ANN, needed: int = 0) -> list[tuple[object, ...]]:
    """What this person is told now, in short."""
    found: list[tuple[object, ...]] = []
    for news in await bank.ledger.untold(who, needed):
        scope = news.account.key.scope
        match news:
            case MarkPassed(mark=mark):
                found.append((scope, mark))
            case UsedUp():
                found.append((scope, "off"))
            case Restored(is_new_period=is_new_period):
                found.append((scope, "new month" if is_new_period else "back"))
    return found


async def spend(bank: Bank, name: str, nano_usd: int, who: Principal = ANN) -> None:
    await bank.ledger.reserve(who, charge(name, nano_usd))
    await bank.ledger.settle(name, USAGE, NanoUsd(nano_usd))


async def decide(bank: Bank, scope: str, nano_usd: int | None) -> None:
    await limit(bank, scope, Limits(None if nano_usd is None else NanoUsd(nano_usd)))


async def test_a_mark_is_told_in_one_window_of_each_person_whom_it_concerns(place: Place) -> None:
    async with (
        open_bank(place, organisation_limit_usd="1.5") as bank,
        open_bank(place, organisation_limit_usd="1.5") as other,
    ):
        await spend(bank, "r1", LIMIT * 8 // 10)
        assert await heard(bank, BOB) == []
        assert await heard(bank) == [("user:ann", "80")]
        assert await heard(other, replace(ANN, session="next", workspace="/else")) == []
        await spend(bank, "r2", LIMIT * 4 // 10, BOB)
        assert await heard(other) == [("organisation", "80")]
        assert await heard(other, BOB) == [("organisation", "80")]
        assert await heard(bank) == await heard(bank, BOB) == []


async def test_of_several_marks_passed_at_once_the_highest_is_told(place: Place) -> None:
    async with open_bank(place, soft_limit_usd="0.25") as bank:
        await spend(bank, "r1", LIMIT * 8 // 10)
        assert await heard(bank) == [("user:ann", "80")]
        assert await heard(bank) == []


async def test_a_mark_that_a_higher_limit_left_behind_is_not_told(bank: Bank) -> None:
    await spend(bank, "r1", LIMIT * 8 // 10)
    await decide(bank, "user:ann", 2 * LIMIT)
    assert await heard(bank) == []
    await spend(bank, "r2", LIMIT)
    assert await heard(bank) == [("user:ann", "80")]


async def test_what_is_used_up_is_told_once_and_so_is_a_limit_that_another_process_raised(
    place: Place,
) -> None:
    async with (
        open_bank(place) as bank,
        open_bank(place) as other,
    ):
        await spend(bank, "r1", LIMIT)
        assert await heard(bank) == [("user:ann", "off")]
        assert await heard(bank) == await heard(other) == []
        await decide(other, "user:ann", 2 * LIMIT)
        assert await heard(bank) == [("user:ann", "back")]
        assert await heard(bank) == await heard(other) == []
        await spend(bank, "r2", LIMIT)
        assert await heard(other) == [("user:ann", "off")]
        await decide(other, "user:ann", None)
        assert await heard(bank) == [("user:ann", "back")]


async def test_a_new_month_brings_back_what_was_used_up(bank: Bank) -> None:
    await spend(bank, "r1", LIMIT)
    assert await heard(bank) == [("user:ann", "off")]
    bank.clock.set_wall(NEXT_MONTH)
    assert await heard(bank) == [("user:ann", "new month")]
    assert await heard(bank) == []
    await spend(bank, "r2", LIMIT * 8 // 10)
    assert await heard(bank) == [("user:ann", "80")]


async def test_while_another_account_is_used_up_nothing_is_said_to_be_back(place: Place) -> None:
    async with open_bank(place, organisation_limit_usd="1") as bank:
        await spend(bank, "r1", LIMIT)
        assert await heard(bank) == [("user:ann", "off"), ("organisation", "off")]
        await decide(bank, "user:ann", 2 * LIMIT)
        assert await heard(bank) == []
        await decide(bank, "organisation", 2 * LIMIT)
        assert await heard(bank) == [("organisation", "back")]


async def test_too_little_for_the_next_call_is_used_up_until_there_is_as_much(bank: Bank) -> None:
    await spend(bank, "r1", LIMIT - 100)
    assert await heard(bank, needed=100) == [("user:ann", "95")]
    assert await heard(bank, needed=101) == [("user:ann", "off")]
    # A cheaper call that still fits makes nobody say that AI is back, and then off again.
    assert await heard(bank, needed=0) == []
    assert await heard(bank, needed=90) == []
    await decide(bank, "user:ann", LIMIT + 1)
    assert await heard(bank, needed=0) == [("user:ann", "back")]


async def test_what_is_only_set_aside_is_not_used_up(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1", LIMIT))
    assert (await bank.ledger.standing(ANN)).left == 0
    assert await heard(bank, needed=100) == []


async def test_a_session_is_told_of_its_own_account_alone(place: Place) -> None:
    async with open_bank(place, session_limit_usd="0.5") as bank:
        await spend(bank, "r1", LIMIT // 2)
        assert await heard(bank, replace(ANN, session="next")) == []
        assert await heard(bank) == [("session:session-1", "off")]


async def test_without_any_limit_there_is_no_end_to_what_is_left(bank: Bank) -> None:
    await decide(bank, "user:ann", None)
    await spend(bank, "r1", 3 * LIMIT)
    standing = await bank.ledger.standing(ANN)
    assert (standing.limit, standing.left) == (None, None)
    assert (await bank.ledger.narrowest(ANN)).key.scope == "user:ann"
    assert await heard(bank) == []
