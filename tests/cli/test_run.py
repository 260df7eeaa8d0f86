"""Runs and events at a shell."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from steward.agents.agent import Caps
from steward.agents.run import RunLog
from steward.agents.sent import Sent
from steward.agents.trace import TracedJournal
from steward.core.clock import ManualClock
from steward.core.database import Database, open_database
from steward.core.events import Events, RunChanged
from steward.core.key_file import KEY_BYTES
from steward.core.principal import Principal
from steward.gateway.request import Message
from steward.operations.analytics import Analytics
from steward.permissions.denials import Denials, of_call
from steward.permissions.seal import approval_seal
from tests.agents.memory_journal import MemoryJournal
from tests.agents.test_run import run
from tests.cli.conftest import ME, Ask, Books
from tests.places import execute
from tests.rooms import START

NOW = ManualClock(START)


def in_books(books: Books, work: Callable[[Database], Awaitable[None]]) -> None:
    async def main() -> None:
        async with open_database(books.place) as database:
            await work(database)

    asyncio.run(main())


@pytest.fixture
def worked(books: Books) -> Books:
    """A run of mine that failed after one step, one that is under way, and one of Bob's."""

    async def work(database: Database) -> None:
        clock = ManualClock(START)
        log = RunLog(database, clock, Events())
        mine = run("run-1", replace(ME, workspace="/work"))
        await log.begin(mine, "window1")
        journal = TracedJournal(MemoryJournal(), log, "run-1", "fix")

        async def think() -> dict[str, object]:
            clock.advance(timedelta(seconds=2))
            await log.record(mine, "think-0", "Thought\x1b[31m", "of | everything", ok=True)
            return {"text": "so"}

        await journal.step("think-0", think)
        await Sent(database, clock).keep(mine, "think-0", "small", [Message("user", "Hi")], ())
        await log.enter("run-1", "failed", "end", "The model is away.")
        clock.advance(timedelta(minutes=1))
        await log.begin(run("run-2", replace(ME, workspace="/work")), "window1")
        await log.begin(run("run-b", Principal("bob", "s2", "/work")), "window1")

    in_books(books, work)
    return books


def test_runs_are_listed_the_newest_first(worked: Books, ask: Ask) -> None:
    code, said = ask("run", "list", clock=NOW)
    assert code == 0
    assert [line.split()[0] for line in said.splitlines()] == ["run", "run-2", "run-1"]
    assert "failed" in said
    code, said = ask("run", "list", "--open", "--json", clock=NOW)
    assert [each["id"] for each in json.loads(said)] == ["run-2"]
    code, said = ask("run", "list", "--workspace", "/elsewhere", clock=NOW)
    assert (code, "no such runs" in said) == (0, True)


def test_a_run_is_shown_with_what_its_steps_took(worked: Books, ask: Ask) -> None:
    code, said = ask("run", "show", "run-1", clock=NOW)
    assert code == 0
    (line,) = [line for line in said.splitlines() if line.startswith("| think-0")]
    assert "2,000 ms" in line
    assert "\x1b" not in said
    code, said = ask("run", "show", "run-1", "--json", clock=NOW)
    (step,) = json.loads(said)["steps"]
    assert (step["kind"], step["duration_ms"], step["ok"]) == ("think", 2000, True)


def test_what_was_sent_is_shown(worked: Books, ask: Ask) -> None:
    code, said = ask("run", "sent", "run-1", clock=NOW)
    assert (code, "Hi" in said) == (0, True)
    code, said = ask("run", "sent", "run-1", "--step", "think-0", "--json", clock=NOW)
    (call,) = json.loads(said)
    assert call["messages"][0]["value"] == {"role": "user", "content": "Hi"}
    code, said = ask("run", "sent", "run-1", "--step", "think-9", clock=NOW)
    assert (code, "names its steps" in said) == (2, True)


def test_a_run_of_a_dead_window_is_ended_at_once_and_resumed_with_more(
    worked: Books, ask: Ask
) -> None:
    said = ask("run", "cancel", "run-2", clock=NOW)[1]
    # A shared database may be another machine's too, whose windows nobody here can look for.
    is_own = isinstance(worked.place, Path)
    assert said.startswith("Cancelled." if is_own else "The window that works on it was asked")
    code, said = ask("run", "resume", "run-1", "--cost-limit", "2.50", "--minutes", "5", clock=NOW)
    assert (code, "/work" in said) == (0, True)
    ((raised,),) = execute(worked.place, "SELECT raised FROM run WHERE id = 'run-1'")
    assert Caps(**json.loads(raised)) == Caps(cost_nano_usd=2_500_000_000, wall_s=300.0)
    code, said = ask("run", "list", clock=NOW)
    assert "failed (resume asked)" in said
    assert ask("run", "grants", "run-1", clock=NOW)[1].startswith("The run was granted nothing")
    assert ask("run", "revoke", "run-1", clock=NOW)[1].startswith("There was nothing")


def test_what_was_refused_in_a_run_is_listed_and_taken_back(worked: Books, ask: Ask) -> None:
    async def refuse(database: Database) -> None:
        seal = approval_seal(worked.folder, lambda: "5e" * KEY_BYTES)
        denials = Denials(database, ManualClock(START), lambda: "denial-1", seal, "window1")
        mine = replace(ME, workspace="/work")
        await denials.add(mine, "run-1", of_call("run_command", {"argv": ["x"]}), "question-1")

    in_books(worked, refuse)
    said = ask("run", "grants", "run-1", clock=NOW)[1]
    assert ("denial-1" in said, 'run_command  {"argv": ["x"]}' in said) == (True, True), said
    assert ask("run", "revoke", "run-1", clock=NOW)[1].startswith("There was nothing")
    assert ask("run", "revoke", "run-1", "denial-1", clock=NOW)[1].startswith("Taken back")
    (denial,) = json.loads(ask("run", "grants", "run-1", "--json", clock=NOW)[1])
    assert (denial["effect"], denial["is_over"]) == ("deny", True)


def test_runs_of_others_are_for_owners_and_admins(worked: Books, ask: Ask) -> None:
    assert ask("people", "add", ME.user, "--role", "owner")[0] == 0
    assert ask("people", "add", "bob", "--role", "viewer")[0] == 0
    assert "run-b" in ask("run", "list", "--all", clock=NOW)[1]
    for arguments in (("list", "--all"), ("list", "--user", ME.user)):
        code, said = ask("run", *arguments, user="bob", clock=NOW)
        assert (code, "Ask an owner or admin" in said) == (2, True)
    for action in ("show", "sent", "cancel", "resume", "grants", "revoke"):
        code, said = ask("run", action, "run-1", user="bob", clock=NOW)
        assert (code, said[:24]) == (2, "There is no run 'run-1' ")
    assert ask("run", "show", "run-b", user="bob", clock=NOW)[0] == 0
    assert ask("run", "show", "run-b", clock=NOW)[0] == 0
    code, said = ask("run", "sent", "run-b", clock=NOW)
    assert (code, "its own person alone" in said) == (2, True)


def test_watching_an_ended_run_shows_it_and_leaves(worked: Books, ask: Ask) -> None:
    code, said = ask("run", "watch", "run-1", clock=NOW)
    assert code == 1
    assert [line[:1] for line in said.splitlines()] == ["F", "+", "="]
    assert "The model is away." in said


@pytest.mark.parametrize(
    "arguments",
    [("resume", "r", "--cost-limit", "-1"), ("resume", "r", "--minutes", "0"), ("list", "--x")],
)
def test_nonsense_is_refused(ask: Ask, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit):
        ask("run", *arguments)


def test_events_are_summed_and_listed(books: Books, ask: Ask) -> None:
    async def work(database: Database) -> None:
        for name in (ME.user, "bob"):
            analytics = Analytics(database, NOW, replace(ME, user=name), keep_days=30)
            analytics.note(RunChanged("run-1", "/work", "finished", "end", "Done", "fix"))
            await analytics.flush()

    in_books(books, work)
    assert ask("people", "add", ME.user, "--role", "owner")[0] == 0
    code, said = ask("events", clock=NOW)
    assert code == 0
    assert said.splitlines()[1].split()[:3] == ["AGENT_RUN_ENDED", "finished", "1"]
    code, said = ask("events", "--by", "agent", "--everybody", "--json", clock=NOW)
    assert [(line["group"], line["count"]) for line in json.loads(said)] == [("fix", 2)]
    code, said = ask("events", "--newest", "5", clock=NOW)
    assert len(said.splitlines()) == 2
    code, said = ask("events", "--name", "AI_REQUEST", clock=NOW)
    assert said.startswith("Nothing happened")
