"""One VS Code for many stories: it keeps running, and each story finds it as if it were new.

Starting VS Code costs more than most stories. So a story gets a fresh server with fresh data, the
workspace as it was committed, and no open tab or message; the window stays.
"""

import asyncio
import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import BrowserContext, async_playwright, expect

from tests.editors.presence import Parts
from tests.editors.vscode import Window
from tests.environment import SAMPLE, clean_environment, git

START_S = 60.0
"""How long VS Code may take to listen; a busy machine needs some of it."""
STOP_S = 10.0
"""How long VS Code may take to end before it is ended."""

UNWATCHED = "shop/__init__.py"
"""A file whose changes on the disk VS Code does not notice by itself."""

WHEEL = "steward-0.1.0-py3-none-any.whl"
"""What the extension would install, beside the open folder; there only where a story puts it."""

_QUIET = {
    # Of what a person has a save do to a text, the one thing that stories are about.
    "[markdown]": {"files.insertFinalNewline": True},
    "chat.disableAIFeatures": True,
    "editor.cursorBlinking": "solid",
    "editor.inlineSuggest.enabled": True,
    "editor.minimap.enabled": False,
    "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": "off",
    "extensions.ignoreRecommendations": True,
    "files.autoSave": "off",
    "files.hotExit": "off",
    "files.watcherExclude": {f"**/{UNWATCHED}": True},
    "git.enabled": False,
    "remote.autoForwardPorts": False,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "window.restoreWindows": "none",
    "workbench.enableExperiments": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}
"""Nothing on the screen but what the test is about, and nothing sent anywhere."""

_STILL = "*, *::before, *::after { animation: none !important; }"
"""Nothing turns or runs along: without a graphics card that takes a good part of a processor."""

_OFFLINE = {"EXTENSIONS_GALLERY": json.dumps({"serviceUrl": "", "resourceUrlTemplate": ""})}
"""Nowhere to look for other people's extensions."""

_BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a VS Code lives, and the extensions in it."""

    folder: Path
    extensions: Path
    restart: str = "Steward: Restart Server"
    """The command that starts the server anew."""
    ready: str = "[id='steward.steward.steward.status']:has-text('today')"
    """What is on the screen while the server is ready."""


class Desk:
    """A running VS Code, and the folder that is open in it."""

    def __init__(
        self, url: str, browser: BrowserContext, place: Place, screenshots: Path | None
    ) -> None:
        self.folder = place.folder
        self.workspace = place.folder / "workspace"
        self.user_data = place.folder / "vscode" / "User"
        self._url = url
        self._browser = browser
        self._server = place.folder / "steward"
        self._place = place
        self._screenshots = screenshots
        self.data: Path | None = None
        """The data folder of the server of the story that is being played."""
        self._window: Window | None = None

    async def clear(self, environment: Mapping[str, str] | None, *, is_trusted: bool) -> Window:
        """The window for a story whose server has this environment; `None` is no server at all.

        `is_trusted`: the last story left the window as stories do. Otherwise it is opened anew.
        """
        window = self._window
        self.data = None if environment is None else Path(environment["STEWARD_DATA_DIR"])
        if window is not None and is_trusted:
            await window.close_everything()
            self._lay_out(environment)
            await window.run_command(self._place.restart)
        else:
            await self.close()
            # Unsaved texts, which VS Code would bring back into the new window.
            shutil.rmtree(self.user_data / "Backups", ignore_errors=True)
            self._lay_out(environment)
            window = self._window = await self._open()
        Window.playing = window
        if self.data is not None:
            # The status of the server before is still on the screen until this one has begun.
            await _until_there(self.data / "windows")
            await expect(window.page.locator(self._place.ready)).to_be_visible()
        return window

    async def close(self) -> None:
        """Close the window, and with it the server of the last story."""
        if self._window is not None:
            await self._window.page.close()
            self._window = None

    def _lay_out(self, environment: Mapping[str, str] | None) -> None:
        """Put the workspace back as it was committed, and say what the server is."""
        git(self.workspace, "reset", "--quiet", "--hard", "main")
        git(self.workspace, "clean", "--quiet", "-dffx")
        for branch in branches(self.workspace):
            git(self.workspace, "branch", "--quiet", "-D", branch)
        self._server.unlink(missing_ok=True)
        if environment is not None:
            given = [f"{name}={value}" for name, value in environment.items()]
            command = shlex.join(["env", "-i", *given, sys.executable, "-m", "steward", "lsp"])
            self._server.write_text(f"#!/bin/sh\nexec {command}\n", "utf-8")
            self._server.chmod(0o700)

    async def _open(self) -> Window:
        window = Window(await self._browser.new_page(), self._screenshots)
        await self._forget(window)
        folder = f"{self._url}/?folder={self.workspace}"
        await window.page.goto(folder, wait_until="domcontentloaded")
        explorer = window.page.locator(".explorer-folders-view .monaco-list-row").first
        await expect(explorer).to_be_visible(timeout=START_S * 1000)
        await window.page.add_style_tag(content=_STILL)
        return window

    async def _forget(self, window: Window) -> None:
        """Forget unsaved texts, which VS Code keeps in the browser and would bring back."""
        devtools = await self._browser.new_cdp_session(window.page)
        kept = {"origin": self._url, "storageTypes": "indexeddb,local_storage"}
        await devtools.send("Storage.clearDataForOrigin", kept)


def branches(workspace: Path) -> list[str]:
    """The branches that Steward has made."""
    listed = git(workspace, "for-each-ref", "--format=%(refname:short)", "refs/heads/steward")
    return listed.splitlines()


@asynccontextmanager
async def open_browser(parts: Parts, profile: Path) -> AsyncGenerator[BrowserContext]:
    """A browser whose cache all stories share."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch_persistent_context(
            profile,
            executable_path=parts.browser,
            headless=True,
            args=_BROWSER_ARGUMENTS,
            viewport={"width": 1280, "height": 800},
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_desk(
    parts: Parts, place: Place, browser: BrowserContext, screenshots: Path | None
) -> AsyncGenerator[Desk]:
    """Start VS Code on a copy of the sample repository, and end it on the way out."""
    _commit_sample(place.folder / "workspace")
    async with _code_server(parts, place) as url:
        desk = Desk(url, browser, place, screenshots)
        yield desk
        await desk.close()


def _commit_sample(folder: Path) -> None:
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "user.name", "Ada Tester")
    git(folder, "config", "user.email", "ada@example.org")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=Open the shop")


async def _until_there(file: Path) -> None:
    async with asyncio.timeout(START_S):
        while not file.exists():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def _code_server(parts: Parts, place: Place) -> AsyncGenerator[str]:
    """The address of a running code-server, on a port of its own choice."""
    home = place.folder / "home"
    home.mkdir(parents=True)
    data = _write_settings(place.folder)
    log = place.folder / "code-server.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(str(parts.node), str(parts.code_server)),
            *("--bind-addr", "127.0.0.1:0", "--auth", "none"),
            *("--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"),
            *("--disable-getting-started-override", "--user-data-dir", str(data)),
            *("--extensions-dir", str(place.extensions)),
            env={**clean_environment(), **_OFFLINE, "HOME": str(home)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield await _address(log, process)
    finally:
        await _end(process)


def _write_settings(folder: Path) -> Path:
    data = folder / "vscode"
    # What names a program belongs to the machine, and is read from there only. It stays the same
    # program for all stories: a setting that changes would start the last story's server again.
    machine = {
        "steward.command": [str(folder / "steward")],
        "steward.install.wheel": str(folder / WHEEL),
    }
    for name, settings in (("User", _QUIET), ("Machine", machine)):
        (data / name).mkdir(parents=True)
        (data / name / "settings.json").write_text(json.dumps(settings), "utf-8")
    return data


async def _address(log: Path, process: asyncio.subprocess.Process) -> str:
    async with asyncio.timeout(START_S):
        while True:
            found = re.search(r"listening on (http://\S+?)/?\s", log.read_text("utf-8"))
            if found:
                return found[1]
            assert process.returncode is None, f"code-server ended: {log.read_text('utf-8')}"
            await asyncio.sleep(0.05)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End VS Code and everything that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
