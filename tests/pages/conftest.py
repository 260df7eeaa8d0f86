"""Pages in a real browser: one browser and one filled house for all of them."""

import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from demo.scripted_model import ScriptedModel
from tests.editors.presence import BROWSERS
from tests.forked import Zygote
from tests.pages.house import WITHIN_S, Steward, fill, open_house
from tests.pages.looking import AXE, Look, new_look

_BROWSER_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@dataclass(frozen=True, slots=True)
class Site:
    """A server, and what opens it."""

    url: str
    house: Steward
    cookies: dict[str, str]
    """What a browser keeps that is signed in as the owner."""


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser; without it or axe the tests are skipped, unless that is forbidden."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is not None and AXE.exists():
        return found
    reason = "there is no Chromium, or no axe to look with; 'make editors' installs both"
    if os.environ.get("STEWARD_REQUIRE_EDITORS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser(chromium: str) -> AsyncGenerator[Browser]:
    """One browser for every page."""
    expect.set_options(timeout=1000 * WITHIN_S)  # The machine may have much else to do.
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, headless=True, args=_BROWSER_ARGUMENTS
        )
        try:
            yield browser
        finally:
            await browser.close()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def filled(
    zygote: Zygote, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Steward]:
    """A house in which people have worked, and in which a question waits."""
    async with ScriptedModel() as model:
        house = await open_house(tmp_path_factory.mktemp("filled"), model.url, zygote)
        window = await fill(house, model)
        yield house
        await window.kill()


@pytest_asyncio.fixture(loop_scope="session")
async def site(filled: Steward, tmp_path: Path) -> AsyncGenerator[Site]:
    """A server on a copy of the filled house, for a story that changes something."""
    house = filled.copy(tmp_path / "data")
    async with served(house) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def shown(filled: Steward, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Site]:
    """A server on a copy of the filled house, for tests that only look."""
    house = filled.copy(tmp_path_factory.mktemp("shown") / "data")
    async with served(house) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def bare(zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Site]:
    """A server in a house where nobody has done anything."""
    house = await open_house(tmp_path_factory.mktemp("bare"), "http://127.0.0.1:9/v1", zygote)
    async with served(house) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def fresh(zygote: Zygote, tmp_path: Path) -> AsyncGenerator[Site]:
    """A server of its own in a house where nobody has done anything, with a model that answers."""
    async with (
        ScriptedModel() as model,
        served(await open_house(tmp_path, model.url, zygote)) as site,
    ):
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def look(browser: Browser, shown: Site) -> AsyncGenerator[Look]:
    """Somebody who looks at the filled house."""
    async for each in _looking(browser, shown):
        yield each


@pytest_asyncio.fixture(loop_scope="session")
async def look_at_bare(browser: Browser, bare: Site) -> AsyncGenerator[Look]:
    """Somebody who looks at the house where nobody has done anything."""
    async for each in _looking(browser, bare):
        yield each


@asynccontextmanager
async def served(house: Steward) -> AsyncGenerator[Site]:
    """A server on a house, and the owner's way in."""
    async with house.serving() as url, httpx.AsyncClient(timeout=WITHIN_S) as client:
        link = (await house.run("open", "--print")).strip().partition("#")[2]
        form, own = {"link": link}, {"Origin": url}
        came = await client.post(f"{url}/sign-in/link", data=form, headers=own)
        assert came.status_code == 303, came.text
        yield Site(url, house, dict(client.cookies))


async def _looking(browser: Browser, site: Site) -> AsyncGenerator[Look]:
    async with new_look(browser, site.url, site.cookies) as look:
        yield look
