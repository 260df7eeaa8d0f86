"""In VS Code a person asks why a line is there, takes back what a run did, and does it again."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.editors.conftest import OpenWindow
from tests.editors.stories import EDIT, GOAL, PLAN, ask_for_the_fix, becomes, changing
from tests.flows.books import Books

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

RULE = "Prices are in cents."


MCP = '[mcp.servers.files]\ncommand = ["node", "server.js"]\n'


async def test_a_line_says_why_it_is_there_and_its_run_is_undone_and_done_again(
    opened: OpenWindow, folder: Path, tmp_path: Path, model: ScriptedModel, books: Books
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text(MCP, "utf-8")
    window = await opened()
    (folder / "AGENTS.md").write_text(RULE, "utf-8")
    model.script = changing(EDIT)
    before = (folder / SOURCE).read_text()
    await ask_for_the_fix(window)
    await window.button("Follow them").wait_for()
    await window.photograph("instructions-asked")
    await window.press_button("Follow them", question="May agents follow")
    await window.press_button("Approve plan", question=PLAN)
    await window.press_button("Apply", question=f"Change {SOURCE}")
    await becomes(lambda: books.rows("SELECT state FROM run"), [{"state": "finished"}])
    after = before.replace(WRONG, RIGHT)
    await becomes((folder / SOURCE).read_text, after)

    line = before[: before.index(WRONG)].count("\n") + 1
    await window.open_file(SOURCE)
    await window.page.keyboard.press("Control+G")
    await window.answer_input(f":{line}")
    await window.run_command("Steward: Why Is This Line Here?")
    await expect(window.page_text("From an agent")).to_be_visible()
    await expect(window.page_text(f"Goal: {GOAL}")).to_be_visible()
    await window.photograph("why")
    await window.run_command("Steward: Show Instructions")
    await expect(window.page_text("AGENTS.md")).to_be_visible()
    await window.photograph("instructions")
    await window.run_command("Steward: Show MCP Servers")
    await expect(window.page_text("You approved none of its tools.")).to_be_visible()
    await window.photograph("mcp-servers")

    await window.run_command("Steward: Undo a Run's Changes…")
    await window.photograph("undo-which-run")
    await window.choose(GOAL)
    await window.button("Discard").wait_for()
    await window.photograph("undo-diff")
    await window.press_button("Apply", question="Undo: ")
    await becomes((folder / SOURCE).read_text, before)
    await window.run_command("Steward: Redo What Was Undone…")
    await window.choose(GOAL)
    await window.press_button("Apply", question="Redo: ")
    await becomes((folder / SOURCE).read_text, after)
