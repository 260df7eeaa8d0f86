"""The box at the top of VS Code in which commands, files, choices and texts are given."""

from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, Page, expect

from tests.editors.patience import TRY_MS, key_arrives

_BOX = ".quick-input-widget:visible"

_HOLD = "(boxes, text) => boxes.some((box) => box.value === text)"


class QuickInput:
    """The box, one try at a time: what it is for may be over before a key arrives."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def open(self, key: str) -> None:
        """Have the box opened by a key."""
        if await self._page.locator(_BOX).is_visible():
            # What is left of a try before; this key would go to it.
            await self._page.keyboard.press("Escape")
        await self._page.keyboard.press(key)

    async def run(self, title: str) -> None:
        """Run a command from the palette."""
        await self.open("F1")
        await self.choose(f">{title}", row=title)

    async def choose(self, text: str, *, row: str) -> None:
        """Type `text`, and take the row that it leads to."""
        box = await self.fill(text)
        rows = self._page.locator(".quick-input-list .monaco-list-row.focused", has_text=row)
        await expect(rows).to_be_visible(timeout=TRY_MS)
        await self.enter(box)

    async def enter(self, box: Locator) -> None:
        """Have what is in the box taken."""
        assert await key_arrives(box, "Enter"), "the box was gone"

    async def fill(self, text: str) -> Locator:
        """The box with this text in it."""
        box = self._page.locator(f"{_BOX} input")
        await expect(box).to_be_focused(timeout=TRY_MS)
        await box.fill(text, timeout=TRY_MS)
        return box

    def rows(self, text: str) -> Locator:
        """The rows with this text."""
        return self._page.locator(".quick-input-list .monaco-list-row", has_text=text)

    def took(self, text: str) -> Callable[[], Awaitable[bool]]:
        """Whether the box with this text is gone, or is for something else already."""

        async def is_taken() -> bool:
            # At one moment: a box that goes away meanwhile would be waited for.
            box = self._page.locator(f"{_BOX} input")
            return not await box.evaluate_all(_HOLD, text)

        return is_taken

    async def asked(self) -> list[str]:
        """What the box asks for; nothing where there is none."""
        said = self._page.locator(f"{_BOX} .quick-input-title, {_BOX} .quick-input-message")
        return await said.all_inner_texts()
