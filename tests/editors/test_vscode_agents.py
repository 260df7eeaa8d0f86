"""Agents in VS Code: their plans are changed and refused, grants taken back, folders trusted."""

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from demo.script import SOURCE
from demo.scripted_model import ScriptedModel
from tests.editors.conftest import OpenWindow
from tests.editors.stories import PLAN, ask_for_the_fix, becomes
from tests.editors.vscode import Window
from tests.editors.vscode_plan import plan_page
from tests.environment import git
from tests.flows.books import Books
from tests.flows.scripts import EDIT, TEST, after_plan, everything_in, results_in, task_of

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

RUN = "Run the tests"
TRUST = "Do you trust the files in this folder?"
REASON = "Leave the tests alone."
OWN = {
    "summary": "Only the shop.",
    "steps": [{"title": "Correct it", "tool": "edit_file", "files": ["shop/*"]}],
}
WRONG_PLAN = {"steps": [{"titel": "Correct it", "tool": "edit_file"}]}
WRONG_AGENT = "---\nname: Paint\nnmae: Painter\ndescription: Paints.\n---\n\nYou paint.\n"


async def replace_text(window: Window, text: str) -> None:
    """Paste a text over all that is in the editor in front; typed, brackets would close twice."""
    await window.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await window.page.evaluate("text => navigator.clipboard.writeText(text)", text)
    await window.page.keyboard.press("Control+A")
    await window.page.keyboard.press("Control+V")


async def test_a_plan_is_refused_with_a_reason_then_changed_and_only_then_approved(
    window: Window, model: ScriptedModel, books: Books
) -> None:
    model.script = after_plan(EDIT)
    await ask_for_the_fix(window)
    await window.button("Reject plan…").wait_for()
    await window.photograph("plan-choices")
    await window.press_button("Reject plan…", question=PLAN)
    await window.answer_input(REASON)
    await becomes(lambda: REASON in everything_in(model.exchanges[-1].body), True)

    await window.press_button("Edit…", question=PLAN)
    await (await plan_page(window)).locator("[data-key=json]").click()
    await expect(window.tab("steward-plan.json")).to_be_visible()
    await window.sees("See which test fails")
    await window.page.locator(".editor-group-container.active .view-line").first.click()
    await replace_text(window, json.dumps(WRONG_PLAN))
    await expect(window.page.locator(".squiggly-warning").first).to_be_visible()
    await window.photograph("plan-edited")
    await replace_text(window, json.dumps(OWN))
    await window.save()

    await expect(window.tab("steward-plan.json")).to_have_count(0)
    await expect(window.page_text("Only the shop.")).to_be_visible()
    await window.photograph("plan-asked-again")
    planned = [("plan", "rejected"), ("plan", "rejected"), ("plan", "pending")]
    await becomes(books.answers, planned)
    await window.press_button("Approve plan", question=PLAN)
    await becomes(lambda: task_of(model.exchanges[-1].body), "agent")
    assert "Only the shop." in everything_in(model.exchanges[-1].body)


async def test_what_is_allowed_for_the_run_is_not_asked_again_until_it_is_taken_back(
    window: Window, folder: Path, model: ScriptedModel, books: Books
) -> None:
    model.script = after_plan(TEST, TEST, EDIT, TEST)
    await ask_for_the_fix(window)
    await window.press_button("Approve plan", question=PLAN)
    await window.button("Allow for this run").wait_for()
    await window.sees("covers, until")
    await window.photograph("command-asked")
    await window.press_button("Allow for this run", question=RUN)

    # The second run of the tests is not asked about, so the edit is what comes next.
    await window.button("Discard").wait_for()
    await window.run_command("Steward: Show Grants and Refusals…")
    await window.photograph("grants")
    await window.choose("run_tests")
    await becomes(lambda: "grant.revoked" in books.actions("grant."), True)
    await window.press_button("Discard", question=f"Edit {SOURCE}")

    await window.press_button("Deny…", question=RUN)
    await window.answer_input(REASON)
    await becomes(lambda: REASON in results_in(model.exchanges[-1].body)[-1], True)
    await window.run_command("Steward: Show Grants and Refusals…")
    await window.photograph("refusals")
    await window.choose(f"Edit {SOURCE}")
    await becomes(lambda: "denial.revoked" in books.actions("denial."), True)
    assert git(folder, "status", "--porcelain") == ""


async def test_trust_is_asked_once_and_a_mistake_in_an_agents_file_is_shown(
    opened: OpenWindow, books: Books
) -> None:
    window = await opened(trusts=False)
    await window.run_command("Steward: New Agent…")
    await window.answer_input("paint")
    await expect(window.tab("paint.md")).to_be_visible()
    await window.page.locator(".editor-group-container.active .view-line").first.click()
    await replace_text(window, WRONG_AGENT)
    await expect(window.page.locator(".squiggly-error").first).to_be_visible()
    await window.photograph("agent-file")
    await window.save()

    await ask_for_the_fix(window)
    await window.button("Trust this folder").wait_for()
    await window.sees("If you trust it")
    await window.photograph("trust")
    await window.press_button("Trust this folder", question=TRUST)
    await window.press_button("Reject plan…", question=PLAN)
    await window.answer_input("")
    await ask_for_the_fix(window)
    await window.press_button("Reject plan…", question=PLAN)
    await window.answer_input("")

    asked = [("trust", "approved"), ("plan", "rejected"), ("plan", "rejected")]
    await becomes(books.answers, asked)
