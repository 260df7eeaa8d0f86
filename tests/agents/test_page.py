"""A plan is shown as what it is: what it does, with what, whose it is, and what it may cost."""

from dataclasses import replace

import pytest

from steward.agents import page
from steward.agents.definitions.toolbox import TOOLS
from steward.agents.page import view_of
from steward.agents.plan import Plan, PlanStep
from steward.agents.plan_view import Estimate, Setting, estimated, plan_view
from steward.core.money import NanoUsd, PicoUsd
from steward.gateway.prices import Price
from steward.permissions.decide import Mode
from steward.workspace.markdown import code, inline
from tests.agents.crew import FIX, Crew

PLAN = Plan(
    summary="Read, then edit.",
    steps=(
        PlanStep(title="Read it", tool="read_file", detail="All of it."),
        PlanStep(title="Change it", tool="edit_file", files=("src/*.py", "b.py")),
        PlanStep(title="Dance", tool="dance"),
    ),
)
SETTING = Setting(
    agent=FIX,
    goal="Make the tests pass.",
    place="a.py:3",
    mode="normal",
    estimate=Estimate(NanoUsd(1_000_000), NanoUsd(9_000_000)),
    cost_limit=5_000_000,
)


def plan_page(plan: Plan, setting: Setting, *, is_last_new: bool = False, note: str = "") -> str:
    """The page, as it is made from what is shown."""
    return page.plan_page(plan_view(plan, setting, is_last_new=is_last_new, note=note))


def test_a_plan_is_shown_whole() -> None:
    assert plan_page(PLAN, SETTING) == (
        "**Goal:** Make the tests pass.\n\nStarted from `a.py:3`.\n\nRead, then edit.\n\n"
        "1. **Read it** (`read_file`: reads files)  \n   All of it.\n"
        "2. **Change it** (`edit_file`: proposes changes; you see each diff and decide)  \n"
        "   Files: `src/*.py`, `b.py`\n"
        "3. **Dance** (`dance`: does what this page does not know)\n\n"
        "Estimated cost: $0.001000 to $0.005000. The run ends at $0.005000.\n\n"
        "Approving lets the agent Fix (that comes with Steward) read and propose as listed. Running"
        " a command, calling a server, every change to a file, every commit and all that is pushed"
        " are asked about on their own; a step that is not listed is another plan."
    )


def test_a_step_that_was_added_and_what_the_agent_asks_are_marked() -> None:
    asking = PLAN.model_copy(update={"questions": ("Which one?",)})
    shown = plan_page(asking, SETTING, is_last_new=True, note="Look: there.")
    assert shown.startswith("**Look:** there.\n\n**Goal:**")
    assert "3. **New:** **Dance**" in shown
    assert shown.count("**New:**") == 1
    assert "- Which one?" in shown


@pytest.mark.parametrize("mode", ["analysis_only", "dry_run", "step"])
def test_a_mode_that_is_not_the_usual_one_is_said(mode: Mode) -> None:
    words = mode.replace("_", " ").split()[0]
    assert words in plan_page(PLAN, replace(SETTING, mode=mode)).casefold()


@pytest.mark.parametrize(
    ("estimate", "says"),
    [(None, "Nobody can say"), (Estimate(NanoUsd(0), NanoUsd(0)), "costs nothing")],
)
def test_a_cost_that_is_not_known_is_not_invented(estimate: Estimate | None, says: str) -> None:
    assert says in plan_page(PLAN, replace(SETTING, estimate=estimate))


def test_whose_agent_it_is_and_which_one_it_replaces_is_said() -> None:
    theirs = replace(FIX, source="workspace", replaces=("shipped",))
    shown = plan_page(PLAN, replace(SETTING, agent=theirs))
    assert "Fix (of this folder, in place of the one that comes with Steward)" in shown


def test_an_estimate_grows_with_steps_and_prompt_and_has_two_ends() -> None:
    price = Price(PicoUsd(150_000), PicoUsd(75_000), PicoUsd(600_000), "test")
    small, longer, wider = (estimated(price, *each) for each in ((1000, 2), (1000, 4), (2000, 2)))
    for each in (small, longer, wider):
        assert 0 < each.least < each.most
    assert small.least < longer.least
    assert small.most < longer.most
    assert small.least < wider.least
    # Three calls of 1,000, 1,300 and 1,600 tokens in, and 100 out each.
    assert small.least == 3_900 * 150 + 300 * 600


async def test_the_page_knows_what_every_tool_needs(crew: Crew) -> None:
    tools = (*crew.rooms.invoker.tools, *TOOLS, "tickets__add")
    steps = tuple(PlanStep(title="Use it", tool=each) for each in tools)
    assert "does not know" not in plan_page(Plan(summary="All.", steps=steps), SETTING)


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
def test_an_editors_own_view_shows_what_the_page_shows(text: str) -> None:
    step = PlanStep(title=text, tool="read_file", detail=text, files=(text,), agents=(text,))
    plan = Plan(summary=text, steps=(step,), questions=(text,))
    setting = replace(SETTING, goal=text, place=text, called=(FIX,))
    view = plan_view(plan, setting, is_last_new=True, note=f"Look: {text}")
    shown = page.plan_page(view)
    assert view_of(view.as_json(), shown) == view.as_json()
    assert not any(hidden in str(view) for hidden in "\u202e\u200b\x1b\r")
    said = view.steps[0]
    for each in (view.goal, view.place, view.summary, view.questions[0], said.title, said.detail):
        assert inline(each) == inline(text)


@pytest.mark.parametrize(
    "changed",
    [
        {"goal": "Something harmless."},
        {"steps": []},
        {"cost": {"least": None, "most": None, "limit": None, "said": "Nothing."}},
        {"more": "text"},
    ],
    ids=str,
)
def test_a_view_that_says_something_else_than_the_page_is_not_shown(
    changed: dict[str, object],
) -> None:
    view = plan_view(PLAN, SETTING)
    shown = page.plan_page(view)
    assert view_of(view.as_json() | changed, shown) is None
    assert view_of(None, shown) is None


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_hostile_plan_looks_like_what_it_is(text: str) -> None:
    step = PlanStep(title=text, tool="read_file", detail=text)
    shown = plan_page(
        Plan(summary=text, steps=(step, step)), replace(SETTING, goal=text, place=text)
    )
    # `test_reveal` says what these two do to such a text.
    plain, place = inline(text), code(text)
    assert shown.split("Estimated cost")[0] == (
        f"**Goal:** {plain}\n\nStarted from {place}.\n\n{plain}\n\n"
        f"1. **{plain}** (`read_file`: reads files)  \n   {plain}\n"
        f"2. **{plain}** (`read_file`: reads files)  \n   {plain}\n\n"
    )
    assert not any(hidden in shown for hidden in "\u202e\u200b\x1b\r")
