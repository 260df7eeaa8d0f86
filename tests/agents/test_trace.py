"""A run's trace says of each step what it took and what a person had answered."""

import json
from collections.abc import AsyncGenerator

from demo.replies import call, in_order, say
from steward.agents.execute import execute
from steward.agents.reading import trace_of
from steward.agents.sent import sent_in
from steward.agents.tables import RunStepRow
from steward.agents.trace import TracedJournal
from steward.core.events import Event, StepTaken, Watcher
from tests.agents.crew import PLAN, Crew
from tests.agents.memory_journal import MemoryJournal
from tests.rooms import answering, yes

EDIT = call("edit_file", path="a.py", old_text="two", new_text="2")


async def steps_of(crew: Crew) -> dict[str, RunStepRow]:
    rooms, run_id = crew.rooms, crew.steps.run_id
    trace = await rooms.database.read(lambda session: trace_of(session, rooms.principal, run_id))
    return {step.name: step for step in trace.steps}


async def test_each_step_says_what_it_took_and_what_was_answered(crew: Crew) -> None:
    crew.model.script = in_order(say(json.dumps(PLAN)), EDIT, say("Done."))
    run_id, log = crew.steps.run_id, crew.steps.hands.log
    journal = MemoryJournal()
    with crew.rooms.events.watch() as watcher:
        async with answering(crew.rooms, crew.rooms.principal, yes) as questions:
            await execute(crew.steps, TracedJournal(journal, log, run_id, "fix"))
        told = [event async for event in _until_end(watcher) if isinstance(event, StepTaken)]
    steps = await steps_of(crew)
    cost = await crew.steps.hands.ledger.run_cost(run_id)
    assert cost > 0
    assert sum(step.cost_nano_usd for step in steps.values()) == cost
    assert {name for name, step in steps.items() if step.cost_nano_usd} == {
        "plan",
        "think-0",
        "think-1",
    }
    assert all(step.input_tokens > 0 for step in steps.values() if step.cost_nano_usd)
    answered = [steps[name].approval_id for name in ("ask-plan", "land-0-0")]
    assert answered == [question.id for question in questions]
    assert steps["ask-plan"].digest == questions[0].digest
    outcomes = {(event.kind, event.subject): event.outcome for event in told}
    assert outcomes["ask", "plan"] == "approved"
    assert outcomes["tool", "edit_file"] == "ok"
    assert outcomes["land", ""] == "applied"
    # What left for the model is there too, for each of its calls.
    calls = await crew.rooms.database.read(lambda session: sent_in(session, run_id))
    assert [sent.step for sent in calls] == ["plan", "think-0", "think-1"]


async def test_a_replayed_step_is_not_measured_again(crew: Crew) -> None:
    crew.model.script = in_order(say(json.dumps(PLAN)), say("Done."))
    journal = MemoryJournal()
    await crew.play(say("Done."), journal=journal)
    journal.named.clear()
    run_id, log = crew.steps.run_id, crew.steps.hands.log
    await execute(crew.steps, TracedJournal(journal, log, run_id, "fix"))
    assert all(step.duration_ms is None for step in (await steps_of(crew)).values())


async def _until_end(watcher: Watcher) -> AsyncGenerator[Event]:
    async for event in watcher:
        yield event
        if isinstance(event, StepTaken) and event.kind == "end":
            return
