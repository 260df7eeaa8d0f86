"""VS Code as a person has it: a window, keys, and what can be read on the screen."""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Optional

from playwright.async_api import Locator, Page, expect

from tests.editors.patience import (
    ONCE_S,
    SEEN_S,
    SHOWN_MS,
    TRY_MS,
    Click,
    Find,
    becomes_true,
    click_arrives,
    link_click_arrives,
    none_of,
    nothing,
    repeat,
)
from tests.editors.quick_input import QuickInput
from tests.editors.screen import described

_CLOSED_MS = 500
"""How long tabs may take to close, or to ask whether they may, before they are told again."""
_IN_FRONT = ".editor-group-container.active"

_IS_IN_EDITOR = f"""() => {{
    const element = document.activeElement;
    return !!element?.closest("{_IN_FRONT} .editor-instance .monaco-editor");
}}"""

expect.set_options(timeout=SHOWN_MS)


class Window:
    """One VS Code window. What it does, a person could do; what it reads, a person could see."""

    playing: ClassVar[Optional["Window"]] = None
    """The one of the story that is being played; a failure tells what is on its screen."""

    def __init__(self, page: Page, screenshots: Path | None) -> None:
        self.page = page
        self._screenshots = screenshots
        self._box = QuickInput(page)
        self._file = ""
        page.set_default_timeout(SHOWN_MS)

    async def open_file(self, path: str) -> None:
        """Open a file of the workspace by its name, and have it in front."""
        name = Path(path).name
        # The exact row: what was open before is in the list too, a proposal for instance.
        row = self.page.locator(f".quick-input-list .monaco-list-row[aria-label^='{name} ']")

        async def open_it() -> None:
            await self._box.open("Control+P")
            await self._box.fill(path)
            await row.first.click(timeout=TRY_MS)

        await self._until(
            f"{name} did not come to the front", open_it, self._front(name).is_visible
        )
        self._file = name
        # Coloured, and so known as Python: before that, a new line is not indented as it should.
        coloured = self.page.locator(".view-line span[class*=mtk]:not(.mtk1)").first
        await expect(coloured).to_be_visible()

    async def run_command(self, title: str) -> None:
        """Run a command from the palette."""
        await self._until(
            f"could not run {title!r}",
            lambda: self._box.run(title),
            self._box.took(f">{title}"),
            within_s=ONCE_S,
        )

    async def answer_input(self, text: str) -> None:
        """Type into the input box that is open, and have it taken."""
        before: list[str] = []

        async def fill() -> None:
            nonlocal before
            box = await self._box.fill(text)
            before = await self._box.asked()
            await self._box.enter(box)

        async def is_taken() -> bool:
            # Another box may ask something else by now.
            return await self._box.asked() != before

        await self._until(f"{text!r} was not taken", fill, is_taken, within_s=ONCE_S)

    async def type_at_the_end(self, text: str) -> None:
        """Type below the last line of the document that was opened last."""
        start = ""

        async def begin() -> None:
            nonlocal start
            await self._focus_document()
            await self.page.keyboard.press("Control+End")
            beyond_the_first = self.page.get_by_role("button", name=re.compile(r"^Ln (?!1,)"))
            await expect(beyond_the_first).to_be_visible(timeout=TRY_MS)
            start = await self._position()
            await self.page.keyboard.type(text[0])

        async def has_begun() -> bool:
            return start != await self._position()

        await self._until(f"no {text[0]!r} was typed", begin, has_begun, within_s=ONCE_S)
        await self.page.keyboard.type(text[1:])
        if "\n" not in text:
            await self._type_what_is_missing(text)

    async def _type_what_is_missing(self, line: str) -> None:
        """Type on where a diff that came to the front took the keys."""
        last = self.page.locator(f"{_IN_FRONT} .view-lines > .view-line").last

        async def missing() -> str:
            shown = (await last.inner_text(timeout=TRY_MS)).replace("\u00a0", " ").strip()
            ends = range(len(line), -1, -1)
            return line[next(end for end in ends if shown.startswith(line[:end])) :]

        async def is_whole() -> bool:
            return await self._front(self._file).is_visible() and not await missing()

        async def type_on() -> None:
            if not await becomes_true(is_whole, within_s=1):
                await self._focus_document()
                await self.page.keyboard.press("Control+End")
                await self.page.keyboard.type(await missing())

        if self._file:
            await self._until(f"{line!r} was not typed", type_on, is_whole)

    async def watch_keys(self) -> None:
        """Have the editor in front watch the keys; a fresh one begins with that when it is idle."""
        await self.run_command("Trigger Inline Suggestion")

    async def press_button(self, title: str, *, question: str) -> None:
        """Press a button of the notification that asks `question`."""
        button = self.button(title, question=question).first
        await self._press(button, f"no {title!r} to press", first=self._finding(button, question))

    async def is_offered(self, title: str, *, question: str = "") -> None:
        """Wait for a button of a notification."""
        button = self.button(title, question=question).first
        told, find = f"no {title!r} was offered", self._finding(button, question)
        await self._until(told, find, button.is_visible, within_s=0.1)

    def _finding(self, button: Locator, question: str) -> Find:
        """VS Code takes a notification away after a while; it is brought back as by a person."""
        review = self.button("Review", question=question).first

        async def find() -> None:
            try:
                await expect(button.or_(review).first).to_be_visible(timeout=TRY_MS)
                if not await button.is_visible():  # Whoever writes is only told that it waits.
                    await click_arrives(review)
                    await expect(button).to_be_visible(timeout=TRY_MS)
            except AssertionError:
                await self._bring_back(button, question)

        return find

    async def described(self, what: str) -> str:
        """`what` went wrong, and what is on the screen, for whoever reads a failure."""
        return await described(self.page, what)

    async def choose_from_title(self, title: str) -> None:
        """Press an action in the title of the editor in front."""
        found = self.page.locator(f".editor-actions .action-label[aria-label^='{title}']").first
        await self._press(found, f"no {title!r} in a title")

    async def dismiss(self, *, question: str) -> None:
        """Close the notification without an answer."""
        toast = self.toast(question)
        await toast.first.wait_for()

        async def clear() -> None:
            await toast.first.hover(timeout=TRY_MS)
            await toast.first.locator(".codicon-notifications-clear").click(timeout=TRY_MS)

        await self._until(f"{question!r} was not closed", clear, none_of(toast))

    async def tick(self, file: str) -> None:
        """Tick a file in the Refactor Preview."""
        box = self.preview.filter(has_text=file).first.locator(".edit-checkbox")

        async def is_ticked() -> bool:
            return await box.is_checked(timeout=TRY_MS)

        async def click() -> None:
            if not await is_ticked():
                await box.click(timeout=TRY_MS)

        await self._until(f"{file} was not ticked", click, is_ticked)

    async def press_in_preview(self, title: str) -> None:
        """Press a button below the Refactor Preview."""
        panel = self.page.locator(".bulk-edit-panel")
        button = panel.locator(".monaco-button", has_text=re.compile(f"^{title}$"))
        await self._press(button, f"no {title!r} below the preview")

    async def press_link(self, title: str) -> None:
        """Press a link above a text."""
        link = self.page.locator(".codelens-decoration a", has_text=title)
        await self._press(link, f"no link {title!r}", by=link_click_arrives)

    async def close_tab(self, name: str) -> None:
        """Close a tab with the middle button."""
        tab = self.tab(name)
        await tab.first.wait_for()
        await self._until(
            f"{name!r} was not closed",
            lambda: tab.first.click(button="middle", timeout=TRY_MS),
            none_of(tab),
        )

    async def close_everything(self) -> None:
        """Close every tab and message, and give up what was not saved.

        The run of the story before may still go on and open another tab: that is closed as well.
        """
        give_up = self.page.locator(".monaco-dialog-box .monaco-button", has_text="Don't Save")
        closed = self.page.locator(".editor-group-watermark").first

        async def close() -> None:
            await self.page.keyboard.press("Escape")
            await self.page.keyboard.press("Control+K")
            await self.page.keyboard.press("Control+W")
            with suppress(AssertionError):
                await expect(give_up.or_(closed)).to_be_visible(timeout=_CLOSED_MS)
            if await give_up.is_visible():
                await give_up.click(timeout=TRY_MS)

        await self._until(
            "not everything was closed", close, closed.is_visible, within_s=_CLOSED_MS / 1000
        )
        self._file = ""
        await self.run_command("Notifications: Clear All Notifications")

    async def press_in_dialog(self, title: str) -> None:
        """Press a button of the dialog that is open."""
        dialog = self.page.locator(".monaco-dialog-box")
        await self._press(
            dialog.locator(".monaco-button", has_text=title), f"no {title!r} in a dialog"
        )
        await expect(dialog).to_have_count(0)

    async def undo(self) -> None:
        """Undo in the document that was opened last."""
        await self._until("the document has no cursor", self._focus_document, self._is_in_document)
        await self.page.keyboard.press("Control+Z")

    async def save(self) -> None:
        """Save the document in front, and the one that was opened last."""
        own = self.page.locator(f".tab.dirty[data-resource-name='{self._file}']")
        front = self.page.locator(f"{_IN_FRONT} .tab.active.dirty")

        async def press() -> None:
            await self.page.keyboard.press("Control+S")
            if await becomes_true(none_of(front)) and await own.count() > 0:
                # A diff has come before it.
                await own.first.click(timeout=TRY_MS)
                await self.page.keyboard.press("Control+S")

        await self._until("it was not saved", press, none_of(own.or_(front)))

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
        # A child of the text itself: further lines of a suggestion are drawn apart.
        return self.page.locator(
            ".view-lines > .view-line", has=self.page.locator("[class*=ghost-text]")
        )

    @property
    def status(self) -> Locator:
        """Steward's item on the status bar."""
        return self.page.locator("[id='steward.steward.steward.status']")

    @property
    def waiting(self) -> Locator:
        """The number of questions on the status bar; not there where none waits."""
        return self.page.locator("[id='steward.steward.steward.waiting']")

    @property
    def no_ghost_text(self) -> Locator:
        """The sign on the status bar that there is no ghost text; else not there."""
        return self.page.locator("[id='steward.steward.steward.ghost']")

    async def photograph(self, name: str) -> None:
        """Keep a picture for a person to look at, when one wants any."""
        if self._screenshots is not None:
            await self.page.screenshot(path=self._screenshots / f"{name}.png")

    async def choose(self, row: str) -> None:
        """Choose from the list that is open, and have the choice taken."""

        async def choose() -> None:
            await self._box.choose(row, row=row)

        await self._until(f"could not choose {row!r}", choose, self._box.took(row), within_s=ONCE_S)

    async def _bring_back(self, button: Locator, question: str) -> None:
        await self._box.run("Steward: Show Open Questions")
        # Where there are several, which of them is asked first.
        rows = self._box.rows(question)
        await expect(button.or_(rows).first).to_be_visible(timeout=TRY_MS)
        if await rows.first.is_visible():
            await self._box.choose(question, row=question)

    async def _press(
        self, target: Locator, trouble: str, *, first: Find = nothing, by: Click = click_arrives
    ) -> None:
        """Click until the click arrives; the editor acts on it in the same moment."""
        has_arrived = False

        async def click() -> None:
            nonlocal has_arrived
            await first()
            has_arrived = await by(target)

        async def arrived() -> bool:
            return has_arrived

        await self._until(trouble, click, arrived, within_s=0.1)

    async def _until(
        self,
        trouble: str,
        act: Callable[[], Awaitable[None]],
        done: Callable[[], Awaitable[bool]],
        *,
        within_s: float = SEEN_S,
    ) -> None:
        if not await repeat(self.page, act, done, within_s=within_s):
            raise AssertionError(await self.described(trouble))

    def _front(self, file: str) -> Locator:
        """The tab of a file, while it is the one in front."""
        return self.page.locator(f"{_IN_FRONT} .tab.active[data-resource-name='{file}']")

    async def _focus_document(self) -> None:
        """Have the keys go to the file that was opened last, or to the editor in front."""
        if self._file and not await self._front(self._file).is_visible():
            await self.page.locator(f".tab[data-resource-name='{self._file}']").first.click(
                timeout=TRY_MS
            )
        if not await self._is_in_document():
            await self.page.locator(f"{_IN_FRONT} .view-line").first.click(timeout=TRY_MS)

    async def _is_in_document(self) -> bool:
        is_in_front = not self._file or await self._front(self._file).is_visible()
        return is_in_front and await self.page.evaluate(_IS_IN_EDITOR)

    async def _position(self) -> str:
        """Where the cursor is."""
        button = self.page.get_by_role("button", name=re.compile(r"^Ln \d")).first
        return await button.inner_text(timeout=TRY_MS)
