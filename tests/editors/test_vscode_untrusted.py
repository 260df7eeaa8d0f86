"""What others name, write and hand in does nothing in VS Code but stand there, as what it is."""

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from demo.replies import JsonObject, Reply, say
from demo.script import SOURCE
from demo.scripted_model import ScriptedModel
from tests.editors.conftest import OpenWindow
from tests.editors.trusting import trust
from tests.editors.vscode import Window
from tests.editors.vscode_chat import Chat
from tests.editors.vscode_plan import plan_page
from tests.flows.scripts import task_of

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

AGENT = "---\nname: $(verified) Sign\ndescription: Signs.\ntools: [read_file]\n---\n\nYou sign.\n"
LONG_PATH = f"{'x' * 100}/{'y' * 100}/prices.json"
PLAN = {"summary": "Read.", "steps": [{"title": "Read it", "tool": "read_file"}]}
CODE = """Build it:

```make
all:
\techo built
```

And ask who it is:

```python
is_admin = "user\u202e" + "root"
```

That is all.
"""
FORGE = """() => dispatchEvent(new MessageEvent("message", {
    data: { type: "told", text: "forged" }, origin: "https://evil.example",
}))"""
"""A message as another page would send it that opened the editor's."""
STEAL = "() => { Array.prototype.join = () => 'stolen()'; }"
"""From then on, the page hands in this for any code: as if somebody else had its script."""


def script(request: JsonObject) -> Reply:
    return say(CODE if task_of(request) == "chat" else json.dumps(PLAN))


async def run_the_agent(window: Window, goal: str) -> None:
    """Send the agent of the folder, from the palette."""
    await window.run_command("Steward: Run Agent…")
    await window.choose("Sign")
    await window.choose("Normal")
    await window.answer_input(goal)


async def add_problems_of_a_long_path(window: Window, folder: Path) -> None:
    """Have the problems of a file go along whose path is longer than any title may be."""
    (folder / LONG_PATH).parent.mkdir(parents=True)
    (folder / LONG_PATH).write_text('{"price": 1,, "name": 2}\n', "utf-8")
    await window.open_file(LONG_PATH)
    await expect(window.page.locator(".squiggly-error").first).to_be_visible()
    await window.run_command("Steward: Add Problems to Chat")


async def test_code_is_taken_as_it_was_answered_and_nothing_else_of_the_page(
    window: Window, folder: Path, model: ScriptedModel
) -> None:
    model.script = script
    await add_problems_of_a_long_path(window, folder)
    chat = await Chat.open(window)
    await expect(chat.chips.filter(has_text="Problems of xxx")).to_be_visible()
    await window.open_file(SOURCE)
    await chat.ask("How is it built?")
    await chat.finished("That is all.")
    await expect(chat.questions.last).to_contain_text("Problems of xxx")
    await chat.button("Copy code block 2").click()
    await expect(chat.page.get_by_text("Copied, without 1 character")).to_be_visible()
    await window.photograph("untrusted-copied")

    await chat.button("Insert code block 1").click()
    await window.sees("echo built")
    await window.save()
    assert "all:\n\techo built" in (folder / SOURCE).read_text("utf-8")

    page = chat.page.locator("body")
    await page.evaluate(FORGE)
    await page.evaluate(STEAL)
    await chat.button("Insert code block 1").click()
    await expect(window.toast("stands in no answer")).to_be_visible()
    await expect(window.page.locator(".view-line", has_text="stolen")).to_have_count(0)
    await expect(page).not_to_contain_text("forged")


async def test_an_agents_name_is_a_name_in_every_list_and_draws_no_sign(
    opened: OpenWindow, folder: Path, model: ScriptedModel, environment: dict[str, str]
) -> None:
    model.script = script
    window = await opened(trusts=False)
    (folder / ".steward/agents").mkdir(parents=True)
    (folder / ".steward/agents/sign.md").write_text(AGENT, "utf-8")
    await trust(Path(environment["STEWARD_DATA_DIR"]), folder)
    await window.run_command("Steward: Restart Server")
    await expect(window.status).to_contain_text("today")
    await window.open_file(SOURCE)
    await run_the_agent(window, "Sign it")
    await plan_page(window)
    await run_the_agent(window, "Sign it again")
    await expect(window.waiting).to_contain_text("2 questions")

    rows = window.page.locator(".quick-input-list .monaco-list-row")
    await window.run_command("Steward: Answer…")
    await expect(rows.filter(has_text="Plan of the agent $ (verified) Sign")).to_have_count(2)
    await expect(rows.locator(".codicon-verified")).to_have_count(0)
    await window.photograph("untrusted-list")
