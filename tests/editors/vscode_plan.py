"""The plan view of VS Code, as a person reads it and moves in it by keyboard."""

import asyncio

from playwright.async_api import Error, Frame

from tests.editors.stories import WITHIN_S
from tests.editors.vscode import Window


async def plan_page(window: Window) -> Frame:
    """The page of the plan, as soon as it has something to show."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            for frame in window.page.frames:
                try:
                    if await frame.locator(".plan h1").count():
                        return frame
                except Error:
                    continue  # It is being taken away, or loaded.
            await asyncio.sleep(0.1)


async def go_to_the_plan(window: Window, page: Frame) -> None:
    """Move the focus to the plan, which is in the second group, by keyboard."""
    async with asyncio.timeout(WITHIN_S):
        while not await page.evaluate("document.hasFocus()"):
            await window.page.keyboard.press("Control+2")
            await asyncio.sleep(0.1)


_STOPS = """key => {
    const stops = [...document.querySelectorAll("button, input, textarea, summary, [tabindex='0']")]
        .filter(each => !each.disabled && each.checkVisibility());
    const wanted = stops.findIndex(({ dataset }) => dataset.key === key);
    return wanted < 0 ? null : wanted - stops.indexOf(document.activeElement);
}"""
"""How many stops of the Tab key it is to a piece of the page; none while it is not there."""


async def tab_to(window: Window, page: Frame, key: str) -> None:
    """Move the focus with the Tab key to a piece of the page."""
    async with asyncio.timeout(WITHIN_S):
        while (left := await page.evaluate(_STOPS, key)) != 0:
            for _ in range(abs(left or 0)):
                await window.page.keyboard.press("Tab" if left > 0 else "Shift+Tab")


async def enter(window: Window, page: Frame, key: str) -> None:
    """Go to a button and press it, both by keyboard."""
    await tab_to(window, page, key)
    await window.page.keyboard.press("Enter")
