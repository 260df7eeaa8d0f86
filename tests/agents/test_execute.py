"""A run plans, asks, and then thinks and acts until it is done, stopped or refused."""

import asyncio
import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from pydantic import BaseModel

from demo.replies import Refuse, Reply, ToolCall, always, call, say
from steward.agents.agent import FIX
from steward.agents.execute import execute
from steward.core.money import NanoUsd
from steward.ledger.account import Limits
from steward.ledger.budget import Budget, set_budget
from steward.permissions.decide import Capability
from steward.permissions.question import OpenQuestion
from steward.tools.tool import Call, Output, Request
from tests.agents.crew import PLAN, Crew
from tests.agents.memory_journal import MemoryJournal
from tests.rooms import answering, no, yes

READ = call("read_file", path="a.py")
EDIT = call("edit_file", path="a.py", old_text="two", new_text="2")
DONE = say("Corrected a.py.")


def kinds(*allowed: str):
    """A person who says yes to these kinds of question only."""

    def choose(question: OpenQuestion) -> bool:
        return question.kind in allowed

    return choose


def tool_messages(crew: Crew, exchange: int) -> list[str]:
    """What the model was told of its tool calls in this request."""
    messages = crew.model.exchanges[exchange].messages
    return [message["content"] for message in messages if message["role"] == "tool"]


async def test_a_run_takes_its_steps_in_order_and_lands_what_was_approved(crew: Crew) -> None:
    journal = MemoryJournal()
    assert await crew.play(READ, EDIT, DONE, journal=journal) == {
        "state": "finished",
        "message": "Corrected a.py.",
    }
    assert journal.worked == [
        *("plan", "ask-plan", "think-0", "tool-0-0", "think-1", "tool-1-0", "land-1-0"),
        *("think-2", "end"),
    ]
    assert (crew.rooms.workspace.root / "a.py").read_text() == "one\n2\nthree\n"
    assert await crew.state() == "finished"
    trail = await crew.rooms.trail()
    assert trail.count("approval.used") == trail.count("approval.approved") == 2
    assert trail[-1] == "run.finished"


async def test_the_model_is_told_what_its_calls_brought(crew: Crew) -> None:
    both = Reply(tool_calls=(*READ.tool_calls, *EDIT.tool_calls))
    await crew.play(both, DONE)
    read, edited = tool_messages(crew, 2)
    assert read == "a.py, lines 1 to 3 of 3\none\ntwo\nthree\n"
    assert edited == "Changed a.py (applied, read back)."


@pytest.mark.parametrize("choose", [no, kinds("edit", "command")])
async def test_without_a_yes_to_the_plan_nothing_is_done(crew: Crew, choose: Any) -> None:
    journal = MemoryJournal()
    ended = await crew.play(EDIT, DONE, choose=choose, journal=journal)
    assert ended["state"] == "cancelled"
    assert journal.worked == ["plan", "ask-plan", "end"]
    assert len(crew.model.exchanges) == 1


async def test_a_refused_change_is_told_to_the_model_and_the_run_goes_on(crew: Crew) -> None:
    ended = await crew.play(EDIT, say("Left it."), choose=kinds("plan"))
    assert ended == {"state": "finished", "message": "Left it."}
    assert tool_messages(crew, 2) == ["The change was rejected; no file was touched."]
    assert (crew.rooms.workspace.root / "a.py").read_text() == "one\ntwo\nthree\n"


async def test_an_analysis_changes_nothing(crew: Crew) -> None:
    specification = replace(crew.steps.specification, mode="analysis_only")
    analysis = replace(crew, steps=replace(crew.steps, specification=specification))
    await analysis.play(EDIT, READ, DONE)
    refused, read = tool_messages(crew, 3)
    assert "for analysis only" in refused
    assert read.startswith("a.py, lines")
    assert crew.rooms.editor.edits == []


async def test_a_plan_that_is_none_ends_the_run_with_the_reason(crew: Crew) -> None:
    crew.model.script = always(say("I would rather not."))
    ended = await execute(crew.steps, MemoryJournal(), 10)
    assert ended == {
        "state": "failed",
        "message": "The model answered without a plan; start the run again.",
    }
    assert await crew.state() == "failed"


async def test_an_error_in_a_step_ends_the_run_with_its_message(crew: Crew) -> None:
    journal = MemoryJournal()
    ended = await crew.play(Reply(fault=Refuse(401)), journal=journal)
    assert ended["state"] == "failed"
    assert "401" in str(ended["message"]) or "key" in str(ended["message"])
    assert journal.worked == ["plan", "ask-plan", "think-0", "end"]
    assert journal.outcomes["think-0"]["code"] == "steward.provider_refused"


class _NoArguments(BaseModel):
    pass


@dataclass(frozen=True)
class _Broken:
    """A tool with a bug."""

    name: str = "broken"
    description: str = "Has a bug."
    capability: Capability = "files.read"
    arguments: type[_NoArguments] = _NoArguments

    async def request(self, arguments: _NoArguments, call: Call) -> Request:
        return Request("", "", {})

    async def run(self, arguments: _NoArguments, call: Call) -> Output:
        raise RuntimeError("the secret inside")


async def test_a_bug_in_a_step_ends_the_run_and_tells_nothing(crew: Crew) -> None:
    invoker = replace(crew.steps.hands.invoker, tools={"broken": _Broken()})
    agent = replace(FIX, allowed_tools=FIX.allowed_tools | {"broken"})
    ended = await crew.with_hands(invoker=invoker).with_agent(agent).play(call("broken"))
    assert ended["state"] == "failed"
    assert "secret" not in str(ended["message"])
    assert await crew.state() == "failed"


async def test_the_same_call_with_the_same_result_is_stopped_at_the_third(crew: Crew) -> None:
    journal = MemoryJournal()
    ended = await crew.play(READ, READ, READ, READ, DONE, journal=journal)
    assert ended["state"] == "failed"
    assert "the same call 3 times" in str(ended["message"])
    assert journal.worked[-2:] == ["tool-2-0", "end"]


async def test_calls_that_bring_something_new_are_no_loop(crew: Crew) -> None:
    reads = [call("read_file", path="a.py", first_line=line) for line in (1, 2, 3, 1, 2, 3)]
    assert (await crew.play(*reads, DONE))["state"] == "finished"
    edits = [EDIT, READ, call("edit_file", path="a.py", old_text="2", new_text="two"), READ]
    assert (await crew.play(READ, *edits, DONE))["state"] == "finished"


async def test_a_run_ends_at_its_last_turn(crew: Crew) -> None:
    reads = [call("read_file", path="a.py", first_line=line) for line in range(1, 9)]
    journal = MemoryJournal()
    ended = await crew.play(*reads, journal=journal, turns_max=4)
    assert ended == {
        "state": "failed",
        "message": "Stopped after 4 turns, the limit for one run.",
    }
    assert "think-3" in journal.worked
    assert "think-4" not in journal.worked


async def test_a_run_stops_at_its_cost_limit_and_keeps_what_was_landed(crew: Crew) -> None:
    await crew.play(EDIT, DONE)
    spent = await crew.steps.hands.ledger.run_cost("run1")
    journal = MemoryJournal()
    ended = await crew.with_hands(cost_limit=NanoUsd(spent)).play(READ, journal=journal)
    assert ended["state"] == "failed"
    assert "cost_limit_usd" in str(ended["message"])
    assert journal.outcomes["think-0"]["code"] == "steward.over_budget"
    assert (crew.rooms.workspace.root / "a.py").read_text() == "one\n2\nthree\n"


async def test_an_attempt_that_failed_stands_in_the_runs_trace(crew: Crew) -> None:
    ended = await crew.play(Reply(fault=Refuse(500)), DONE)
    assert ended["state"] == "finished"
    _, steps = await crew.steps.hands.log.find(crew.rooms.principal, "run1")
    told = {step.name: step.detail for step in steps}
    assert told["think-0-model"] == (
        "custom/small was asked because custom/small failed (steward.unavailable)"
    )
    calls = await crew.steps.hands.ledger.calls(crew.rooms.principal, "run1")
    assert [(call.attempt, call.agent) for call in calls] == [(1, "fix"), (1, "fix"), (2, "fix")]


async def test_half_an_answer_that_the_budget_cut_short_is_not_acted_on(crew: Crew) -> None:
    await crew.play(DONE)
    principal, ledger = crew.rooms.principal, crew.steps.hands.ledger
    plan = (await ledger.calls(principal))[0]
    spent = (await ledger.standing(principal)).spent
    left = NanoUsd(spent + plan.reserved_nano_usd - 100 * 600)
    wanted, now = Budget(f"user:{principal.user}", Limits(hard=left)), crew.rooms.clock.now()
    await crew.rooms.database.run(lambda session: set_budget(session, principal, wanted, {}, now))
    crew.model.script = always(Reply(pieces=(json.dumps(PLAN)[:-9],), finish="length"))
    ended = await execute(crew.steps, MemoryJournal(), 10)
    assert crew.model.exchanges[-1].body["max_tokens"] == 400
    assert ended["state"] == "failed"
    assert "ended after 400 tokens" in str(ended["message"])


async def test_a_cancelled_run_is_left_where_it_is(crew: Crew) -> None:
    hold = asyncio.Event()
    journal = MemoryJournal()
    playing = asyncio.create_task(crew.play(replace(DONE, hold=hold), journal=journal))
    exchange = await crew.model.arrived(2)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    await exchange.closed_early()
    assert journal.named == ["plan", "ask-plan", "think-0"]
    assert "think-0" not in journal.outcomes


async def test_a_replay_takes_the_same_way_and_does_nothing_twice(crew: Crew) -> None:
    first = MemoryJournal()
    ended = await crew.play(READ, EDIT, DONE, journal=first)
    asked = len(crew.model.exchanges)
    again = MemoryJournal(dict(first.outcomes))
    async with answering(crew.rooms, crew.rooms.principal, yes) as questions:
        assert await execute(crew.steps, again, 10) == ended
    assert again.named == first.named
    assert again.worked == []
    assert questions == []
    assert len(crew.model.exchanges) == asked


async def test_a_replayed_error_ends_the_run_in_the_same_way(crew: Crew) -> None:
    first = MemoryJournal()
    ended = await crew.play(Reply(fault=Refuse(400)), journal=first)
    again = MemoryJournal(dict(first.outcomes))
    assert await execute(crew.steps, again, 10) == ended
    assert again.worked == []


async def test_whatever_characters_a_model_writes_the_run_ends_well(crew: Crew) -> None:
    odd = "\ud800 \x00 \u202e 😀"
    strange = Reply(pieces=(odd,), tool_calls=(ToolCall(f"read{odd}", {"path": odd}),))
    ended = await crew.play(strange, Reply(pieces=(odd, "\ud83d", "\ude00")))
    assert (ended["state"], str(ended["message"])[-2:]) == ("finished", "😀😀")
    row, _ = await crew.steps.hands.log.find(crew.rooms.principal, "run1")
    assert (row.state, row.message) == ("finished", "\ufffd ⟨U+0000⟩ ⟨U+202E⟩ 😀😀")


@pytest.mark.parametrize("text", ["word ", "a\n", '"', "\\"])
async def test_a_run_that_ends_with_a_book_is_closed_all_the_same(crew: Crew, text: str) -> None:
    ended = await crew.play(say(text * 100_000))
    assert ended["state"] == "finished"
    row, _ = await crew.steps.hands.log.find(crew.rooms.principal, "run1")
    assert row.state == "finished"
    assert len(row.message) < 10_000
