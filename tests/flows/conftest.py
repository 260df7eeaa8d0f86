"""Windows for the stories: each test has a data folder, a workspace and a model of its own."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from tests.client import OURS, Json, Window
from tests.environment import steward_environment
from tests.flows.books import Books
from tests.forked import Zygote
from tests.person import Person
from tests.template import up_to_date

OpenWindow = Callable[..., Awaitable[Window]]
"""`await open_window(abilities, person=…, folder=…, has_folder=…, is_forked=…, **settings)`."""


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """Where the servers of this test keep their data."""
    return tmp_path / "data"


@pytest.fixture
def books(data_folder: Path) -> Books:
    """What the servers of this test have written down."""
    return Books(data_folder)


@pytest.fixture
async def open_window(
    workspace: Path,
    data_folder: Path,
    tmp_path: Path,
    scripted_model: ScriptedModel,
    zygote: Zygote,
) -> AsyncGenerator[OpenWindow]:
    """Open windows; every one that still lives is closed in order when the test is over."""
    opened: list[Window] = []
    own = {
        "STEWARD_COMPLETION__WAIT": "PT0S",
        # Calls that come by themselves would make the counts of others' stories a matter of time.
        "STEWARD_COMPLETION__SPECULATIVE": "false",
        "STEWARD_CONFIG_DIR": str(tmp_path / "config"),
        "HOME": str(tmp_path / "home"),
    }

    async def open_one(
        abilities: Json = OURS,
        *,
        person: Person | None = None,
        folder: Path = workspace,
        has_folder: bool = True,
        is_forked: bool = True,
        **settings: str,
    ) -> Window:
        environment = steward_environment(data_folder, scripted_model.url, own | settings)
        if "STEWARD_DATABASE" not in settings:
            up_to_date(data_folder / "steward.db")
        window = Window(folder, environment, abilities, person or Person())
        if is_forked:
            window.zygote = zygote
        opened.append(window)
        await window.start(has_folder=has_folder)
        return window

    yield open_one
    for window in opened:
        await window.close()
