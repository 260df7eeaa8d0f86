"""The first hour with Steward in VS Code: from nothing installed to a change that is taken back."""

import json
import shutil
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from demo.replies import JsonObject, Reply, Script
from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.editors.desk import WHEEL, Desk
from tests.editors.left_running import servers
from tests.editors.patience import TRY_MS, repeat
from tests.editors.stories import EDIT, ask_for_the_fix, becomes, changing
from tests.editors.vscode import Window
from tests.editors.vscode_chat import Chat
from tests.editors.vscode_plan import plan_page
from tests.editors.vscode_review import lens, summary
from tests.editors.vscode_trees import view
from tests.editors.wheel import write_wheel
from tests.flows.books import Books
from tests.flows.scripts import results_in, task_of

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(200),
    pytest.mark.asyncio(loop_scope="session"),
]

AGENT = "---\nname: Paint\ndescription: Paints walls.\ntools: [read_file]\n---\n\nYou paint.\n"
CONSTANT = {"do": "edit", "path": SOURCE, "old_text": "= 495", "new_text": "= 500"}
COMMENT = "The price stays."
ANSWERED = "It forgets the threshold itself."
ANSWER = Reply(pieces=tuple(f"**Look at the sign.** {ANSWERED}\n"))
MINE = "return sum(line.quantity for line in self.lines)"
BROUGHT = "1 agent (paint) and 1 file of instructions (AGENTS.md)"
FOLDER_STEP = "Decide about this folder"
TRUST = "Do you trust the files in this folder?"
AFTERWARDS = "the run has ended and made one change here"


def first_hour() -> Script:
    """Answers in the chat; a plan and two edits; ghost text as the demo has it."""
    working = changing(CONSTANT, EDIT)

    def script(request: JsonObject) -> Reply:
        is_asked = task_of(request) in ("plan", "agent", "completion")
        return working(request) if is_asked else ANSWER

    return script


async def test_from_the_installation_to_the_restore_nothing_happens_unasked(
    desk: Desk, environment: dict[str, str], model: ScriptedModel, books: Books
) -> None:
    model.script = first_hour()
    wheel = desk.workspace.parent / WHEEL
    write_wheel(wheel, environment)
    window = await desk.clear(None, is_trusted=False)
    data = Path(environment["STEWARD_DATA_DIR"])
    source = desk.workspace / SOURCE
    before = source.read_text("utf-8")
    try:
        bring_along(desk.workspace)
        await install(window, data)
        await trust(window, books)
        await take_ghost_text(window, desk.workspace / "shop/basket.py")
        await chat(window, model)
        await approve_the_plan(window)
        assert source.read_text("utf-8") == before
        await review(window)
        await becomes(lambda: source.read_text("utf-8"), before.replace(WRONG, RIGHT))
        await becomes(lambda: COMMENT in str(results_in(model.exchanges[-1].body)), True)
        await restore(window)
        await becomes(lambda: source.read_text("utf-8"), before)
        await window.photograph("first-9-restored")
        assert MINE in (desk.workspace / "shop/basket.py").read_text("utf-8")

        assert any("steward lsp" in each for each in servers(data))
        await desk.close()
        await becomes(lambda: servers(data), [])
    finally:
        wheel.unlink()
        for installed in (desk.user_data / "globalStorage/steward.steward").glob("server-*"):
            shutil.rmtree(installed)


def bring_along(folder: Path) -> None:
    """What a folder that somebody else made may bring along."""
    (folder / ".steward/agents").mkdir(parents=True)
    (folder / ".steward/agents/paint.md").write_text(AGENT, "utf-8")
    (folder / "AGENTS.md").write_text("Be brief.\n", "utf-8")


async def install(window: Window, data: Path) -> None:
    """Install the server; it says at once what the folder brings along."""
    await window.button("Install…", question="there is no program").wait_for()
    await window.photograph("first-0-no-server")
    await window.press_button("Install…", question="there is no program")
    await expect(window.toast("this folder brings along")).to_contain_text(BROUGHT)
    await window.photograph("first-1-new-folder")
    await window.toast("the server is installed and runs").wait_for()
    await expect(window.status).to_contain_text("today")
    await becomes((data / "steward.db").exists, True)


async def trust(window: Window, books: Books) -> None:
    """Let the walkthrough lead on: read what trust would enable, and say yes."""
    await window.run_command("Steward: Get Started")
    await expect(is_done(window, "Start the server")).to_be_visible()
    await expect(is_done(window, "Choose a model")).to_be_visible()
    await expect(is_done(window, FOLDER_STEP)).to_have_count(0)
    await window.photograph("first-2-walkthrough")
    assert books.actions("trust.") == []
    await ask_for_trust(window)
    await window.sees("If you trust it")
    await expect(is_done(window, FOLDER_STEP)).to_have_count(0)
    await window.photograph("first-3-trust")
    await window.press_button("Trust this folder", question=TRUST)
    await becomes(lambda: books.actions("trust."), ["trust.given"])
    await expect(is_done(window, FOLDER_STEP)).to_be_visible()
    await window.close_everything()


async def ask_for_trust(window: Window) -> None:
    """Press the button in the step about the folder."""
    about = step(window, FOLDER_STEP)
    button = about.locator(".monaco-button", has_text="Trust This Folder…")

    async def press() -> None:
        if not await button.is_visible():
            await about.click(timeout=TRY_MS)
        await button.click(timeout=TRY_MS)

    assert await repeat(window.page, press, window.toast(TRUST).is_visible)


def step(window: Window, title: str) -> Locator:
    """A step of the walkthrough."""
    return window.page.locator(".getting-started-step", has_text=title)


def is_done(window: Window, title: str) -> Locator:
    """The tick of a step; not there while it is not done."""
    return step(window, title).locator(".codicon[role=checkbox][aria-checked=true]")


async def take_ghost_text(window: Window, file: Path) -> None:
    """Take a suggestion with the Tab key."""
    await window.open_file("shop/basket.py")
    await window.watch_keys()
    await window.type_at_the_end("\n    def item_count(self) -> int:\n")
    await expect(window.ghost_line).to_contain_text("for line in self.lines")
    await window.photograph("first-4-ghost-text")
    await window.page.keyboard.press("Tab")
    await window.save()
    await becomes(lambda: MINE in file.read_text("utf-8"), True)


async def chat(window: Window, model: ScriptedModel) -> None:
    """Ask a model about the code; its answer comes piece by piece, and changes nothing."""
    await window.open_file(SOURCE)
    chat = await Chat.open(window)
    await chat.ask("What is wrong here?")
    await chat.finished(ANSWERED)
    await window.photograph("first-5-chat")
    assert task_of(model.exchanges[-1].body) not in ("plan", "agent", "completion")


async def approve_the_plan(window: Window) -> None:
    """Read an agent's plan in its view, and approve it there."""
    await ask_for_the_fix(window)
    page = await plan_page(window)
    await expect(page.locator(".card")).to_contain_text("Tidy up the shop")
    await window.photograph("first-6-plan")
    await page.locator("[data-key=approve]").click()
    await window.button("Apply").wait_for()


async def review(window: Window) -> None:
    """Reject a hunk, say why, and have the rest made."""
    await expect(summary(window)).to_contain_text("2 of 2 hunks kept")
    await lens(window, "Reject").click()
    await expect(lens(window, "Rejected")).to_be_visible()
    await lens(window, "Comment…").click()
    await window.answer_input(COMMENT)
    await expect(summary(window)).to_contain_text("1 of 2 hunks kept, 1 comment")
    # Nothing says that it is done before it is.
    await expect(view(window, "Runs")).to_contain_text("A proposal waits")
    await window.photograph("first-7-review")
    await window.choose_from_title("Apply")


async def restore(window: Window) -> None:
    """Take back all of the run, from the message at its end."""
    await window.toast(AFTERWARDS).wait_for()
    await window.photograph("first-8-ended")
    await window.press_button("Restore to Before This Run", question=AFTERWARDS)
    await window.press_button("Apply", question="Undo: ")
    # The plan's page was there before, and follows what was asked for elsewhere.
    page = await plan_page(window)
    await expect(page.get_by_text("All that it changed is undone.")).to_be_visible()


async def test_where_no_machine_is_behind_the_editor_it_says_that_it_needs_one(desk: Desk) -> None:
    settings = desk.user_data / "settings.json"
    before = settings.read_text("utf-8")
    in_the_browser = {"remote.extensionKind": {"steward.steward": ["web"]}}
    settings.write_text(json.dumps(json.loads(before) | in_the_browser), "utf-8")
    try:
        window = await desk.clear(None, is_trusted=False)
        await expect(window.status).to_contain_text("Steward needs a server")
        await window.sees("Open this folder in VS Code on your machine")
        await window.photograph("browser-only")
    finally:
        settings.write_text(before, "utf-8")
        await desk.close()
