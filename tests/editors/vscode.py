"""VS Code as a person has it: a window, keys, and what can be read on the screen."""

import asyncio
import contextlib
import re
from pathlib import Path

from playwright.async_api import Locator, Page, expect

SHOWN_MS = 20_000
"""How long something may take to appear on the screen."""

expect.set_options(timeout=SHOWN_MS)


class Window:
    """One VS Code window. What it does, a person could do; what it reads, a person could see."""

    def __init__(self, page: Page, screenshots: Path | None) -> None:
        self.page = page
        self._screenshots = screenshots
        page.set_default_timeout(SHOWN_MS)

    async def open_file(self, path: str) -> None:
        """Open a file of the workspace by its name."""
        name = Path(path).name
        await self.page.keyboard.press("Control+P")
        await self._fill(path)
        # The exact row: what was open before is in the list too, a proposal for instance.
        row = self.page.locator(f".quick-input-list .monaco-list-row[aria-label^='{name} ']")
        await row.first.click()
        tab = self.page.locator(f".tab.active[data-resource-name='{name}']")
        await expect(tab).to_be_visible()
        # Coloured, and so known as Python: before that, a new line is not indented as it should.
        coloured = self.page.locator(".view-line span[class*=mtk]:not(.mtk1)").first
        await expect(coloured).to_be_visible()

    async def run_command(self, title: str) -> None:
        """Run a command from the palette."""
        await self.page.keyboard.press("F1")
        await self._choose(f">{title}", row=title)

    async def answer_input(self, text: str) -> None:
        """Type into the input box that is open."""
        await (await self._fill(text)).press("Enter")

    async def type_at_the_end(self, text: str) -> None:
        """Type below the last line of the document in front."""
        await self.page.keyboard.press("Control+End")
        await self.page.keyboard.type(text)

    async def type_until(self, seen: Locator) -> None:
        """Type a letter and take it back until `seen` is there.

        A fresh editor attaches what watches the keys only when it is idle.
        """
        async with asyncio.timeout(SHOWN_MS / 1000):
            while not await seen.is_visible():
                await self.page.keyboard.press("x")
                await self.page.keyboard.press("Backspace")
                with contextlib.suppress(AssertionError):
                    await expect(seen).to_be_visible(timeout=1_000)

    async def press_button(self, title: str, *, question: str) -> None:
        """Press a button of the notification that asks `question`."""
        await self.button(title, question=question).click()

    async def choose_from_title(self, title: str) -> None:
        """Press an action in the title of the editor in front."""
        action = self.page.locator(f".editor-actions .action-label[aria-label^='{title}']")
        await action.first.click()

    async def dismiss(self, *, question: str) -> None:
        """Close the notification without an answer."""
        toast = self.page.locator(".notification-toast", has_text=question)
        await toast.hover()
        await toast.locator(".codicon-notifications-clear").click()
        await expect(toast).to_have_count(0)

    async def tick(self, file: str) -> None:
        """Tick a file in the Refactor Preview."""
        box = self.preview.filter(has_text=file).first.locator(".edit-checkbox")
        await box.click()
        await expect(box).to_be_checked()

    async def press_in_preview(self, title: str) -> None:
        """Press a button below the Refactor Preview."""
        panel = self.page.locator(".bulk-edit-panel")
        await panel.locator(".monaco-button", has_text=re.compile(f"^{title}$")).click()

    async def press_link(self, title: str) -> None:
        """Press a link above a text."""
        await self.page.locator(".codelens-decoration a", has_text=title).click()

    async def close_tab(self, name: str) -> None:
        """Close a tab with the middle button."""
        tab = self.tab(name)
        await tab.click(button="middle")
        await expect(tab).to_have_count(0)

    async def close_everything(self) -> None:
        """Close every tab and message, and give up what was not saved."""
        await self.page.keyboard.press("Escape")
        await self.page.keyboard.press("Control+K")
        await self.page.keyboard.press("Control+W")
        give_up = self.page.locator(".monaco-dialog-box .monaco-button", has_text="Don't Save")
        async with asyncio.timeout(SHOWN_MS / 1000):
            while await self.page.locator(".tab").count() > 0:
                if await give_up.is_visible():
                    await give_up.click()
                await asyncio.sleep(0.05)
        await self.run_command("Notifications: Clear All Notifications")

    async def press_in_dialog(self, title: str) -> None:
        """Press a button of the dialog that is open."""
        dialog = self.page.locator(".monaco-dialog-box")
        await dialog.locator(".monaco-button", has_text=title).click()
        await expect(dialog).to_have_count(0)

    async def undo(self) -> None:
        """Undo in the document in front."""
        await self.page.locator(".view-line").first.click()
        await self.page.keyboard.press("Control+Z")

    async def save(self) -> None:
        """Save the document in front."""
        await self.page.keyboard.press("Control+S")

    async def sees(self, text: str | re.Pattern[str]) -> None:
        """Wait until a document, a diff or a message on the screen shows `text`."""
        anywhere = self.page.locator(
            ".view-line, .notification-list-item-message, .monaco-dialog-box"
        )
        # VS Code writes a run of blanks as no-break spaces.
        await expect(anywhere.filter(has_text=text).first).to_be_visible()

    def page_text(self, text: str) -> Locator:
        """Text on the rendered page in front."""
        outer = self.page.frame_locator("iframe.webview.ready").last
        return outer.frame_locator("#active-frame").get_by_text(text).first

    def toast(self, text: str) -> Locator:
        """A notification with this text."""
        return self.page.locator(".notification-toast", has_text=text)

    def button(self, title: str, *, question: str = "") -> Locator:
        """A button of the notification that asks `question`, or of any."""
        toast = self.toast(question)
        return toast.locator(".monaco-button", has_text=re.compile(f"^{title}$"))

    def tab(self, name: str) -> Locator:
        """An open tab."""
        return self.page.locator(".tab", has_text=name)

    @property
    def preview(self) -> Locator:
        """The entries of the editor's own Refactor Preview."""
        return self.page.locator(".bulk-edit-panel .monaco-list-row")

    @property
    def ghost_text(self) -> Locator:
        """The suggestion behind the cursor."""
        return self.page.locator("[class*=ghost-text]").first

    @property
    def ghost_line(self) -> Locator:
        """The line that the suggestion would complete, suggestion included."""
        return self.page.locator(".view-line", has=self.page.locator("[class*=ghost-text]"))

    @property
    def status(self) -> Locator:
        """Steward's item on the status bar."""
        return self.page.locator("[id='steward.steward.steward.status']")

    async def photograph(self, name: str) -> None:
        """Keep a picture for a person to look at, when one wants any."""
        if self._screenshots is not None:
            await self.page.screenshot(path=self._screenshots / f"{name}.png")

    async def choose(self, row: str) -> None:
        """Choose from the list that is open."""
        await self._choose(row, row=row)

    async def _fill(self, text: str) -> Locator:
        box = self.page.locator(".quick-input-widget:visible input")
        await expect(box).to_be_focused()
        await box.fill(text)
        return box

    async def _choose(self, text: str, *, row: str) -> None:
        box = await self._fill(text)
        rows = self.page.locator(".quick-input-list .monaco-list-row.focused", has_text=row)
        await expect(rows).to_be_visible()
        await box.press("Enter")
