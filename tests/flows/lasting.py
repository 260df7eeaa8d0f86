"""One server for all stories of a module that only look at what it lists."""

import shutil
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from demo.scripted_model import ScriptedModel
from tests.client import Json, Window
from tests.environment import SAMPLE, git, steward_environment
from tests.person import Person
from tests.template import up_to_date


@asynccontextmanager
async def lasting_window(
    folder: Path, model: ScriptedModel, abilities: Json, settings: Mapping[str, Any] | None = None
) -> AsyncGenerator[Window]:
    """A window on a copy of the sample repository, closed in order at the end."""
    shutil.copytree(SAMPLE, folder / "workspace", ignore=shutil.ignore_patterns("__pycache__"))
    for arguments in (
        ("init", "--quiet", "--initial-branch=main"),
        ("config", "user.name", "Ada Tester"),
        ("config", "user.email", "ada@example.org"),
        ("add", "."),
        ("commit", "--quiet", "--message=feat: open the shop"),
    ):
        git(folder / "workspace", *arguments)
    own = {"HOME": str(folder), "STEWARD_CONFIG_DIR": str(folder / "config")}
    environment = steward_environment(folder / "data", model.url, own | dict(settings or {}))
    up_to_date(folder / "data" / "steward.db")
    window = Window(folder / "workspace", environment, abilities, Person())
    await window.start()
    try:
        yield window
    finally:
        await window.close()
