"""VS Code, each story finding it as if it were new, with the real server behind it."""

import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext

from demo.scripted_model import ScriptedModel
from tests.editors.desk import Desk, Place, open_browser, open_desk
from tests.editors.presence import Parts, find_parts
from tests.editors.telling import telling
from tests.editors.trusting import trust
from tests.editors.vscode import Window
from tests.environment import steward_environment
from tests.flows.books import Books
from tests.template import up_to_date

BOTH_TRIES_S = 300
"""How long a story in VS Code may take, its second try included."""

_FAILED = pytest.StashKey[int]()
"""How many tests had failed when the last story began."""


class OpenWindow(Protocol):
    """Begins a story with these settings of the server."""

    async def __call__(self, *, trusts: bool = True, **settings: str) -> Window:
        """The window, with Steward ready; `trusts`: the person said before that they trust it."""
        ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A story in VS Code that fails is played once more, in a new window; nothing else is."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.name.startswith("test_vscode"):
            item.add_marker(pytest.mark.flaky(reruns=1))
            item.add_marker(pytest.mark.timeout(BOTH_TRIES_S), append=False)


def _is_second(request: pytest.FixtureRequest) -> bool:
    return getattr(request.node, "execution_count", 1) > 1


@pytest.fixture(scope="session")
def parts() -> Parts:
    """The editor and the browser; without them the tests are skipped, unless that is forbidden."""
    found = find_parts()
    if isinstance(found, Parts):
        return found
    if os.environ.get("STEWARD_REQUIRE_EDITORS") == "1":
        pytest.fail(found)
    pytest.skip(found)


@pytest.fixture(scope="session")
def screenshots() -> Path | None:
    """Where pictures go, when somebody wants to look at them."""
    named = os.environ.get("STEWARD_SCREENSHOTS")
    if not named:
        return None
    folder = Path(named).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser(
    parts: Parts, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[BrowserContext]:
    """A browser for every VS Code."""
    async with open_browser(parts, tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def desk(
    parts: Parts,
    browser: BrowserContext,
    tmp_path_factory: pytest.TempPathFactory,
    screenshots: Path | None,
) -> AsyncGenerator[Desk]:
    """One running VS Code with our extension for all stories."""
    place = Place(tmp_path_factory.mktemp("desk"), parts.extensions)
    async with open_desk(parts, place, browser, screenshots) as desk:
        yield desk


@pytest_asyncio.fixture(loop_scope="session")
async def model() -> AsyncGenerator[ScriptedModel]:
    """The scripted model, on the loop that the browser lives on."""
    async with ScriptedModel() as model:
        yield model


@pytest.fixture
def folder(desk: Desk) -> Path:
    """The workspace that is open in VS Code, as it was committed."""
    return desk.workspace


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """What the story's server has written down."""
    return Books(tmp_path / "data")


@pytest.fixture
def environment(model: ScriptedModel, tmp_path: Path) -> dict[str, str]:
    """What the story's server is started with."""
    own = {"HOME": str(tmp_path), "STEWARD_CONFIG_DIR": str(tmp_path / "config")}
    up_to_date(tmp_path / "data" / "steward.db")
    return steward_environment(tmp_path / "data", model.url, own)


@pytest.fixture
def opened(desk: Desk, environment: dict[str, str], request: pytest.FixtureRequest) -> OpenWindow:
    """Clears the window for this story: `opened(STEWARD_…=…)`."""
    assert isinstance(request.node, pytest.Function)
    if not _is_second(request):
        request.node.obj = telling(request.node.obj, desk)

    async def open_with(*, trusts: bool = True, **settings: str) -> Window:
        failed = request.session.testsfailed
        is_trusted = request.config.stash.get(_FAILED, failed) == failed and not _is_second(request)
        request.config.stash[_FAILED] = failed
        window = await desk.clear(environment | settings, is_trusted=is_trusted)
        if trusts:
            await trust(Path(environment["STEWARD_DATA_DIR"]), desk.workspace)
        return window

    return open_with


@pytest_asyncio.fixture(loop_scope="session")
async def window(opened: OpenWindow) -> Window:
    """The workspace in VS Code, with Steward ready."""
    return await opened()
