"""A run does what its plan, its mode and its folder allow, and a replay does none of it again."""

import json
from dataclasses import replace
from typing import Any

import pytest

from demo.replies import Reply, call, in_order, say
from steward.agents.workflows.journal import JsonObject
from steward.core.limits import CHANGES_MAX
from steward.permissions.question import OpenQuestion, Reply as Answer
from tests.agents.crew import PLAN, Crew
from tests.agents.memory_journal import MemoryJournal
from tests.agents.test_execute import tool_messages
from tests.rooms import Said

READ = call("read_file", path="a.py")
EDIT = call("edit_file", path="a.py", old_text="two", new_text="2")
NEW = call("change_files", changes=[{"do": "create", "path": "b.py", "text": "new\n"}])
DONE = say("Done.")


def plan_of(*tools: str, files: tuple[str, ...] = ()) -> Reply:
    steps = [{"title": tool, "tool": tool, "files": list(files)} for tool in tools]
    return say(json.dumps({"summary": "Do it.", "steps": steps}))


class Person:
    """Gives these answers to the plans after the first, and yes to everything else."""

    def __init__(self, *answers: Said) -> None:
        self._answers = iter((True, *answers))
        self.asked: list[OpenQuestion] = []

    def __call__(self, question: OpenQuestion) -> Said:
        self.asked.append(question)
        return next(self._answers) if question.kind == "plan" else True

    @property
    def kinds(self) -> list[str]:
        return [question.kind for question in self.asked]


def text_of(crew: Crew) -> str:
    return (crew.rooms.workspace.root / "a.py").read_text()


async def test_a_call_beyond_the_plan_is_another_plan(crew: Crew) -> None:
    crew.model.script = in_order(plan_of("read_file"), EDIT, EDIT, DONE)
    person, journal = Person(True), MemoryJournal()
    await crew.go_on(person, journal)
    assert [step for step in journal.worked if step.endswith(("-0-0", "-0-0-again"))] == [
        *("tool-0-0", "ask-plan-0-0", "tool-0-0-again", "land-0-0")
    ]
    assert person.kinds == ["plan", "plan", "edit"]
    first, second = person.asked[:2]
    assert first.digest != second.digest
    assert "another plan than the one you approved" in second.body
    assert "2. **New:** **Use edit\\_file**" in second.body or "**New:**" in second.body
    assert "`a.py`" in second.body
    assert second.takes == {"reason"}
    assert text_of(crew) == "one\n2\nthree\n"


async def test_a_call_beyond_the_plan_may_name_as_many_files_as_a_tool_takes(crew: Crew) -> None:
    moved = [
        {"do": "rename", "path": f"{n}.py", "new_path": f"new/{n}.py"} for n in range(CHANGES_MAX)
    ]
    crew.model.script = in_order(plan_of("read_file"), call("change_files", changes=moved), DONE)
    person = Person(True)
    assert (await crew.go_on(person))["state"] == "finished"
    assert person.kinds == ["plan", "plan"]
    assert f"new/{CHANGES_MAX - 1}.py" in person.asked[1].body


async def test_a_new_plan_that_is_refused_leaves_the_old_one_and_tells_the_model_why(
    crew: Crew,
) -> None:
    crew.model.script = in_order(plan_of("read_file"), EDIT, READ, DONE)
    person = Person(Answer(reason="Only look at it."))
    assert (await crew.go_on(person))["state"] == "finished"
    assert person.kinds == ["plan", "plan"]
    assert "Only look at it." in tool_messages(crew, 2)[0]
    assert text_of(crew) == "one\ntwo\nthree\n"


async def test_a_file_that_the_plan_does_not_name_is_beyond_it(crew: Crew) -> None:
    (crew.rooms.workspace.root / "[b].py").write_text("two\n")
    other = call("edit_file", path="[b].py", old_text="two", new_text="2")
    crew.model.script = in_order(plan_of("edit_file", files=("a.py",)), EDIT, other, DONE)
    person = Person(True)
    assert (await crew.go_on(person))["state"] == "finished"
    assert person.kinds == ["plan", "edit", "plan", "edit"]
    assert (crew.rooms.workspace.root / "[b].py").read_text() == "2\n"


async def test_what_was_added_to_the_plan_holds_for_the_rest_of_the_run_and_no_wider(
    crew: Crew,
) -> None:
    back = call("edit_file", path="a.py", old_text="2", new_text="two")
    crew.model.script = in_order(plan_of("read_file"), EDIT, back, NEW, DONE)
    person = Person(True, False)
    await crew.go_on(person)
    assert person.kinds == ["plan", "plan", "edit", "edit", "plan"]
    assert not (crew.rooms.workspace.root / "b.py").exists()


async def test_a_dry_run_writes_down_what_it_would_change_and_changes_nothing(crew: Crew) -> None:
    crew.model.script = in_order(plan_of("edit_file", "run_tests"), EDIT, call("run_tests"), DONE)
    person = Person()
    ended = await crew.with_mode("dry_run").go_on(person)
    assert person.kinds == ["plan"]
    assert "Dry run: 2 acts were recorded" in str(ended["message"])
    assert text_of(crew) == "one\ntwo\nthree\n"
    _, steps = await crew.steps.hands.log.find(crew.rooms.principal, "run1")
    (shown,) = [step.detail for step in steps if step.name == "tool-0-0-recorded"]
    assert "-two" in shown
    assert "+2" in shown


async def test_each_step_is_asked_about_where_the_person_wants_that(crew: Crew) -> None:
    crew.model.script = in_order(say(json.dumps(PLAN)), READ, EDIT, DONE)
    asked: list[str] = []

    def choose(question: OpenQuestion) -> Said:
        asked.append(question.kind)
        return Answer(is_step_by_step=True) if question.kind == "plan" else True

    await crew.go_on(choose)
    assert asked == ["plan", "command", "edit"]


async def test_in_a_folder_that_nobody_trusts_no_command_runs_and_the_run_goes_on(
    crew: Crew,
) -> None:
    hands = crew.steps.hands
    elsewhere = replace(crew.rooms.principal, workspace=str(crew.rooms.workspace.root.parent))
    specification = replace(crew.steps.specification, principal=elsewhere)
    untrusted = replace(crew, steps=replace(crew.steps, specification=specification))
    untrusted = replace(untrusted, rooms=replace(crew.rooms, principal=elsewhere))
    crew.model.script = in_order(plan_of("run_tests"), call("run_tests"), DONE)
    asked: list[str] = []

    def choose(question: OpenQuestion) -> Said:
        asked.append(question.kind)
        return question.kind != "trust"

    assert (await untrusted.go_on(choose))["state"] == "finished"
    assert asked == ["trust", "plan"]
    assert "trusted" in tool_messages(crew, 2)[0]
    assert not await hands.trust.is_trusted(elsewhere)


class Killed(BaseException):
    """The process died here."""


class MortalJournal(MemoryJournal):
    """Dies before or after it has written down the outcome of one step."""

    def __init__(self, outcomes: dict[str, JsonObject], step: str, *, is_written: bool) -> None:
        super().__init__(outcomes)
        self._step, self._is_written = step, is_written

    async def step(self, name: str, work: Any) -> JsonObject:
        outcome = await super().step(name, work)
        if name == self._step:
            if not self._is_written:
                del self.outcomes[name]
            raise Killed
        return outcome


STEPS = [
    *("gather", "plan", "ask-plan", "think-0", "tool-0-0", "ask-plan-0-0", "tool-0-0-again"),
    *("land-0-0", "think-1", "tool-1-0", "think-2", "end"),
]


# What was written down before the death is played again for all earlier steps in any case.
@pytest.mark.parametrize(
    ("killed_in", "is_written"),
    [*((step, False) for step in STEPS), ("tool-0-0-again", True), ("land-0-0", True)],
)
async def test_a_run_that_dies_at_any_step_goes_on_and_does_nothing_twice(
    crew: Crew, killed_in: str, is_written: bool
) -> None:
    replies = {
        "plan": plan_of("read_file"),
        "agent 0": EDIT,
        "agent 1": READ,
        "agent 2": DONE,
    }

    def script(request: dict[str, Any]) -> Reply:
        task = "plan" if "[task: plan]" in request["messages"][0]["content"] else "agent"
        turns = sum(message["role"] == "assistant" for message in request["messages"])
        return replies["plan" if task == "plan" else f"agent {turns}"]

    crew.model.script = script
    outcomes: dict[str, JsonObject] = {}
    with pytest.raises(Killed):
        await crew.go_on(journal=MortalJournal(outcomes, killed_in, is_written=is_written))
    again = MemoryJournal(outcomes)
    ended = await crew.go_on(journal=again)
    assert ended == {"state": "finished", "message": "Done."}
    assert again.named == STEPS
    assert text_of(crew) == "one\n2\nthree\n"
    assert len(crew.rooms.editor.edits) == 1
    trail = await crew.rooms.trail()
    assert trail.count("proposal.applied") == 1
    assert trail.count("run.finished") == 1
