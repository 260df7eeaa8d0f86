"""In VS Code the menu names the symbol, and failed tests and commits have what they want."""

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from demo.replies import JsonObject, Reply, say
from demo.script import play
from demo.scripted_model import ScriptedModel
from tests.editors.conftest import OpenWindow
from tests.editors.stories import PLAN, becomes
from tests.editors.vscode import Window
from tests.environment import git
from tests.flows.scripts import everything_in, task_of

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

TESTS = "tests/test_basket.py"
FAILED = f"{TESTS}::BasketTest::test_delivery_is_free_from_fifty_pounds"
MESSAGE = "Sell tea by weight"
REPLACE = "replace the commit message"


def drafting(request: JsonObject) -> Reply:
    return say(MESSAGE) if task_of(request) == "chat" else play(request)


async def test_the_menu_names_the_symbol_and_a_failed_test_and_a_commit_have_what_they_want(
    opened: OpenWindow, folder: Path, model: ScriptedModel
) -> None:
    model.script = drafting
    window = await opened()
    cache = folder / ".pytest_cache" / "v" / "cache" / "lastfailed"
    cache.parent.mkdir(parents=True)
    cache.write_text(json.dumps({FAILED: True}), "utf-8")

    await window.open_file("shop/basket.py")
    await window.page.keyboard.press("Control+G")
    text = (folder / "shop/basket.py").read_text("utf-8")
    line = text[: text.index("goods = self.goods")].count("\n") + 1
    await window.answer_input(f":{line}")
    await open_menu(window, "Steward: explain `total_pence`")
    await window.photograph("actions-menu")
    await window.page.keyboard.press("Escape")
    assert model.exchanges == [], "listing asks no model"

    await window.open_file(TESTS)
    lens = window.page.locator(".codelens-decoration", has_text="Fix with Steward")
    await expect(lens).to_have_count(1)
    await lens.scroll_into_view_if_needed()
    await window.photograph("actions-lens")
    await window.press_link("Fix with Steward")
    await expect(window.toast(PLAN)).to_be_visible()
    assert FAILED in everything_in(model.exchanges[0].body)

    await write_a_commit_message(window, folder)


async def write_a_commit_message(window: Window, folder: Path) -> None:
    """The box is filled, and what is in it is replaced only when the person says so."""
    basket = folder / "shop" / "basket.py"
    basket.write_text(basket.read_text("utf-8") + "\nTEA = 1\n", "utf-8")
    git(folder, "add", "shop/basket.py")
    before = git(folder, "rev-parse", "HEAD")
    (folder / ".vscode").mkdir()
    # Off in all other stories: it looks at the repository all the time.
    (folder / ".vscode" / "settings.json").write_text('{"git.enabled": true}', "utf-8")
    await window.page.get_by_role("tab", name=re.compile("^Source Control")).click()
    box = window.page.locator(".scm-editor .view-lines")
    await expect(box).to_be_visible()
    write = window.page.locator(".action-label[aria-label^='Write Commit Message']").first
    await window.page.locator(".scm-view").first.hover()
    await window.photograph("actions-source-control")
    await write.click()
    await expect(box).to_have_text(MESSAGE)
    await window.photograph("actions-commit-message")

    await write.click()
    dialog = window.page.locator(".monaco-dialog-box", has_text=REPLACE)
    await expect(dialog).to_be_visible()
    await window.press_in_dialog("Cancel")
    await expect(box).to_have_text(MESSAGE)
    assert git(folder, "rev-parse", "HEAD") == before, "nothing is committed"
    await becomes(lambda: git(folder, "diff", "--cached", "--name-only"), "shop/basket.py")


async def open_menu(window: Window, title: str) -> None:
    """Open the light bulb's menu until it has an entry: it may be asked for a moment too early."""
    entry = window.page.locator(".action-widget .monaco-list-row", has_text=title)
    for _ in range(5):
        await window.page.keyboard.press("Control+.")
        try:
            await expect(entry).to_be_visible(timeout=4_000)
        except AssertionError:
            await window.page.keyboard.press("Escape")
        else:
            return
    raise AssertionError(await window.described(f"no {title!r} in the menu"))
