"""Steward's side bar as a person uses it: its views, their rows, and what a row can do."""

import re
from contextlib import suppress

from playwright.async_api import Locator, TimeoutError, expect

from tests.editors.vscode import Window

_AGAIN_MS = 1_500
"""How long an action of a row may take to be there before the pointer goes there again."""
_SEEN_MS = 4_000
"""How long what an action leads to may take before the action is tried again."""
_TRIES = 8


async def open_side_bar(window: Window) -> None:
    """Bring Steward's views into sight."""
    icon = window.page.locator(".activitybar .action-label[aria-label^='Steward']")
    if not await view(window, "Approvals").is_visible():
        await icon.click()
    await expect(view(window, "Approvals")).to_be_visible()


def view(window: Window, name: str) -> Locator:
    """One of the views, by its name."""
    header = window.page.locator(f".pane-header[aria-label^='{name}']")
    return window.page.locator(".split-view-view .pane", has=header)


async def unfold(window: Window, name: str) -> None:
    """Open a view that is folded."""
    header = view(window, name).locator(".pane-header")
    if await header.get_attribute("aria-expanded") != "true":
        await header.click()
    await expect(header).to_have_attribute("aria-expanded", "true")


async def fold(window: Window, name: str) -> None:
    """Fold a view; what is seen of the others is more then."""
    header = view(window, name).locator(".pane-header")
    if await header.get_attribute("aria-expanded") == "true":
        await header.click()
    await expect(header).to_have_attribute("aria-expanded", "false")


def row(window: Window, name: str, text: str | re.Pattern[str]) -> Locator:
    """A row of a view."""
    return view(window, name).locator(".monaco-list-row", has_text=text).first


async def press(window: Window, wanted: Locator, title: str, *, seen: Locator) -> None:
    """Press an action of a row, which is there while the pointer is, until `seen` is there.

    A tree that is being redrawn takes the action away, and a server that is only just starting
    again takes no order: then the pointer goes there again.
    """
    action = wanted.locator(f".action-label[aria-label^='{title}']")
    for _ in range(_TRIES):
        await window.page.mouse.move(5, 5)
        with suppress(TimeoutError, AssertionError):
            await wanted.hover(timeout=_AGAIN_MS)
            await action.click(timeout=_AGAIN_MS)
            await expect(seen).to_be_visible(timeout=_SEEN_MS)
        if await seen.is_visible():
            return
    raise AssertionError(await window.described(f"{title!r} of a row came to nothing"))
