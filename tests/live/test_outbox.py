"""What happens is told in the order of commits, by the database itself, and without words."""

import asyncio
import hashlib
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlmodel import Session

from steward.agents.tables import RunRow
from steward.core.database import open_database
from steward.core.live_limits import OUTBOX_PRUNED_EVERY, OUTBOX_ROWS_MAX
from steward.core.migrate import alembic_config
from steward.core.money import NanoUsd
from steward.core.outbox import Bounds, bounds, next_after
from steward.core.outbox_triggers import triggers
from steward.extensions.packages.tables import ExtensionRow
from steward.permissions.tables import ApprovalRow
from tests.ledger.bank import ANN, START, USAGE, Bank, allow, charge, open_bank
from tests.live.happenings import (
    WORDS,
    Member,
    approval_row,
    extension_rows,
    in_short,
    people,
    put,
    run_row,
    step_row,
    told,
)
from tests.live.processes import ended, running
from tests.places import Place, execute


@pytest.fixture
async def bank(place: Place):
    async with open_bank(place) as bank:
        yield bank


async def test_a_paid_call_is_told_with_what_its_person_spent_that_day(bank: Bank) -> None:
    for number, cost in ((1, 700), (2, 200)):
        await bank.ledger.reserve(ANN, charge(f"call-{number}", 1000, run_id="run-1"))
        await bank.ledger.settle(f"call-{number}", USAGE, NanoUsd(cost))
    first, second = [in_short(each) for each in await told(bank.database)]
    assert first == (
        "cost",
        "ann",
        "run-1",
        {
            "model": "small",
            "agent": "",
            "task": "agent",
            "cost_nano_usd": 700,
            "input_tokens": 100,
            "output_tokens": 20,
            "user_today_nano_usd": 700,
        },
    )
    assert second[3]["user_today_nano_usd"] == 900


async def test_of_calls_that_are_booked_together_every_cost_is_told(bank: Bank) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(bank.ledger.reserve(ANN, charge(f"call-{number}", 1000)))
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(bank.ledger.settle(f"call-{number}", USAGE, NanoUsd(700)))
    details = [in_short(each)[3] for each in await told(bank.database)]
    assert sum(each["cost_nano_usd"] for each in details) == 20 * 700
    assert sum(each["output_tokens"] for each in details) == 20 * USAGE.output_tokens
    assert details[-1]["user_today_nano_usd"] == 20 * 700


async def test_a_run_is_told_from_its_beginning_to_its_end_without_anybodys_words(
    bank: Bank,
) -> None:
    database = bank.database
    await people(database, Member("bob", team="blue"))
    await put(database, run_row("run-1", "bob"), step_row("run-1", "plan"))
    await put(database, approval_row("ask-1", "run-1", "bob"), step_row("run-1", "edit", ok=False))

    def answered(session: Session) -> None:
        session.get_one(ApprovalRow, "ask-1").state = "approved"
        session.get_one(RunRow, "run-1").state = "finished"

    await database.run(answered)
    await put(database, *extension_rows("bob"))
    found = await told(database)
    assert [(each.kind, each.user, each.team, each.subject) for each in found] == [
        *[("run", "bob", "blue", "run-1")] * 2,
        ("approval", "bob", "blue", "ask-1"),
        ("run", "bob", "blue", "run-1"),
        *sorted([("approval", "bob", "blue", "ask-1"), ("run", "bob", "blue", "run-1")]),
        *[("extension", "bob", "blue", "acme.tidy")] * 3,
    ]
    states = {"planning", "pending", "approved", "finished", "enabled"}
    details = [in_short(each)[3] for each in found]
    assert {each["state"] for each in details if "state" in each} == states
    assert details[3]["outcome"] == "failed"
    assert not [each for each in found if WORDS in str(each) or "hunter2" in str(each)]


async def test_what_goes_is_told_too(bank: Bank) -> None:
    await put(bank.database, *extension_rows())
    execute_after = (await told(bank.database))[-1].seq

    def removed(session: Session) -> None:
        session.delete(session.get_one(ExtensionRow, ("local", "ann", "acme.tidy")))

    await bank.database.run(removed)
    (gone,) = await told(bank.database, execute_after)
    assert in_short(gone)[3] == {"change": "removed", "state": "enabled", "version": "1.0.0"}


async def test_budgets_and_the_marks_they_pass_are_told(bank: Bank) -> None:
    await people(bank.database)
    await allow(bank.database, "user:ann", 1000, START)
    await bank.ledger.reserve(ANN, charge("call", 900))
    await bank.ledger.settle("call", USAGE, NanoUsd(850))
    found = [in_short(each) for each in await told(bank.database) if each.kind == "budget"]
    assert found[0] == (
        "budget",
        "ann",
        "user:ann",
        {"change": "set", "limit_nano_usd": 1000, "soft_limit_nano_usd": None},
    )
    assert found[1][2:] == (
        "user:ann",
        {
            "change": "passed",
            "mark": "80",
            "period": "2026-11",
            "spent_nano_usd": 850,
            "limit_nano_usd": 1000,
            "soft_limit_nano_usd": None,
        },
    )


async def test_what_is_taken_back_is_not_told(bank: Bank) -> None:
    def work(session: Session) -> None:
        session.add(run_row("run-1"))
        session.flush()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await bank.database.run(work)
    assert await told(bank.database) == []


async def test_only_the_newest_are_kept(bank: Bank) -> None:
    rows = OUTBOX_ROWS_MAX + 2 * OUTBOX_PRUNED_EVERY

    def work(session: Session) -> Bounds:
        session.connection().execute(
            text(
                "INSERT INTO outbox"
                ' (tenant_id, at, kind, "user", team, workspace, subject, detail)'
                " WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < :rows)"
                " SELECT 'local', '2026-11-21 00:00:00', 'run', '', '', '', '', '{}' FROM n"
                if bank.database.kind == "sqlite"
                else "INSERT INTO outbox"
                ' (tenant_id, at, kind, "user", team, workspace, subject, detail)'
                " SELECT 'local', now(), 'run', '', '', '', '', '{}'"
                " FROM generate_series(1, :rows)"
            ),
            {"rows": rows},
        )
        return bounds(session)

    found = await bank.database.run(work)
    assert found.newest == rows
    assert OUTBOX_ROWS_MAX <= found.newest - found.oldest < OUTBOX_ROWS_MAX + OUTBOX_PRUNED_EVERY


async def test_numbers_come_in_the_order_of_commits_whoever_writes(place: Place) -> None:
    users, calls = ("a", "b", "c", "d"), 20
    seen: list[int] = []
    async with open_database(place) as database:
        arguments = [[str(place), user, str(calls)] for user in users]
        with running("tests.live.writing", *arguments) as children:
            working = asyncio.create_task(ended(children))
            while not working.done():
                after = seen[-1] if seen else 0
                found = await database.read(lambda session: next_after(session, after, 1000))  # noqa: B023
                seen += [each.seq for each in found]
            await working
        last = seen[-1] if seen else 0
        seen += [each.seq for each in await told(database, last)]
        everything = await told(database)
    # Whoever read up to a number while others wrote has missed nothing below it.
    assert seen == [each.seq for each in everything]
    assert Counter(each.user for each in everything) == dict.fromkeys(users, calls)


def test_the_database_has_every_trigger_of_the_code_and_no_other(place: Place) -> None:
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as connection:
            found = connection.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'outbox%'"
            ).fetchall()
        assert dict(found) == triggers("sqlite")
        return
    names = execute(place, "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'outbox%'")
    assert {name for (name,) in names} == triggers("postgresql").keys()
    bodies = dict(
        execute(place, "SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'outbox%'")
    )
    for name, statement in triggers("postgresql").items():
        assert bodies[name].strip() in statement


def test_triggers_change_only_with_a_revision() -> None:
    """A database that is at the newest revision is not looked at: it keeps what it has."""
    both = [*triggers("sqlite").items(), *triggers("postgresql").items()]
    digest = hashlib.sha256(repr(both).encode()).hexdigest()[:16]
    scripts = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    named = [found for each in scripts if (found := getattr(each.module, "triggers", None))]
    assert named[0] == digest, "name the new digest as `triggers` in a new revision"
