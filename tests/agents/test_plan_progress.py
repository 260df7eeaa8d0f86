"""Each call of a run stands under the step of the plan that covers it, and under no other."""

import json
from itertools import count

import pytest
from hypothesis import given, strategies as st

from demo.replies import call, in_order, say
from steward.agents.execute import execute
from steward.agents.plan import Plan, PlanStep
from steward.agents.plan_progress import State, Taken, covering, progress_of
from steward.agents.plan_steps import planned, planned_as_json
from steward.agents.trace import TracedJournal
from steward.permissions.act import Act
from steward.permissions.decide import beyond_plan
from steward.permissions.question import OpenQuestion
from tests.agents.crew import Crew
from tests.agents.memory_journal import MemoryJournal
from tests.rooms import Said, answering, yes

TOOLS = ("read_file", "edit_file", "ask_agent")
PATHS = ("a.py", "b.py", "src/c.py")
AGENTS = ("fix", "explain")

steps = st.builds(
    PlanStep,
    title=st.just("Do it"),
    tool=st.sampled_from(TOOLS),
    files=st.lists(st.sampled_from((*PATHS, "src/*", "**")), max_size=2).map(tuple),
    agents=st.lists(st.sampled_from(AGENTS), max_size=2).map(tuple),
)
plans = st.builds(
    Plan, summary=st.just("All."), steps=st.lists(steps, min_size=1, max_size=5).map(tuple)
)
acts = st.builds(
    Act,
    tool=st.sampled_from(TOOLS),
    capability=st.just("files.propose"),
    paths=st.lists(st.sampled_from(PATHS), max_size=3).map(tuple),
    agent=st.sampled_from(("", *AGENTS)),
)


def is_covered(plan: Plan, act: Act) -> bool:
    return beyond_plan(plan.tools, plan.files, plan.agents, act) is None


def only(plan: Plan, step: int) -> Plan:
    return plan.model_copy(update={"steps": (plan.steps[step],)})


@given(plan=plans, calls=st.lists(st.tuples(acts, st.booleans(), st.booleans()), max_size=8))
def test_each_call_belongs_to_one_step_that_covers_it_and_none_to_another(
    plan: Plan, calls: list[tuple[Act, bool, bool]]
) -> None:
    taken: list[Taken] = []
    for number, (act, ok, is_landed) in enumerate(calls):
        taken.append(Taken(f"tool-{number}-0", ok, covering(plan, act)))
        if is_landed:
            taken.append(Taken(f"land-{number}-0", ok))
    progress = progress_of(len(plan.steps), taken, "working")
    belongs = dict(zip((each.name for each in taken), progress.belongs, strict=True))
    for number, (act, _, is_landed) in enumerate(calls):
        step = belongs[f"tool-{number}-0"]
        assert (step is not None) == is_covered(plan, act)
        if is_landed:
            assert belongs[f"land-{number}-0"] == step
        if step is not None and not is_covered(only(plan, step), act):
            # No step covers it alone; this one covers a part of what all of them cover.
            assert not any(is_covered(only(plan, each), act) for each in range(len(plan.steps)))
            assert plan.steps[step].tool == act.tool
    untouched = {n for n in range(len(plan.steps)) if n not in progress.belongs}
    assert {n for n, state in enumerate(progress.states) if state == "open"} == untouched


def test_of_several_steps_the_first_that_is_not_done_is_meant() -> None:
    names = (f"tool-{number}-0" for number in count())
    taken = [Taken(next(names), ok, (0, 2)) for ok in (False, True, True, True, True)]
    progress = progress_of(3, taken, "finished")
    assert progress.belongs == (0, 0, 2, 2, 2)
    assert progress.states == ("done", "skipped", "done")


@pytest.mark.parametrize(
    ("taken", "run", "state"),
    [
        ((), "working", "open"),
        ((), "cancelled", "open"),
        ((), "finished", "skipped"),
        ((Taken("tool-0-0", ok=True, covered_by=(0,)),), "working", "done"),
        ((Taken("tool-0-0", ok=True, covered_by=(0,)),), "cancelled", "done"),
        ((Taken("tool-0-0", ok=False, covered_by=(0,)),), "failed", "failed"),
        (
            (Taken("tool-0-0", ok=True, covered_by=(0,)), Taken("land-0-0", ok=False)),
            "finished",
            "failed",
        ),
        (
            (
                Taken("tool-0-0", ok=True, covered_by=(0,)),
                Taken("land-0-0", ok=False, is_refused=True),
            ),
            "finished",
            "refused",
        ),
        (
            (Taken("tool-0-0", ok=False), Taken("tool-0-0-again", ok=True, covered_by=(0,))),
            "finished",
            "done",
        ),
    ],
)
def test_a_step_says_how_it_stands(taken: tuple[Taken, ...], run: str, state: State) -> None:
    assert progress_of(1, taken, run).states == (state,)


@pytest.mark.parametrize(
    ("at_work", "states"),
    [
        (Taken("think-1", ok=False), ("done", "open")),
        (Taken("land-0-0", ok=False), ("working", "open")),
        (Taken("tool-1-0", ok=False, covered_by=(1,)), ("done", "working")),
        (Taken("tool-1-0", ok=False), ("done", "open")),
        (Taken("tool-0-0/think-0", ok=False), ("working", "open")),
    ],
)
def test_a_step_is_at_work_while_the_run_takes_what_belongs_to_it(
    at_work: Taken, states: tuple[State, ...]
) -> None:
    taken = [Taken("tool-0-0", ok=True, covered_by=(0,))]
    assert progress_of(2, taken, "waiting", at_work).states == states
    assert "working" not in progress_of(2, taken, "finished", at_work).states


def test_what_a_called_agent_does_stands_under_the_call_where_no_step_covers_it() -> None:
    taken = [
        Taken("think-0", ok=True),
        Taken("tool-0-0", ok=True, covered_by=(1,)),
        Taken("tool-0-0/think-0", ok=True),
        Taken("tool-0-0/tool-0-0", ok=True, covered_by=(0,)),
        Taken("tool-0-0/tool-0-1", ok=True),
        Taken("tool-0-0/answer", ok=True),
        Taken("tool-1-0", ok=True),
    ]
    progress = progress_of(2, taken, "finished")
    assert progress.belongs == (None, 1, 1, 0, 1, 1, None)


async def test_a_run_tells_how_far_each_step_of_its_plan_has_come(crew: Crew) -> None:
    plan = {
        "summary": "Read and correct.",
        "steps": [
            {"title": "Read", "tool": "read_file", "files": ["a.py"]},
            {"title": "Correct", "tool": "edit_file", "files": ["a.py"]},
            {"title": "Look", "tool": "search"},
        ],
    }
    crew.model.script = in_order(
        say(json.dumps(plan)),
        call("read_file", path="a.py"),
        call("list_files"),
        call("edit_file", path="a.py", old_text="two", new_text="2"),
        call("edit_file", path="b.py", old_text="", new_text="new"),
        say("Done."),
    )
    log, run_id = crew.steps.hands.log, crew.steps.run_id

    def decide(question: OpenQuestion) -> Said:
        return yes(question) and "wants to do more" not in question.title

    async with answering(crew.rooms, crew.rooms.principal, decide):
        await execute(crew.steps, TracedJournal(MemoryJournal(), log, run_id, "fix"))
    rooms = crew.rooms
    found = await rooms.database.read(lambda session: planned(session, rooms.principal, run_id))
    told = planned_as_json(found, rooms.clock.now())
    assert told["planSteps"] == [
        {"title": "Read", "tool": "read_file", "state": "done", "traceSteps": ["tool-0-0"]},
        {
            "title": "Correct",
            "tool": "edit_file",
            "state": "done",
            "traceSteps": ["tool-2-0", "land-2-0"],
        },
        {"title": "Look", "tool": "search", "state": "skipped", "traceSteps": []},
    ]
    assert (told["state"], told["mode"], told["undone"]) == ("finished", "normal", "no")
