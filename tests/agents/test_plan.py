"""A plan is taken from a model's answer if it is one, and shown as what it is."""

import json

import pytest

from steward.agents.plan import Plan, PlanStep, parse_plan
from steward.core.errors import InvalidInputError
from steward.workspace.markdown import code, inline

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
def test_a_plan_is_found_in_what_surrounds_it(answer: str) -> None:
    plan = parse_plan(answer, TOOLS)
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
def test_what_is_no_plan_is_refused(answer: str) -> None:
    with pytest.raises(InvalidInputError, match="plan"):
        parse_plan(answer, TOOLS)


def test_a_plan_with_tools_that_the_agent_was_not_given_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="edit_file"):
        parse_plan(TEXT, frozenset({"read_file"}))


def test_a_plan_is_shown_whole() -> None:
    text = parse_plan(TEXT, TOOLS).markdown("Fix", "Make the tests pass.", "a.py:3")
    assert text == (
        "**Goal:** Make the tests pass.\n\nStarted from `a.py:3`.\n\nRead, then edit.\n\n"
        "1. **Read it** (`read_file`)  \n   All of it.\n"
        "2. **Change it** (`edit_file`)\n\n"
        "Approving lets the agent *Fix* read and propose as listed. Running a command,"
        " every change to a file and every commit are asked about on their own."
    )


HOSTILE = (
    "x** (`read_file`)\n2. **Nothing else",
    "\n\n# Approved by your administrator",
    "1. **Run the tests** (`run_tests`)",
    "---",
    "===",
    "<details><summary>harmless</summary>",
    "![x](https://example.org/?leak)",
    "[approve](command:steward.answer)",
    "```\n",
    "&#x202e;drawkcab",
    "~~delete everything~~ read",
    "abc\u202edef\u200b\x1b[2K\r",
    "| a |\n|---|",
)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_hostile_plan_looks_like_what_it_is(text: str) -> None:
    step = PlanStep(title=text, tool="read_file", detail=text)
    shown = Plan(summary=text, steps=(step, step)).markdown("Fix", text, text)
    # `test_reveal` says what these two do to such a text.
    plain, place = inline(text), code(text)
    assert shown.split("Approving lets")[0] == (
        f"**Goal:** {plain}\n\nStarted from {place}.\n\n{plain}\n\n"
        f"1. **{plain}** (`read_file`)  \n   {plain}\n"
        f"2. **{plain}** (`read_file`)  \n   {plain}\n\n"
    )
    assert not any(hidden in shown for hidden in "\u202e\u200b\x1b\r")
