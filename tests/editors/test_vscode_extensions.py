"""In VS Code other people's code is installed after a yes, does what it may, and is stopped."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.async_api import FrameLocator, TimeoutError, expect

from tests.editors.conftest import OpenWindow
from tests.editors.notes_extension import NAME, NOTE, REMARK, package
from tests.editors.patience import TRY_MS, repeat
from tests.editors.stories import becomes
from tests.editors.vscode import Window
from tests.editors.vscode_trees import fold, open_side_bar, press, row, unfold
from tests.flows.extension_world import ready

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

ASKED = "Install the extension Notes 1.0.0?"
RUN = "Steward: Run Extension Command…"
DELIVERY = "shop/delivery.py"
_TRIES = 10


async def install(window: Window, file: Path) -> None:
    """Choose the package, read what it may do, and say yes."""
    await window.run_command("Steward: Install Extension…")
    await window.choose("A package…")
    await choose_file(window, file)
    await window.sees("To take notes out.")
    await window.photograph("extension-asked")
    await window.press_button("Allow it", question=ASKED)


async def choose_file(window: Window, file: Path) -> None:
    """Choose it in the dialog for files, which may still be on its way to another folder."""
    box = window.page.locator(".quick-input-widget:visible input")
    found = window.page.locator(".quick-input-list .monaco-list-row", has_text=file.name)
    for _ in range(_TRIES):
        await box.fill(f"{file.parent}/")
        with suppress(TimeoutError):
            await found.click(timeout=TRY_MS)
            return
    raise AssertionError(await window.described(f"{file.name} was not chosen"))


async def test_an_extension_is_installed_after_a_yes_and_remarks_and_changes_what_it_may(
    opened: OpenWindow, folder: Path, tmp_path: Path
) -> None:
    await ready(tmp_path / "data")
    window = await opened()
    await install(window, package(tmp_path))
    await open_side_bar(window)
    await expect_in_palette(window)

    await window.open_file(DELIVERY)
    before = (folder / DELIVERY).read_text("utf-8")
    await window.type_at_the_end(NOTE)
    await window.save()
    squiggle = window.page.locator(".squiggly-warning")
    await expect(squiggle.first).to_be_visible()
    await window.run_command("Go to Next Problem")
    await expect(window.page.locator(".marker-widget")).to_contain_text(REMARK)
    await window.photograph("extension-remark")

    await right_click(window, "Steward Extensions…")
    await window.choose("Take the Notes Out Here")
    await window.is_offered("Apply")
    await window.photograph("extension-proposal")
    assert NOTE in (folder / DELIVERY).read_text("utf-8"), "nothing changes before the yes"
    await window.press_button("Apply", question="Take the notes out")
    await becomes(lambda: (folder / DELIVERY).read_text("utf-8"), before)


async def expect_in_palette(window: Window) -> None:
    """Its commands are offered by their titles, where they make sense."""
    await window.run_command(RUN)
    rows = window.page.locator(".quick-input-list .monaco-list-row")
    await expect(rows.filter(has_text="Count Notes")).to_be_visible()
    await expect(rows.filter(has_text="Take Notes Out")).to_have_count(0)
    await window.photograph("extension-commands")
    await window.page.keyboard.press("Escape")


async def right_click(window: Window, title: str) -> None:
    """Choose an entry of the menu of a right click, by keyboard: the text may still be moving."""
    entry = window.page.locator(".monaco-menu .action-label", has_text=title)

    async def choose() -> None:
        await window.page.keyboard.press("Escape")
        await window.page.keyboard.press("Shift+F10")
        await expect(entry).to_be_visible(timeout=TRY_MS)
        await window.photograph("extension-right-click")
        # A menu takes no click in its first moment, lest the click that opened it chooses.
        await entry.hover(timeout=TRY_MS)
        await window.page.keyboard.press("Enter")

    offered = window.page.locator(".quick-input-widget:visible")
    if not await repeat(window.page, choose, offered.is_visible, within_s=TRY_MS / 1000):
        pytest.fail(await window.described(f"{title!r} came to nothing"))


async def test_a_panel_leads_on_a_grant_is_taken_back_and_what_goes_wrong_is_stopped_and_comes_back(
    opened: OpenWindow, folder: Path, tmp_path: Path
) -> None:
    await ready(tmp_path / "data")
    window = await opened()
    (folder / DELIVERY).write_text(f"{NOTE}\n", "utf-8")
    await install(window, package(tmp_path))
    await open_side_bar(window)
    for name in ("Chat", "Approvals", "Runs"):
        await fold(window, name)
    await unfold(window, "Extensions")
    await row(window, "Extensions", NAME).click()
    await row(window, "Extensions", "Count Notes").click()
    await look_at_the_panel(window)
    await take_a_grant_back(window)
    await stop_and_bring_back(window)


async def look_at_the_panel(window: Window) -> None:
    """What it shows is ours to draw, and leads to the file."""
    page = panel(window)
    await expect(page.get_by_text("From the extension Notes (acme.notes)")).to_be_visible()
    astray = "[out](../out.py), [web](https://a.example), <b>no tag</b>."
    await expect(page.get_by_text(astray)).to_be_visible()
    await expect(page.get_by_role("img", name="waiting: 1 values from 1 to 1")).to_be_visible()
    await window.photograph("extension-panel")
    await page.get_by_role("button", name=NOTE).click()
    await expect(window.tab("delivery.py")).to_be_visible()


async def take_a_grant_back(window: Window) -> None:
    """What was allowed holds no more from the next call on, and is allowed again after a yes."""
    reads = row(window, "Extensions", re.compile(r"^\W*read files of the workspace"))
    refused = row(window, "Extensions", "not allowed · only shop/**")
    await press(window, reads, "Take Back", seen=refused)
    await row(window, "Extensions", "Count Notes").click()
    await expect(window.toast("files.read").first).to_be_visible()
    await window.photograph("extension-refused")
    await window.run_command("Notifications: Clear All Notifications")
    asked = window.toast("May the extension Notes 1.0.0 do this?")
    await press(window, reads, "Allow", seen=asked)
    await window.press_button("Allow it", question="May the extension Notes")
    await expect(refused).to_have_count(0)


async def stop_and_bring_back(window: Window) -> None:
    """After five faults it is left out with a report, and a press brings it back."""
    stopped = row(window, "Extensions", "Stopped after faults")
    spin = row(window, "Extensions", re.compile(r"^\W*Spin"))
    for _ in range(5):
        await window.run_command("Notifications: Clear All Notifications")
        await spin.click()
        await expect(window.toast("Notes").first).to_be_visible()
    await expect(stopped).to_be_visible()
    await window.photograph("extension-stopped")
    await press(window, stopped, "Enable Again", seen=spin)
    await expect(stopped).to_have_count(0)


def panel(window: Window) -> FrameLocator:
    """The page of the panel."""
    outer = window.page.frame_locator("iframe.webview.ready").last
    return outer.frame_locator("#active-frame")
