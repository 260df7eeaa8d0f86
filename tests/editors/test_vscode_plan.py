"""Plans in VS Code: changed in place by keyboard, asked about again, followed to their end."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Frame, expect

from demo.replies import JsonObject, Reply, Script, call, say
from demo.script import SOURCE
from demo.scripted_model import ScriptedModel
from tests.editors.stories import PLAN, ask_for_the_fix, becomes
from tests.editors.vscode import Window
from tests.editors.vscode_plan import enter, go_to_the_plan, plan_page, tab_to
from tests.environment import git
from tests.flows.books import Books
from tests.flows.scripts import EDIT, after_plan, everything_in, task_of

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

HOSTILE = "<img src=x onerror=alert(1)> **bold** ab\u202ecd"
STEPS = [
    {"title": "Look for the mistake", "tool": "search", "detail": HOSTILE},
    {"title": "Correct it", "tool": "edit_file", "files": ["shop/*"]},
    {"title": "Read the basket", "tool": "read_file", "files": [SOURCE]},
]
PLANNED = {"summary": "Find what is wrong and correct it.", "steps": STEPS}
READ = call("read_file", path=SOURCE)


def script_of(*turns: Reply, questions: tuple[str, ...] = ()) -> Script:
    """The plan of this story, then these answers."""
    acting = after_plan(*turns)
    plan = json.dumps({**PLANNED, "questions": questions})

    def script(request: JsonObject) -> Reply:
        return say(plan) if task_of(request) == "plan" else acting(request)

    return script


PRESS_THE_YES_AT_ONCE = """() => {
    globalThis.pressed = 0;
    new MutationObserver(() => {
        const yes = document.querySelector("[data-key=approve]");
        if (yes && pressed === 0) {
            pressed = 1;
            yes.click();
        }
    }).observe(document.body, { childList: true, subtree: true });
}"""
"""Presses it as soon as it comes, once: a double click on what stood there before does so, too."""


async def send_it_and_press_on(window: Window, page: Frame) -> None:
    """Send the changed plan, and press the yes that comes in its place before it can be read."""
    await page.evaluate(PRESS_THE_YES_AT_ONCE)
    await enter(window, page, "send")
    await expect(page.locator("[data-key=approve]")).to_be_enabled()
    assert await page.evaluate("pressed") == 1


async def change_by_keyboard(window: Window, page: Frame) -> None:
    """Put the last step first, remove the search, and reword the correction."""
    await go_to_the_plan(window, page)
    await tab_to(window, page, "card-2")
    await window.page.keyboard.press("Alt+ArrowUp")
    await window.page.keyboard.press("Alt+ArrowUp")
    await expect(page.locator(".card h2").first).to_contain_text("Read the basket")
    await enter(window, page, "remove-0")
    await enter(window, page, "edit-1")
    # Not Control+A: VS Code carries that out by itself, at some time.
    await window.page.keyboard.press("Home")
    await window.page.keyboard.press("Shift+End")
    await window.page.keyboard.type("Correct the sum")


async def test_a_plan_is_changed_by_keyboard_asked_about_again_and_followed_to_its_undo(
    window: Window, folder: Path, model: ScriptedModel, books: Books
) -> None:
    model.script = script_of(READ, EDIT)
    await ask_for_the_fix(window)
    page = await plan_page(window)
    await expect(page.locator(".card")).to_have_count(3)
    # It came without the focus: what the person types goes where they typed before.
    assert not await page.evaluate("document.hasFocus()")
    await expect(page.get_by_text("⟨U+202E⟩")).to_be_visible()
    assert await page.locator(".plan img").count() == 0
    await window.photograph("plan-asked")

    await change_by_keyboard(window, page)
    await window.photograph("plan-changed")
    # What is said elsewhere must not pass over what is being changed here.
    await window.press_button("Approve plan", question=PLAN)
    await expect(window.toast("you have changed this plan")).to_be_visible()
    await becomes(books.answers, [("plan", "pending")])
    await send_it_and_press_on(window, page)
    await becomes(books.answers, [("plan", "rejected"), ("plan", "pending")])
    titles = await page.locator(".card h2").all_inner_texts()
    assert titles == ["1Read the basket", "2Correct the sum"]
    await enter(window, page, "stepByStep")
    await expect(page.locator(".card.working")).to_contain_text("Correct the sum")
    await window.photograph("plan-working")
    assert "Correct the sum" in everything_in(model.exchanges[-1].body)
    await window.press_button("Allow once", question=SOURCE)
    await window.press_button("Apply", question=f"Edit {SOURCE}")

    await window.tab(PLAN).click()
    page = await plan_page(window)
    await expect(page.locator(".card.done")).to_have_count(2)
    await expect(page.locator(".ending")).to_contain_text(SOURCE)
    await window.photograph("plan-ended")
    await go_to_the_plan(window, page)
    await enter(window, page, "trace-1-summary")
    await enter(window, page, "step-tool-1-0")
    await expect(window.page_text("Came back")).to_be_visible()
    await window.photograph("plan-trace")
    await window.tab(PLAN).click()
    page = await plan_page(window)
    await go_to_the_plan(window, page)
    await enter(window, page, "undo")
    await window.press_button("Apply", question="Undo")
    await becomes(lambda: git(folder, "status", "--porcelain"), "")


async def test_a_plan_outlives_its_page_and_its_server_and_its_questions_are_answered(
    window: Window, model: ScriptedModel, books: Books
) -> None:
    model.script = script_of(questions=("May the price change?",))
    await ask_for_the_fix(window)
    await plan_page(window)
    await window.close_tab(PLAN)
    await becomes(books.answers, [("plan", "pending")])
    await window.run_command("Steward: Show Open Questions")
    page = await plan_page(window)

    await page.locator("[data-key=remove-0]").click()
    await expect(page.locator("[data-key=send]")).to_be_visible()
    await window.run_command("Steward: Restart Server")
    await expect(page.locator(".notice")).to_contain_text("not running")
    await window.photograph("plan-server-gone")
    # The question is back, and with it what the person had made of the plan.
    await expect(page.locator(".notice")).to_have_count(0)
    await expect(page.locator("[data-key=send]")).to_be_visible()
    await expect(page.locator(".card")).to_have_count(2)

    await page.locator("[data-key=reset]").click()
    await page.locator("#reason").fill("No, only the sum.")
    await window.photograph("plan-questions")
    await page.locator("[data-key=reject]").click()
    await becomes(lambda: "No, only the sum." in everything_in(model.exchanges[-1].body), True)
    await becomes(books.answers, [("plan", "rejected"), ("plan", "pending")])
