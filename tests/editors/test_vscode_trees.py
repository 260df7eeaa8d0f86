"""Steward's side bar in VS Code: asks answered, runs watched and ended, folders trusted."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from demo.scripted_model import ScriptedModel
from tests.client import ASKING, Window as OtherWindow
from tests.editors.conftest import OpenWindow
from tests.editors.stories import PLAN, ask_for_the_fix, becomes
from tests.editors.vscode import Window
from tests.editors.vscode_trees import fold, open_side_bar, press, row, unfold, view
from tests.flows.books import Books
from tests.flows.scripts import EDIT, TEST, after_plan, task_of
from tests.person import Person, leave_open

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

RUN = "Run the tests"
AGENT = "---\nname: Paint\ndescription: Paints walls.\ntools: [read_file]\n---\n\nYou paint.\n"


async def models_and_budgets_are_seen(window: Window) -> None:
    await fold(window, "Chat")
    await unfold(window, "Models and Budget")
    await expect(row(window, "Models and Budget", "custom/scripted")).to_be_visible()
    await expect(row(window, "Models and Budget", "You$0")).to_contain_text("of $0.01")
    await window.photograph("tree-models")
    await fold(window, "Models and Budget")


async def approve_beside(folder: Path, environment: dict[str, str]) -> None:
    """Another window of the person's answers the one question with yes."""
    beside = OtherWindow(folder, environment, ASKING, Person(leave_open))
    await beside.start()
    try:
        (asked,) = await beside.command("steward.questions")
        answer = {"id": asked["id"], "digest": asked["digest"], "choice": "approve"}
        assert await beside.command("steward.answer", **answer) == {"state": "approved"}
    finally:
        await beside.close()


async def test_the_tree_answers_a_command_takes_its_grant_back_and_ends_the_run(
    opened: OpenWindow,
    folder: Path,
    model: ScriptedModel,
    books: Books,
    environment: dict[str, str],
) -> None:
    model.script = after_plan(TEST, TEST, EDIT)
    window = await opened(STEWARD_LEDGER__LIMIT_USD="0.01")
    await open_side_bar(window)
    await models_and_budgets_are_seen(window)
    await expect(view(window, "Approvals")).to_contain_text("No question waits for you")
    await ask_for_the_fix(window)
    # The tree follows what another window answers.
    await expect(row(window, "Approvals", PLAN)).to_be_visible()
    await approve_beside(folder, environment)
    await expect(row(window, "Approvals", PLAN)).to_have_count(0)

    # The command stands there whole, and what a yes for the rest of the run would cover.
    await expect(row(window, "Approvals", RUN)).to_be_visible()
    await expect(view(window, "Approvals")).to_contain_text("python3 -m unittest discover")
    await expect(window.toast("python3 -m unittest discover")).to_be_visible()
    await window.photograph("tree-command")
    # The second run of the tests is not asked about, so the edit is what comes next.
    covers = row(window, "Approvals", "Allow for this run covers")
    edit = row(window, "Approvals", re.compile("Edit .*delivery"))
    await press(window, covers, "Allow for This Run", seen=edit)
    granted = row(window, "Runs", "Allowed for this run")
    await expect(granted).to_contain_text("run_tests")
    await window.photograph("tree-run")
    await granted.hover()
    await granted.locator(".action-label[aria-label^='Take Back']").click()
    await becomes(lambda: "grant.revoked" in books.actions("grant."), True)
    await expect(granted).to_have_count(0)

    run = row(window, "Runs", "Make the failing test pass")
    await press(window, run, "Cancel Run", seen=row(window, "Runs", "Today"))
    await expect(row(window, "Runs", "cancelled")).to_be_visible()
    await expect(view(window, "Approvals")).to_contain_text("No question waits for you")
    await window.photograph("tree-cancelled")
    assert task_of(model.exchanges[-1].body) == "agent"
    assert books.actions("run.")[-1] == "run.cancelled"


async def test_a_new_folder_says_once_what_it_brings_and_none_of_it_counts_before_a_yes(
    opened: OpenWindow, folder: Path, books: Books
) -> None:
    window = await opened(trusts=False)
    (folder / ".steward/agents").mkdir(parents=True)
    (folder / ".steward/agents/paint.md").write_text(AGENT, "utf-8")
    (folder / "AGENTS.md").write_text("Be brief.\n", "utf-8")
    offer = window.toast("this folder brings along")
    await window.run_command("Steward: Restart Server")
    await expect(offer).to_contain_text("1 agent (paint) and 1 file of instructions (AGENTS.md)")
    await open_side_bar(window)
    await fold(window, "Chat")
    await unfold(window, "Agents")
    await expect(row(window, "Agents", "does not count until you trust")).to_be_visible()
    await window.photograph("tree-untrusted")
    await window.press_button("Don't Trust", question="this folder brings along")
    await expect(row(window, "Agents", "does not count: not trusted")).to_be_visible()
    assert books.actions("trust.") == ["trust.refused"]

    await window.run_command("Notifications: Clear All Notifications")
    await window.run_command("Steward: Restart Server")
    await expect(window.status).to_contain_text("today")
    asked = window.toast("Do you trust the files")
    await press(window, row(window, "Agents", "Of this folder"), "Trust This Folder", seen=asked)
    await window.sees("If you trust it")
    await expect(offer).to_have_count(0)
    await window.photograph("tree-trust")
    await window.press_button("Trust this folder", question="Do you trust the files")
    await expect(row(window, "Agents", "Of this folder")).not_to_contain_text("does not count")
    await expect(row(window, "Agents", "Paint")).to_be_visible()
    await becomes(lambda: books.actions("trust."), ["trust.refused", "trust.given"])
