"""What every test shares: nothing may block the loop, a scripted model, and a repository to fix."""

import shutil
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import pytest
from blockbuster import BlockBuster
from xdist.scheduler.loadscope import LoadScopeScheduling

from demo.scripted_model import ScriptedModel
from tests.environment import SAMPLE, git


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate", action="store_true", help="rewrite generated files instead of checking them"
    )


class _Scheduling(LoadScopeScheduling):
    """Every test goes to whichever worker is free, but for the stories in VS Code.

    They share one, so one worker plays them all; it begins with them.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "VS Code" if "/test_vscode" in nodeid else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return _Scheduling(config, log)


@pytest.fixture(autouse=True)
def no_blocking() -> Generator[None]:
    """Fail any test in which our code blocks the event loop."""
    detector = BlockBuster(scanned_modules=["steward"])
    detector.activate()
    yield
    detector.deactivate()


@pytest.fixture
async def scripted_model() -> AsyncGenerator[ScriptedModel]:
    """The scripted model with the demo's script; set `script` for another."""
    async with ScriptedModel() as model:
        yield model


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A copy of the sample repository with one commit on `main`."""
    folder = tmp_path / "workspace"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "user.name", "Ada Tester")
    git(folder, "config", "user.email", "ada@example.org")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=Open the shop")
    return folder
