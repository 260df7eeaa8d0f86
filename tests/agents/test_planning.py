"""A plan is made, sent back, edited or approved; nothing is done before a person has agreed."""

import json
from typing import Any

import pytest

from demo.replies import Reply, call, in_order, say
from steward.permissions.question import OpenQuestion, Reply as Answer
from tests.agents.crew import PLAN, Crew
from tests.agents.memory_journal import MemoryJournal
from tests.rooms import Said

READ = call("read_file", path="a.py")
EDIT = call("edit_file", path="a.py", old_text="two", new_text="2")
DONE = say("Done.")
READING: dict[str, Any] = {"summary": "Only look.", "steps": [{"title": "Look", "tool": "search"}]}


class Person:
    """Gives these answers to the plans, in order, and yes to everything else."""

    def __init__(self, *answers: Said) -> None:
        self._answers = iter(answers)
        self.plans: list[OpenQuestion] = []

    def __call__(self, question: OpenQuestion) -> Said:
        if question.kind != "plan":
            return True
        self.plans.append(question)
        return next(self._answers)


def told_of_plans(crew: Crew, exchange: int) -> list[tuple[str, str]]:
    """What this request for a plan says after the assignment."""
    messages = crew.model.exchanges[exchange].messages
    return [(message["role"], message["content"]) for message in messages[2:]]


async def test_a_plan_sent_back_with_a_reason_is_made_again_with_it(crew: Crew) -> None:
    crew.model.script = in_order(say(json.dumps(READING)), say(json.dumps(PLAN)), EDIT, DONE)
    person, journal = Person(Answer(reason="Change it, too."), True), MemoryJournal()
    assert (await crew.go_on(person, journal))["state"] == "finished"
    assert journal.worked[1:5] == ["plan", "ask-plan", "plan-1", "ask-plan-1"]
    assert (crew.rooms.workspace.root / "a.py").read_text() == "one\n2\nthree\n"
    (answer, correction) = told_of_plans(crew, 1)
    assert answer[0] == "assistant"
    assert "Only look." in answer[1]
    assert correction[0] == "user"
    assert "Change it, too." in correction[1]
    assert person.plans[0].digest != person.plans[1].digest


async def test_a_plan_is_made_again_five_times_and_no_more(crew: Crew) -> None:
    crew.model.script = in_order(*[say(json.dumps(PLAN))] * 9)
    person, journal = Person(*[Answer(reason="No.")] * 9), MemoryJournal()
    ended = await crew.go_on(person, journal)
    assert ended["state"] == "cancelled"
    assert len(person.plans) == len(crew.model.exchanges) == 6
    assert journal.worked[-3:] == ["plan-5", "ask-plan-5", "end"]


async def test_an_edited_plan_is_shown_again_as_it_is_and_then_holds(crew: Crew) -> None:
    crew.model.script = in_order(say(json.dumps(PLAN)), READ, DONE)
    person, journal = Person(Answer(plan=READING), True), MemoryJournal()
    assert (await crew.go_on(person, journal))["state"] == "finished"
    assert journal.worked[1:5] == ["plan", "ask-plan", "ask-plan-1", "think-0"]
    assert "Only look." in person.plans[1].body
    assert person.plans[0].digest != person.plans[1].digest
    messages = crew.model.exchanges[1].messages
    assert any("Only look." in str(message["content"]) for message in messages)
    assert not any(str(PLAN["summary"]) in str(message["content"]) for message in messages)


@pytest.mark.parametrize(
    "edited",
    [{"summary": "s"}, {"summary": "s", "steps": [{"title": "Run", "tool": "run_command"}]}],
)
async def test_an_edited_plan_that_is_none_is_not_taken_and_the_person_told(
    crew: Crew, edited: dict[str, Any]
) -> None:
    crew.model.script = in_order(say(json.dumps(PLAN)), DONE)
    person = Person(Answer(plan=edited), False)
    assert (await crew.go_on(person))["state"] == "cancelled"
    assert "Your own plan was not taken" in person.plans[1].body
    assert "Find the mistake" in person.plans[1].body


async def test_a_plan_that_cannot_be_read_is_asked_for_again_with_the_error(crew: Crew) -> None:
    foreign = {"summary": "s", "steps": [{"title": "t", "tool": "format_disk"}]}
    answers = (say("I would rather not."), say(json.dumps(foreign)), say(json.dumps(PLAN)))
    crew.model.script = in_order(*answers, DONE)
    journal = MemoryJournal()
    assert (await crew.go_on(journal=journal))["state"] == "finished"
    assert journal.worked[1:5] == ["plan", "plan-again-1", "plan-again-2", "ask-plan"]
    told = [text for role, text in told_of_plans(crew, 2) if role == "user"]
    assert "no JSON that can be read whole" in told[0]
    assert "format_disk" in told[1]


async def test_a_person_may_want_each_step_to_be_asked_about(crew: Crew) -> None:
    crew.model.script = in_order(say(json.dumps(PLAN)), DONE)
    journal = MemoryJournal()
    await crew.go_on(Person(Answer(is_step_by_step=True)), journal)
    verdict = journal.outcomes["ask-plan"]["value"]
    assert isinstance(verdict, dict)
    assert verdict["mode"] == "step"


async def test_an_analysis_cannot_be_talked_into_more_by_its_answer(crew: Crew) -> None:
    crew.model.script = in_order(say(json.dumps(PLAN)), DONE)
    person = Person(True)
    await crew.with_mode("analysis_only").go_on(person)
    assert person.plans[0].takes == {"reason", "edited_plan"}
    assert "Analysis only" in person.plans[0].body


async def test_an_answer_that_is_empty_is_asked_for_once_more(crew: Crew) -> None:
    journal = MemoryJournal()
    ended = await crew.play(Reply(), READ, Reply(pieces=("  \n",)), DONE, journal=journal)
    assert ended == {"state": "finished", "message": "Done."}
    assert [step for step in journal.worked if step.startswith("think")] == [
        *("think-0", "think-0-again", "think-1", "think-1-again")
    ]
    assert "You answered nothing" in str(crew.model.exchanges[2].messages[-1]["content"])


async def test_a_model_that_says_nothing_twice_ends_the_run(crew: Crew) -> None:
    ended = await crew.play(EDIT, Reply(), Reply())
    assert ended["state"] == "failed"
    assert "answered nothing" in str(ended["message"])
    assert (crew.rooms.workspace.root / "a.py").read_text() == "one\n2\nthree\n"


async def test_calls_of_one_answer_are_made_in_order_and_a_bounded_number_of_them(
    crew: Crew,
) -> None:
    many = Reply(tool_calls=tuple(READ.tool_calls * 30))
    journal = MemoryJournal()
    await crew.play(many, DONE, journal=journal, choose=lambda _: True)
    assert [step for step in journal.worked if step.startswith("tool")] == [
        f"tool-0-{index}" for index in range(16)
    ]
    results = [m["content"] for m in crew.model.exchanges[2].messages if m["role"] == "tool"]
    assert len(results) == 30
    assert all("was not made" in result for result in results[16:])
