"""What can go wrong under a running VS Code: its server is killed, another window is there."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from playwright.async_api import FrameLocator, expect

from tests.editors.desk import START_S
from tests.editors.patience import repeat
from tests.editors.stories import becomes
from tests.editors.vscode import Window
from tests.editors.vscode_chat import Chat

LATER = Path(__file__).parent / "later"
"""A folder for `PYTHONPATH`, which moves the clocks of the server that finds it."""


def servers(data: Path) -> list[int]:
    """The process ids of the servers that have this data folder."""
    return [int(each.name) for each in Path("/proc").glob("[0-9]*") if _serves(each, data)]


def _serves(process: Path, data: Path) -> bool:
    try:
        told = (process / "environ").read_bytes().split(b"\0")
        line = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False  # It has ended.
    return f"STEWARD_DATA_DIR={data}".encode() in told and line[-4:-1] == [
        b"-m",
        b"steward",
        b"lsp",
    ]


async def kill_the_server(data: Path) -> None:
    """End the one server as a crash does, and wait until another one is there."""
    (pid,) = servers(data)
    os.kill(pid, signal.SIGKILL)
    await becomes(lambda: [each for each in servers(data) if each != pid] != [], True)


async def kill_until_left_off(window: Window, data: Path) -> None:
    """End each server that is started, until the client says that it starts no more."""
    said = window.toast("it is left off")
    async with asyncio.timeout(START_S):
        while not await said.is_visible():
            # One that answers: it is the ends of running servers that are counted.
            if "today" in await window.status.inner_text():
                for pid in servers(data):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.1)


async def open_chat_first(window: Window) -> Chat:
    """Open the chat where other pages come later; they stand behind it."""
    chat = await Chat.open(window)
    outer: FrameLocator = window.page.frame_locator("iframe.webview.ready").first
    chat.page = outer.frame_locator("#active-frame")
    return chat


@asynccontextmanager
async def beside(window: Window, screenshots: Path | None) -> AsyncGenerator[Window]:
    """A second window on the same folder, with a server of its own."""
    page = await window.page.context.new_page()
    try:
        other = Window(page, screenshots)
        await page.goto(window.page.url, wait_until="domcontentloaded")
        await expect(other.status).to_contain_text("today", timeout=START_S * 1000)
        yield other
    finally:
        await page.close()


async def reject_far_down(window: Window, file: str) -> None:
    """Scroll through the diff in front to a file, and reject its hunk."""
    # Those far away are not drawn, or hidden and kept for others.
    entry = window.page.locator(".multiDiffEntry:visible", has_text=file)
    reject = entry.locator(".codelens-decoration a", has_text=re.compile("^Reject$")).first

    async def drag() -> None:
        """The scroll bar, down to the end."""
        bar = await window.page.locator(".multiDiffEditor .scrollbar.vertical").last.bounding_box()
        assert bar is not None
        x, top, height = bar["x"] + bar["width"] / 2, bar["y"], bar["height"]
        await window.page.mouse.move(x, top + 5)
        await window.page.mouse.down()
        await window.page.mouse.move(x, top + height, steps=5)
        await window.page.mouse.up()

    if not await repeat(window.page, drag, reject.is_visible):
        raise AssertionError(await window.described(f"{file} did not come into view"))
    await reject.click()
