"""Ghost text in VS Code: taken in parts, around what stands behind the cursor, off, and why."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from demo.replies import always, say
from demo.scripted_model import ScriptedModel
from tests.editors.conftest import OpenWindow
from tests.editors.patience import repeat
from tests.editors.stories import becomes
from tests.editors.vscode import Window

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

TYPED = "\n    def item_count(self) -> int:\n"
LOOP = """\
total = 0
        for line in self.lines:
            total += line.quantity
        return total"""


async def test_ghost_text_is_typed_along_and_taken_in_parts_for_one_call_and_none_after_backspace(
    opened: OpenWindow, folder: Path, model: ScriptedModel
) -> None:
    model.script = always(say(LOOP))
    window = await opened(STEWARD_COMPLETION__SPECULATIVE="false")
    await window.open_file("shop/basket.py")
    await window.watch_keys()
    await window.type_at_the_end(TYPED)
    await expect(window.ghost_text).to_be_visible()
    await window.photograph("ghost-text-several-lines")
    asked = len(model.exchanges)

    await window.page.keyboard.type("to")
    await expect(window.ghost_line).to_contain_text(_line("total = 0"))
    await window.page.keyboard.press("Control+ArrowRight")
    await _stands(window, "total")
    await expect(window.ghost_line).to_contain_text(_line("total = 0"))
    await window.photograph("ghost-text-word-taken")
    await window.page.keyboard.press("Control+ArrowDown")
    await _stands(window, "total = 0")
    await window.photograph("ghost-text-line-taken")
    await window.page.keyboard.press("Control+ArrowDown")
    await _stands(window, "for line in self.lines:")
    await window.page.keyboard.press("Control+ArrowDown")
    await _stands(window, "total += line.quantity")
    await expect(window.ghost_line).to_contain_text("return")
    await window.page.keyboard.press("Control+ArrowDown")
    await window.save()

    written = folder / "shop/basket.py"
    await becomes(lambda: written.read_text("utf-8").endswith(f"int:\n        {LOOP}"), True)
    assert len(model.exchanges) == asked

    await _delete_a_character(window, "basket.py")
    await window.run_command("Steward: Why Is There No Suggestion?")
    await window.sees("Something was just deleted")
    assert len(model.exchanges) == asked


async def _delete_a_character(window: Window, file: str) -> None:
    """Press Backspace, until it is seen."""
    changed = window.page.locator(f".tab.dirty[data-resource-name='{file}']")
    assert await repeat(
        window.page, lambda: window.page.keyboard.press("Backspace"), changed.is_visible
    )


async def _stands(window: Window, line: str) -> None:
    """Wait until this stands in the document, whatever ghost text is drawn behind it."""
    own = window.page.locator(".view-line").filter(has_text=_line(line))
    await expect(own.first).to_be_visible()


def _line(text: str) -> re.Pattern[str]:
    """A line that begins with this; VS Code draws some of its blanks as no-break spaces."""
    return re.compile(r"^\s*" + r"\s".join(map(re.escape, text.split())))


async def test_ghost_text_goes_through_the_bracket_that_the_editor_closed(
    window: Window, folder: Path, model: ScriptedModel
) -> None:
    model.script = always(say("self.goods_pence(), 0) + 1"))
    await window.open_file("shop/basket.py")
    await window.watch_keys()
    await window.type_at_the_end("\nLEAST = max(")
    await expect(window.ghost_line).to_contain_text(_line("LEAST = max(self.goods_pence(), 0) + 1"))
    await window.photograph("ghost-text-around")

    await window.page.keyboard.press("Tab")
    await window.save()

    line = "\nLEAST = max(self.goods_pence(), 0) + 1"
    await becomes(lambda: (folder / "shop/basket.py").read_text("utf-8").endswith(line), True)


async def test_ghost_text_is_switched_off_for_a_language_in_the_editor_which_says_why_there_is_none(
    window: Window, model: ScriptedModel
) -> None:
    tooltip = window.page.get_by_role("tooltip")
    await window.open_file("shop/basket.py")
    await window.run_command("Steward: Switch Ghost Text On or Off…")
    await window.photograph("ghost-text-switches")
    await window.choose("Switch Off for python")
    await window.watch_keys()
    await window.type_at_the_end(TYPED)
    await expect(window.no_ghost_text).to_be_visible()
    await window.no_ghost_text.hover()
    await expect(tooltip).to_contain_text("No ghost text: You switched ghost text off in python")
    await window.photograph("ghost-text-off")

    await window.run_command("Steward: Why Is There No Suggestion?")

    await window.sees("You switched ghost text off in python")
    await window.photograph("ghost-text-why")
    assert model.exchanges == []
    await window.page.locator(".view-line").last.hover()  # The tooltip lies on the button.
    await window.press_button("Switch On…", question="You switched ghost text off")
    await window.choose("Switch On for python")
    await window.watch_keys()
    await expect(window.ghost_line).to_contain_text("for line in self.lines")
    await expect(window.no_ghost_text).to_have_count(0)
