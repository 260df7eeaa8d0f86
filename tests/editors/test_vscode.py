"""What a person does with Steward in VS Code, on the real editor, server, repository and jail."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import expect

from demo.replies import JsonObject, Reply, call, say
from demo.script import BRANCH, MESSAGE, RIGHT, SOURCE, WRONG, play
from demo.scripted_model import ScriptedModel
from tests.client import ASKING, Window as OtherEditor
from tests.editors.conftest import OpenWindow
from tests.editors.desk import Desk, branches
from tests.editors.stories import GOAL, PLAN, ask_for_the_fix, becomes, get_to_the_diff
from tests.editors.vscode import Window
from tests.editors.vscode_plan import plan_page
from tests.environment import git
from tests.flows.books import Books
from tests.flows.scripts import EDIT, after_plan, results_in, task_of
from tests.person import Person, approve

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

RUN = "Run the tests"
ASKED = f"Edit {SOURCE}"
COMMIT = f"Commit to {BRANCH}"


async def test_ghost_text_appears_while_typing_is_taken_with_tab_and_is_paid_for(
    window: Window, folder: Path
) -> None:
    await expect(window.status).to_contain_text("$0.000000 today")
    await window.open_file("shop/basket.py")
    await window.watch_keys()
    await window.type_at_the_end("\n    def item_count(self) -> int:\n")
    await expect(window.ghost_line).to_contain_text("for line in self.lines")
    await window.photograph("ghost-text")

    await window.page.keyboard.press("Tab")
    await window.save()

    wanted = "return sum(line.quantity for line in self.lines)"
    await becomes(lambda: wanted in (folder / "shop/basket.py").read_text("utf-8"), True)
    await expect(window.status).to_contain_text(re.compile(r"\$0\.0*[1-9]\d* today"))


async def test_the_status_tells_the_budget_and_a_message_tells_when_it_is_used_up(
    opened: OpenWindow,
) -> None:
    window = await opened(STEWARD_LEDGER__LIMIT_USD="0.000001")
    tooltip = window.page.get_by_role("tooltip")
    await expect(window.status).to_contain_text("$0.000000 today")
    await window.status.hover()
    await expect(tooltip).to_contain_text("Spent $0.000000 of $0.000001")
    await window.photograph("budget")
    await window.open_file("shop/basket.py")
    await window.type_at_the_end("\n    def item_count(self) -> int:\n")
    await expect(window.status).to_contain_text("AI off")
    await window.sees("Everything else goes on")
    await window.status.hover()
    await expect(tooltip).to_contain_text("does not cover this call")
    await window.photograph("budget-used-up")


async def test_an_agent_does_what_its_person_saw_and_approved_and_nothing_else(
    window: Window, folder: Path, model: ScriptedModel
) -> None:
    source = folder / SOURCE
    head = git(folder, "rev-parse", "HEAD")
    await ask_for_the_fix(window)

    await expect(window.page_text("See which test fails")).to_be_visible()
    await window.photograph("plan")
    await window.press_button("Approve plan", question=PLAN)
    await window.press_button("Allow once", question=RUN)

    await window.sees(RIGHT)
    await window.photograph("diff")
    assert WRONG in source.read_text("utf-8")
    await window.press_button("Apply", question=ASKED)
    await becomes(lambda: RIGHT in source.read_text("utf-8"), True)
    await expect(window.tab("Proposal")).to_have_count(0)

    # That question may come before the editor has saved, and its answer after that.
    await window.press_button("Allow once", question=RUN)
    await window.sees("The threshold itself was left out")
    await window.photograph("commit")
    assert branches(folder) == []
    await window.press_button("Commit", question=COMMIT)
    await becomes(lambda: branches(folder), [BRANCH])

    # The first line of a result says where it comes from.
    reports = [report.splitlines()[1][:12] for report in results_in(model.exchanges[-1].body)]
    assert "Exit code 1 " in reports
    assert "Exit code 0 " in reports
    assert git(folder, "log", "-1", "--format=%B", BRANCH).strip() == MESSAGE.strip()
    assert git(folder, "diff", "--name-only", "main", BRANCH) == SOURCE
    assert git(folder, "rev-parse", "HEAD") == head
    await expect(window.waiting).to_have_count(0)
    await window.photograph("done")


async def test_a_dismissed_question_is_no_answer_and_can_be_found_again(
    window: Window, folder: Path
) -> None:
    await ask_for_the_fix(window)
    await window.dismiss(question=PLAN)
    await window.close_tab(PLAN)
    await expect(window.waiting).to_contain_text("1 question")

    await window.run_command("Steward: Show Open Questions")

    await expect(window.page_text("See which test fails")).to_be_visible()
    await window.photograph("found-again")
    await window.press_button("Reject plan…", question=PLAN)
    await window.answer_input("")
    await expect(window.waiting).to_have_count(0)
    assert git(folder, "status", "--porcelain") == ""


async def test_a_question_can_be_answered_in_its_own_text(window: Window) -> None:
    await ask_for_the_fix(window)
    await window.dismiss(question=PLAN)

    await (await plan_page(window)).locator("[data-key=text]").click()
    await window.press_link("Approve plan")

    await expect(window.toast(RUN)).to_be_visible()


async def test_what_is_typed_after_an_agent_s_read_is_in_no_danger_and_unsaved_work_stays_unsaved(
    window: Window, folder: Path, model: ScriptedModel, books: Books
) -> None:
    thinks = asyncio.Event()
    whole = replace(call("edit_file", path=SOURCE, text="FREE = True\n"), hold=thinks)
    model.script = after_plan(call("read_file", path=SOURCE), whole, EDIT)
    before = (folder / SOURCE).read_bytes()
    await window.open_file(SOURCE)
    await window.type_at_the_end("# my own line")
    await ask_for_the_fix(window)
    await window.press_button("Approve plan", question=PLAN)
    await becomes(lambda: len(told_to_the_agent(model)), 1)
    await window.open_file(SOURCE)
    await window.type_at_the_end("\n# and another")
    await window.sees("# and another")  # Keys that are still under way would overtake the edit.
    thinks.set()

    await window.press_button("Apply", question=ASKED)

    assert "has changed since you read it" in told_to_the_agent(model)[1]
    await becomes(lambda: [row["state"] for row in books.proposals()], ["applied"])
    await window.open_file(SOURCE)
    await window.sees(RIGHT)
    await window.sees("# my own line")
    await window.sees("# and another")
    assert (folder / SOURCE).read_bytes() == before


def told_to_the_agent(model: ScriptedModel) -> list[str]:
    """What came of the agent's calls, as far as its model knows."""
    asked = [each.body for each in model.exchanges if task_of(each.body) == "agent"]
    return results_in(asked[-1]) if asked else []


async def test_what_saving_does_to_a_text_by_itself_comes_on_top_and_is_no_stranger_s_change(
    window: Window, folder: Path, model: ScriptedModel, books: Books
) -> None:
    free = {"old_text": "travel free.\n", "new_text": "be free of it."}
    model.script = after_plan(
        call("edit_file", path="README.md", **free),
        call("edit_file", path="README.md", old_text="be free of it.", new_text="pay nothing."),
    )
    await get_to_the_diff(window)

    await window.press_button("Apply", question="Edit README.md")

    readme = folder / "README.md"
    await becomes(lambda: readme.read_text("utf-8").endswith("be free of it.\n"), True)
    # Neither the agent's own edit nor what the save made of it is taken for somebody else's.
    await window.sees("pay nothing.")
    await window.press_button("Apply", question="Edit README.md")
    await becomes(lambda: [row["state"] for row in books.proposals()], ["applied"] * 2)
    await becomes(lambda: readme.read_text("utf-8").endswith("pay nothing.\n"), True)
    await expect(window.page.locator(".tab.dirty")).to_have_count(0)


async def test_cancelling_a_run_takes_its_diff_away(
    window: Window, folder: Path, model: ScriptedModel
) -> None:
    model.script = after_plan(EDIT)
    await get_to_the_diff(window)

    await window.press_button("Cancel", question="Steward agent")

    await expect(window.tab("Proposal")).to_have_count(0)
    await expect(window.waiting).to_have_count(0)
    assert git(folder, "status", "--porcelain") == ""


async def test_a_diff_that_is_approved_in_another_editor_is_applied_and_taken_away(
    window: Window,
    folder: Path,
    model: ScriptedModel,
    books: Books,
    environment: dict[str, str],
) -> None:
    model.script = after_plan(EDIT)
    await get_to_the_diff(window)

    other = OtherEditor(folder, environment, ASKING, Person(approve))
    await other.start()

    await becomes(lambda: [row["state"] for row in books.proposals()], ["applied"])
    await other.close()
    await expect(window.tab("Proposal")).to_have_count(0)
    await becomes(lambda: RIGHT in (folder / SOURCE).read_text("utf-8"), True)
    await expect(window.page.locator(".tab.dirty")).to_have_count(0)


async def test_costs_runs_and_the_audit_trail_can_be_read(
    window: Window, model: ScriptedModel
) -> None:
    await ask_for_the_fix(window)
    await window.press_button("Reject plan…", question=PLAN)
    await window.answer_input("")
    pages = {"Show Costs": "What Steward spent", "Show Audit Trail": "approval.rejected"}
    for title, text in pages.items():
        await window.run_command(f"Steward: {title}")
        await expect(window.page_text(text)).to_be_visible()
        await window.photograph(title.lower().replace(" ", "-"))
    await window.run_command("Steward: Show Runs")
    await window.choose(GOAL)
    await expect(window.page_text(f"Run of fix: {GOAL}")).to_be_visible()
    await window.photograph("run")
    assert len(model.exchanges) == 1


async def test_what_a_model_says_cannot_become_a_link_that_runs_a_command(
    window: Window, model: ScriptedModel
) -> None:
    said = "Done, [look](command:workbench.action.closeAllEditors) at it."

    def script(body: JsonObject) -> Reply:
        is_agent = "[task: agent]" in json.dumps(body["messages"])
        return say(said) if is_agent else play(body)

    model.script = script
    await ask_for_the_fix(window)

    await window.press_button("Approve plan", question=PLAN)

    toast = window.toast("Done, [look] (command:workbench.action.closeAllEditors) at it.")
    await expect(toast).to_be_visible()
    await expect(toast.locator("a", has_text="look")).to_have_count(0)


async def test_a_server_that_is_not_there_is_explained(desk: Desk, window: Window) -> None:
    await desk.clear(None, is_trusted=True)

    await window.sees("there is no program")
    await window.photograph("no-server")
