"""What was used, by anything: the writer's sums say what the entries say."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from steward.core.money import NanoUsd
from steward.ledger.charge import Usage
from steward.ledger.report import (
    After,
    Span,
    UsageLine,
    usage_by,
    usage_by_day,
    usage_part,
    usage_total,
)
from steward.ledger.sums import Dimension
from tests.ledger.bank import ANN, BOB, USAGE, Bank, charge

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


async def report(bank: Bank, by: Dimension, first: date = FIRST, last: date = LAST) -> list[str]:
    """A line for each name: its calls and cost."""
    lines = await bank.database.read(lambda session: usage_by(session, "local", by, first, last))
    return [f"{line.name}: {line.calls} for {line.cost_nano_usd}" for line in lines]


async def pay(bank: Bank, name: str, nano_usd: int, **changed: str) -> None:
    task = changed.pop("task", "agent")
    await bank.ledger.reserve(replace(ANN, **changed), charge(name, 500, task=task))
    await bank.ledger.settle(name, USAGE, NanoUsd(nano_usd))


async def test_usage_is_added_up_by_everything_that_a_report_asks_for(bank: Bank) -> None:
    await pay(bank, "r1", 10, team="red")
    await pay(bank, "r2", 200, user="bob", session="s2", task="completion")
    bank.clock.set_wall(datetime(2026, 11, 22, 0, 0, tzinfo=UTC))
    await pay(bank, "r3", 3000, workspace="/other")
    assert await report(bank, "user") == ["ann: 2 for 3010", "bob: 1 for 200"]
    assert await report(bank, "team") == ["red: 1 for 10"]
    assert await report(bank, "workspace") == ["/other: 1 for 3000", "/work: 2 for 210"]
    assert await report(bank, "session") == ["session-1: 2 for 3010", "s2: 1 for 200"]
    assert await report(bank, "task") == ["agent: 2 for 3010", "completion: 1 for 200"]
    assert await report(bank, "model") == ["small: 3 for 3210"]
    assert await report(bank, "all") == ["2026-11-21: 2 for 210", "2026-11-22: 1 for 3000"]
    second = date(2026, 11, 22)
    assert await report(bank, "user", second, second) == ["ann: 1 for 3000"]


async def test_usage_is_added_up_by_agent_and_provider(bank: Bank) -> None:
    for name, agent, provider in (("a", "fix", "acme"), ("b", "fix", "other"), ("c", "", "acme")):
        await bank.ledger.reserve(ANN, replace(charge(name), agent=agent, provider=provider))
        await bank.ledger.settle(name, USAGE, NanoUsd(10))
    assert await report(bank, "agent") == ["fix: 2 for 20"]
    assert await report(bank, "provider") == ["acme: 2 for 20", "other: 1 for 10"]


async def test_tokens_are_added_up_too(bank: Bank) -> None:
    for number in range(3):
        await bank.ledger.reserve(ANN, charge(f"r{number}"))
        await bank.ledger.settle(f"r{number}", Usage(10, 20, 5), NanoUsd(7))
    lines = await bank.database.read(
        lambda session: usage_by(session, "local", "model", FIRST, LAST)
    )
    assert lines == (UsageLine("small", 3, 30, 60, 15, NanoUsd(21)),)


async def test_a_late_truth_corrects_the_sum_and_is_no_second_call(bank: Bank) -> None:
    for name in ("settled", "released", "never"):
        await bank.ledger.reserve(BOB, charge(name, 500))
    bank.clock.advance(timedelta(hours=1))
    await bank.ledger.expire_due()
    await bank.ledger.settle("settled", USAGE, NanoUsd(120))
    await bank.ledger.release("released")
    assert await report(bank, "user") == ["bob: 3 for 620"]


async def test_parts_of_a_report_are_the_whole_in_its_order(bank: Bank) -> None:
    for number in range(6):
        await pay(bank, f"r{number}", 10 + number // 2, session=f"s{number}")
    span = Span("session", FIRST, LAST)
    whole = await bank.database.read(lambda s: usage_by(s, "local", "session", FIRST, LAST))
    assert [line.name for line in whole] == ["s4", "s5", "s2", "s3", "s0", "s1"]
    for after, line in pairwise(whole):
        behind = After(after.cost_nano_usd, after.name)
        part = await bank.database.read(
            lambda s, behind=behind: usage_part(s, "local", span, behind, 1)
        )
        assert part == (line,)
    total = await bank.database.read(lambda s: usage_total(s, "local", FIRST, LAST))
    assert (total.calls, total.cost_nano_usd) == (6, sum(line.cost_nano_usd for line in whole))
    days = await bank.database.read(lambda s: usage_by_day(s, "local", span, ["s4", "s0"]))
    assert [(each.day, each.name, each.cost_nano_usd) for each in days] == [
        *(("2026-11-21", "", 44), ("2026-11-21", "s0", 10), ("2026-11-21", "s4", 12)),
    ]
