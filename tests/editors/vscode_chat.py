"""The chat in VS Code's side bar, as a person uses it."""

import asyncio

from playwright.async_api import FrameLocator, Locator, expect

from tests.editors.vscode import SHOWN_MS, Window


class Chat:
    """The chat's page. What it does, a person could do; what it reads, a person could see."""

    def __init__(self, window: Window) -> None:
        self._window = window
        # The only page in these stories; nothing on its frame tells it from one in a tab.
        outer = window.page.frame_locator("iframe.webview.ready")
        self.page: FrameLocator = outer.frame_locator("#active-frame")

    @classmethod
    async def open(cls, window: Window) -> "Chat":
        """Open it, and wait until something can be asked."""
        chat = cls(window)
        await window.run_command("Steward: Open Chat")
        await expect(chat.send).to_be_visible()
        return chat

    @property
    def box(self) -> Locator:
        """Where questions are written."""
        return self.page.get_by_role("textbox", name="Ask Steward")

    @property
    def send(self) -> Locator:
        """The button that sends; there only while something can be asked."""
        return self.page.get_by_role("button", name="Send")

    @property
    def stop(self) -> Locator:
        """The button that stops; there only while an answer comes."""
        return self.page.get_by_role("button", name="Stop")

    @property
    def log(self) -> Locator:
        """The conversation."""
        return self.page.get_by_role("log")

    @property
    def answers(self) -> Locator:
        """What was answered, the first answer first."""
        return self.page.get_by_role("article", name="Steward")

    @property
    def questions(self) -> Locator:
        """What was asked, the first question first."""
        return self.page.get_by_role("article", name="You")

    @property
    def chips(self) -> Locator:
        """What goes along with the next question."""
        return self.page.get_by_role("list", name="Goes along").get_by_role("listitem")

    def button(self, name: str) -> Locator:
        """A button by what it is called."""
        return self.page.get_by_role("button", name=name)

    async def ask(self, question: str) -> None:
        """Write a question and send it."""
        await self.box.fill(question)
        await self.box.press("Enter")
        await expect(self.questions.last).to_contain_text(question)

    async def mention(self, file: str) -> None:
        """Type the sign for files, and choose one."""
        rows = self._window.page.locator(".quick-input-list .monaco-list-row")
        await self.box.press("End")
        await self.box.press_sequentially("@")
        await rows.filter(has_text=file).first.click()
        await expect(self.chips.filter(has_text=file)).to_be_visible()

    async def finished(self, text: str) -> None:
        """Wait until an answer with this text is over."""
        await expect(self.answers.last).to_contain_text(text)
        async with asyncio.timeout(SHOWN_MS / 1000):
            while await self.stop.is_visible():
                await asyncio.sleep(0.05)
