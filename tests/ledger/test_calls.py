"""The log of calls: the newest first, in parts, whatever is asked for."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from steward.core.money import NanoUsd
from steward.ledger import calls
from steward.ledger.calls import Place, Wanted, attempts_of, log_part
from tests.ledger.bank import ANN, BOB, USAGE, Bank, charge


async def book(bank: Bank, count: int) -> None:
    """Calls of Ann and Bob in turns, a second apart; each third plans."""
    for number in range(count):
        bank.clock.advance(timedelta(seconds=1))
        task = "agent" if number % 3 else "plan"
        name = f"r{number}"
        await bank.ledger.reserve(BOB if number % 2 else ANN, charge(name, 100, task=task))
        await bank.ledger.settle(name, USAGE, NanoUsd(10))


async def all_parts(bank: Bank, wanted: Wanted, limit: int) -> list[str]:
    """Every call, part after part."""
    found: list[str] = []
    place: Place | None = None
    while True:
        part = await bank.database.read(
            lambda session, place=place: log_part(session, "local", wanted, place, limit)
        )
        assert len(part.calls) <= limit
        found += [each.call.request_id for each in part.calls]
        if (place := part.next) is None:
            return found


async def test_parts_together_are_the_whole_log_the_newest_first(bank: Bank) -> None:
    await book(bank, 9)
    newest_first = [f"r{number}" for number in reversed(range(9))]
    assert await all_parts(bank, Wanted(), 2) == newest_first
    assert await all_parts(bank, Wanted(), 3) == newest_first
    assert await all_parts(bank, Wanted(user="bob"), 3) == ["r7", "r5", "r3", "r1"]
    assert await all_parts(bank, Wanted(task="plan"), 2) == ["r6", "r3", "r0"]
    assert await all_parts(bank, Wanted(last=date(2026, 11, 20)), 2) == []
    day = date(2026, 11, 21)
    assert await all_parts(bank, Wanted(first=day, last=day, state="settled"), 50) == newest_first


async def test_calls_of_one_moment_are_neither_lost_nor_told_twice(bank: Bank) -> None:
    for number in range(7):
        await bank.ledger.reserve(ANN, charge(f"r{number}", 100))
    assert sorted(await all_parts(bank, Wanted(), 2)) == [f"r{number}" for number in range(7)]


async def test_a_rare_call_is_found_though_each_part_looks_at_few(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    await book(bank, 12)
    await bank.ledger.reserve(ANN, charge("late", 100, task="chat"))
    monkeypatch.setattr(calls, "CALLS_LOOKED_THROUGH_MAX", 2)
    assert await all_parts(bank, Wanted(task="plan"), 5) == ["r9", "r6", "r3", "r0"]
    assert await all_parts(bank, Wanted(task="none"), 5) == []


async def test_another_tenants_calls_are_in_nobodys_log(bank: Bank) -> None:
    await bank.ledger.reserve(replace(ANN, tenant_id="other"), charge("theirs", 100))
    assert await all_parts(bank, Wanted(), 5) == []
    found = await bank.database.read(lambda session: attempts_of(session, "local", "theirs"))
    assert found == ()
