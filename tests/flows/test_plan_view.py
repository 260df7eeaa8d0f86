"""What an editor's own view of a plan is made of: the question as data, and the run's steps."""

from typing import Any

from demo.replies import call
from demo.script import PLAN, SOURCE
from demo.scripted_model import ScriptedModel
from steward.agents.page import view_of
from tests.client import ASKING
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import EDIT, after_plan
from tests.person import Person


async def test_a_plan_is_asked_about_as_data_too_and_each_step_tells_how_far_it_has_come(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = after_plan(call("read_file", path=SOURCE), EDIT)
    open_plans = Person(lambda shown: None if shown.kind == "plan" else "approve")
    window = await open_window(ASKING, person=open_plans)
    run_id = await window.run_agent()
    asked = await window.person.sees("plan")
    [question] = await window.command("steward.questions")
    view = question["view"]
    assert view_of(view, asked.text) == view
    planned: Any = PLAN["steps"]
    shown = [(step["title"], step["tool"]) for step in view["steps"]]
    assert shown == [(step["title"], step["tool"]) for step in planned]
    asked.answer("approve")

    await window.until_ended(run_id)
    told: Any = await window.command("steward.run.steps", runId=run_id)
    states = [(step["state"], step["traceSteps"]) for step in told["planSteps"]]
    assert states == [
        ("skipped", []),
        ("done", ["tool-0-0"]),
        ("done", ["tool-1-0", "land-1-0"]),
        ("skipped", []),
        ("skipped", []),
    ]
    assert [step["step"] for step in told["trace"] if step["step"].startswith("think")] == [
        "think-0",
        "think-1",
        "think-2",
    ]

    page: Any = await window.command("steward.run.show", runId=run_id, step="tool-1-0")
    assert f"path: {SOURCE}" in page["markdown"]
    assert "Came back" in page["markdown"]
    assert "`think-1`" in page["markdown"]
    landed: Any = await window.command("steward.run.show", runId=run_id, step="land-1-0")
    assert "## Asked: " in landed["markdown"]
    assert "**approved**" in landed["markdown"]
