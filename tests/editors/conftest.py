"""A VS Code of one's own for every test, with the real server and the scripted model behind it."""

import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from tests.editors.presence import Parts, find_parts
from tests.editors.vscode import Session, Window, open_window
from tests.environment import steward_environment

SERVER = (sys.executable, "-m", "steward", "lsp")

OpenWindow = Callable[[Sequence[str]], Awaitable[Window]]


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


@pytest.fixture
async def opened(
    parts: Parts,
    workspace: Path,
    tmp_path: Path,
    scripted_model: ScriptedModel,
    screenshots: Path | None,
) -> AsyncGenerator[OpenWindow]:
    """Opens the workspace in VS Code with this command as its server."""
    async with AsyncExitStack() as open_things:

        async def open_with(command: Sequence[str]) -> Window:
            environment = steward_environment(tmp_path / "data", scripted_model.url)
            session = Session(tmp_path / "editor", workspace, environment, command)
            window = open_window(parts, session, screenshots)
            return await open_things.enter_async_context(window)

        yield open_with


@pytest.fixture
async def window(opened: OpenWindow) -> Window:
    """The workspace in VS Code, with Steward ready."""
    window = await opened(SERVER)
    await window.is_ready()
    return window
