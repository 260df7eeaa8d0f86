"""A plan is taken from a model's answer if it is one, and shown as what it is."""

import json

import pytest

from steward.agents.plan import Plan, PlanStep, parse_plan
from steward.core.errors import InvalidInputError

TOOLS = frozenset({"read_file", "edit_file"})
PLAN = {
    "summary": "Read, then edit.",
    "steps": [
        {"title": "Read it", "tool": "read_file", "detail": "All of it."},
        {"title": "Change it", "tool": "edit_file"},
    ],
}
TEXT = json.dumps(PLAN)


@pytest.mark.parametrize(
    "answer",
    [
        TEXT,
        f"```json\n{TEXT}\n```",
        f"Sure! Here is the plan:\n\n{TEXT}\n\nShall I go on?",
        f"I used {{braces}} and {{ more }} of them: {TEXT}",
        json.dumps({**PLAN, "confidence": 1}, indent=2),
        f"{TEXT}{TEXT}",
    ],
    ids=["plain", "fence", "prose", "braces", "more fields", "twice"],
)
async def test_a_plan_is_found_in_what_surrounds_it(answer: str) -> None:
    plan = await parse_plan(answer, TOOLS)
    assert plan.summary == "Read, then edit."
    assert [(step.title, step.tool) for step in plan.steps] == [
        ("Read it", "read_file"),
        ("Change it", "edit_file"),
    ]
    assert plan.tools == TOOLS


STEP = {"title": "t", "tool": "read_file"}


@pytest.mark.parametrize(
    "answer",
    [
        *("", "No.", "[]", "{", "{}", "{" * 10_000, '{"a":' * 10_000, "null", "[1, 2]"),
        '{"summary": ' + "9" * 10_000 + "}",
        *(json.dumps({"summary": "s"}), json.dumps({"summary": "s", "steps": []})),
        json.dumps({"summary": "", "steps": [STEP]}),
        json.dumps({"summary": "s" * 2001, "steps": [STEP]}),
        json.dumps({"summary": "s", "steps": [STEP] * 41}),
        json.dumps({"summary": "s", "steps": "read_file"}),
        json.dumps({"summary": "s", "steps": [{"title": "t"}]}),
        json.dumps({"summary": "s", "steps": [{**STEP, "title": ["t"]}]}),
        json.dumps({"summary": "s\ud800", "steps": [STEP]}),
    ],
    ids=lambda text: str(text)[:24],
)
async def test_what_is_no_plan_is_refused(answer: str) -> None:
    with pytest.raises(InvalidInputError, match="plan"):
        await parse_plan(answer, TOOLS)


async def test_a_plan_with_tools_that_the_agent_was_not_given_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="edit_file"):
        await parse_plan(TEXT, frozenset({"read_file"}))


async def test_the_model_is_reminded_of_its_plan_in_a_few_words() -> None:
    step = {"title": "Change it", "tool": "edit_file", "files": ["a.py", "src/**"]}
    plan = await parse_plan(json.dumps({"summary": "Edit.", "steps": [step]}), TOOLS)
    assert plan.brief() == "Edit.\n1. Change it (edit_file: a.py, src/**)"


def test_a_plan_takes_no_more_steps_than_a_plan_may_have() -> None:
    step = PlanStep(title="Read", tool="read_file")
    plan = Plan(summary="s", steps=(step,) * 39).with_step(step)
    assert len(plan.steps) == 40
    with pytest.raises(InvalidInputError, match="40 steps"):
        plan.with_step(step)
