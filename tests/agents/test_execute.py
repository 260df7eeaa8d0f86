"""A run plans, asks, and then thinks and acts until it is done, stopped or refused."""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from demo.replies import Refuse, Reply, ToolCall, Usage, always, call, say
from steward.agents.agent import Caps
from steward.agents.execute import execute, interpreter
from steward.core.money import NanoUsd
from steward.ledger.account import Limits
from steward.ledger.budget import Budget, set_budget
from steward.permissions.decide import Capability
from steward.permissions.question import OpenQuestion, Reply as PersonReply
from steward.tools.ask_model import AskModel
from steward.tools.tool import Call, Output, Request
from tests.agents.crew import CAPS, FIX, PLAN, Crew
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
    """What the model was told of its tool calls in this request, without the frames around it."""
    messages = crew.model.exchanges[exchange].messages
    return [unframed(message["content"]) for message in messages if message["role"] == "tool"]


def unframed(text: str) -> str:
    """A piece of data without the lines that say what it is."""
    if not text.startswith("[data "):
        return text
    return text.partition("\n")[2].rpartition("\n")[0]


async def test_a_run_takes_its_steps_in_order_and_lands_what_was_approved(crew: Crew) -> None:
    journal = MemoryJournal()
    assert await crew.play(READ, EDIT, DONE, journal=journal) == {
        "state": "finished",
        "message": "Corrected a.py.",
    }
    assert journal.worked == [
        *("gather", "plan", "ask-plan", "think-0", "tool-0-0", "think-1", "tool-1-0", "land-1-0"),
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
    assert read == "a.py, lines 1 to 3 of 3\none\ntwo\nthree"
    assert edited == "Changed a.py (applied, read back)."


@pytest.mark.parametrize("choose", [no, kinds("edit", "command")])
async def test_without_a_yes_to_the_plan_nothing_is_done(crew: Crew, choose: Any) -> None:
    journal = MemoryJournal()
    ended = await crew.play(EDIT, DONE, choose=choose, journal=journal)
    assert ended["state"] == "cancelled"
    assert journal.worked == ["gather", "plan", "ask-plan", "end"]
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
    ended = await execute(crew.steps, MemoryJournal())
    assert ended == {
        "state": "failed",
        "message": "The plan is not usable: The answer holds no JSON that can be read whole. Answer"
        " with one JSON object and nothing else, closed to its end.",
    }
    assert await crew.state() == "failed"
    assert len(crew.model.exchanges) == 3


async def test_an_error_in_a_step_ends_the_run_with_its_message(crew: Crew) -> None:
    journal = MemoryJournal()
    ended = await crew.play(Reply(fault=Refuse(401)), journal=journal)
    assert ended["state"] == "failed"
    assert "401" in str(ended["message"]) or "key" in str(ended["message"])
    assert journal.worked == ["gather", "plan", "ask-plan", "think-0", "end"]
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


async def test_the_same_call_with_the_same_result_is_asked_about_at_the_third(crew: Crew) -> None:
    journal = MemoryJournal()
    ended = await crew.play(READ, READ, READ, READ, DONE, choose=kinds("plan"), journal=journal)
    assert ended["state"] == "cancelled"
    assert "again and again" in str(ended["message"])
    assert journal.worked[-3:] == ["tool-2-0", "ask-loop-2-0", "end"]


async def test_a_run_that_may_go_on_in_circles_is_asked_about_again_after_three_more(
    crew: Crew,
) -> None:
    journal = MemoryJournal()
    ended = await crew.play(*[READ] * 7, DONE, journal=journal)
    assert ended["state"] == "finished"
    asked = [step for step in journal.worked if step.startswith("ask-loop")]
    assert asked == ["ask-loop-2-0", "ask-loop-5-0"]


async def test_calls_that_bring_something_new_are_no_loop(crew: Crew) -> None:
    reads = [call("read_file", path="a.py", first_line=line) for line in (1, 2, 3, 1, 2, 3)]
    assert (await crew.play(*reads, DONE))["state"] == "finished"
    edits = [EDIT, READ, call("edit_file", path="a.py", old_text="2", new_text="two"), READ]
    assert (await crew.play(READ, *edits, DONE))["state"] == "finished"


def capped(crew: Crew, **caps: Any) -> Crew:
    """The same run with these caps in the settings."""
    return crew.with_hands(caps=replace(CAPS, **caps))


READS = [call("read_file", path="a.py", first_line=line) for line in range(1, 9)]


async def test_a_run_ends_early_at_its_last_turn_and_says_how_to_raise_it(crew: Crew) -> None:
    journal = MemoryJournal()
    ended = await capped(crew, steps=4).play(*READS, journal=journal)
    assert (ended["state"], ended["capped"]) == ("finished", "steps")
    assert "Finished early: this run may ask its model 4 times" in str(ended["message"])
    assert "`turns_max` under [agents]" in str(ended["message"])
    assert journal.worked[-3:] == ["tool-3-0", "think-4", "end"]
    assert len(crew.model.exchanges) == 5


async def test_a_run_ends_early_at_its_cost_limit_and_keeps_what_was_landed(crew: Crew) -> None:
    await crew.play(EDIT, DONE)
    spent = await crew.steps.hands.ledger.run_cost("run1")
    asked = len(crew.model.exchanges)
    journal = MemoryJournal()
    ended = await capped(crew, cost_nano_usd=spent).play(READ, journal=journal)
    assert (ended["state"], ended["capped"]) == ("finished", "cost")
    assert "cost_limit_usd" in str(ended["message"])
    assert journal.worked == ["gather", "plan", "end"]
    assert len(crew.model.exchanges) == asked
    assert (crew.rooms.workspace.root / "a.py").read_text() == "one\n2\nthree\n"


@pytest.mark.parametrize(
    ("caps", "cap"), [(Caps(tokens=1), "tokens"), (Caps(output_chars=1), "output")]
)
async def test_a_run_ends_early_at_the_caps_of_its_agent(crew: Crew, caps: Caps, cap: str) -> None:
    ended = await crew.with_agent(replace(FIX, caps=caps)).play(READ, DONE)
    assert (ended["state"], ended["capped"]) == ("finished", cap)
    assert "under `caps` in the agent's definition" in str(ended["message"])


async def test_a_run_ends_early_when_it_has_worked_long_enough(crew: Crew) -> None:
    hold = asyncio.Event()
    playing = asyncio.create_task(
        capped(crew, wall_s=60.0).play(replace(READ, hold=hold), READ, DONE)
    )
    await crew.model.arrived(2)
    crew.rooms.clock.advance(timedelta(seconds=61))
    hold.set()
    ended = await playing
    assert (ended["state"], ended["capped"]) == ("finished", "time")
    assert "work for 1 minutes" in str(ended["message"])


async def test_waiting_for_a_person_is_no_work(crew: Crew) -> None:
    def later(question: OpenQuestion) -> bool:
        crew.rooms.clock.advance(timedelta(hours=1))
        return True

    ended = await capped(crew, wall_s=60.0).play(READ, EDIT, DONE, choose=later)
    assert ended == {"state": "finished", "message": "Corrected a.py."}


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
    ended = await execute(crew.steps, MemoryJournal())
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
    assert journal.named == ["gather", "plan", "ask-plan", "think-0"]
    assert "think-0" not in journal.outcomes


async def test_a_replay_takes_the_same_way_and_does_nothing_twice(crew: Crew) -> None:
    first = MemoryJournal()
    ended = await crew.play(READ, EDIT, DONE, journal=first)
    asked = len(crew.model.exchanges)
    again = MemoryJournal(dict(first.outcomes))
    async with answering(crew.rooms, crew.rooms.principal, yes) as questions:
        assert await execute(crew.steps, again) == ended
    assert again.named == first.named
    assert again.worked == []
    assert questions == []
    assert len(crew.model.exchanges) == asked


async def test_a_replayed_error_ends_the_run_in_the_same_way(crew: Crew) -> None:
    first = MemoryJournal()
    ended = await crew.play(Reply(fault=Refuse(400)), journal=first)
    again = MemoryJournal(dict(first.outcomes))
    assert await execute(crew.steps, again) == ended
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


async def test_why_a_person_rejects_an_edit_goes_to_the_model_whole(crew: Crew) -> None:
    why = "Not like this: " + "keep the numbers as words, " * 100 + "and tell me first."

    def refuse(question: OpenQuestion) -> PersonReply | bool:
        if question.kind != "edit":
            return True
        assert question.takes == {"reason"}
        return PersonReply(reason=why)

    ended = await crew.play(EDIT, DONE, choose=refuse)
    assert ended["state"] == "finished"
    (told,) = tool_messages(crew, 2)
    assert told == f"The change was rejected; no file was touched. The person says: {why}"


@pytest.mark.parametrize("whose", ["agent", "person", "settings"])
async def test_what_a_tool_asks_of_a_model_counts_against_everybodys_caps(
    crew: Crew, whose: str
) -> None:
    hands, caps = crew.steps.hands, Caps(tokens=40_000)
    tool = AskModel(hands.gateway, hands.ledger, hands.new_id, 500)
    crew = crew.with_hands(
        invoker=replace(hands.invoker, tools={**hands.invoker.tools, tool.name: tool}),
        caps=caps if whose == "settings" else hands.caps,
    )
    scope = FIX.permission_scope | {"model.ask"}
    agent = replace(FIX, allowed_tools=FIX.allowed_tools | {tool.name}, permission_scope=scope)
    crew = crew.with_agent(replace(agent, caps=caps) if whose == "agent" else agent)
    if whose == "person":
        specification = replace(crew.steps.specification, caps=caps)
        crew = replace(crew, steps=replace(crew.steps, specification=specification))
    ask = replace(call("ask_model", question="Is it right?"), usage=Usage(50_000, 5))
    ended = await crew.play(ask, DONE)
    assert (ended["state"], ended["capped"]) == ("finished", "tokens")
    assert len(crew.model.exchanges) == 2


async def test_a_run_that_was_ended_on_its_way_to_the_engine_does_nothing(crew: Crew) -> None:
    hands, journal = crew.steps.hands, MemoryJournal()
    await hands.log.enter("run1", "cancelled", "cancel", "Cancelled by you.")
    ended = await interpreter(hands, "owner")("run1", crew.steps.specification.as_json(), journal)
    assert ended["state"] == "cancelled"
    assert journal.named == []


async def test_a_run_whose_specification_cannot_be_read_is_closed_with_the_reason(
    crew: Crew,
) -> None:
    ended = await interpreter(crew.steps.hands, "owner")("run1", {"goal": 1}, MemoryJournal())
    row, _ = await crew.steps.hands.log.find(crew.rooms.principal, "run1")
    assert (ended["state"], row.state) == ("failed", "failed")
    assert "start the run again" in row.message
