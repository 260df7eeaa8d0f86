"""What every test shares: nothing may block the loop, a scripted model, and a repository to fix."""

import shutil
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import pytest
from blockbuster import BlockBuster
from hypothesis import settings
from xdist.scheduler.loadscope import LoadScopeScheduling

from demo.scripted_model import ScriptedModel
from tests.environment import SAMPLE, git
from tests.forked import Zygote, running_zygote
from tests.places import Place
from tests.postgresql_server import PostgresqlServer, bare_database, lent_database, running_server
from tests.template import up_to_date

# No test is timed: on a busy machine the first example of many takes long.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate", action="store_true", help="rewrite generated files instead of checking them"
    )


def pytest_configure(config: pytest.Config) -> None:
    """A story that passes only when it is played again still shows how it failed at first."""
    # Here, as whoever gathers the reports of several workers reads no other folder's settings.
    config.option.rerun_show_tracebacks = True


class _Scheduling(LoadScopeScheduling):
    """Every test goes to whichever worker is free, but for those that share something dear.

    It is one VS Code, one process of litellm's, one filled house, or one team's servers: one worker
    plays them all.
    """

    def _split_scope(self, nodeid: str) -> str:
        for shared in ("/test_vscode", "/test_worker_calls", "/test_team_servers", "tests/pages/"):
            if shared in nodeid:
                return shared
        return nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return _Scheduling(config, log)


@pytest.fixture(autouse=True)
def no_blocking() -> Generator[None]:
    """Fail any test in which our code blocks the event loop."""
    detector = BlockBuster(scanned_modules=["steward"])
    detector.activate()
    yield
    detector.deactivate()


@pytest.fixture(scope="session")
def zygote() -> Generator[Zygote]:
    """What forks the servers of this process's stories."""
    with running_zygote() as zygote:
        yield zygote


@pytest.fixture(scope="session")
def postgresql_server() -> Generator[PostgresqlServer]:
    """One server for all tests of this process; most want a `place` on it."""
    with running_server() as server:
        yield server


@pytest.fixture
def postgresql(postgresql_server: PostgresqlServer) -> Generator[str]:
    """The URL of an empty database on PostgreSQL, up to date."""
    with lent_database(postgresql_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty database of today's shape; a test that takes it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return up_to_date(tmp_path / "steward.db")
    return request.getfixturevalue("postgresql")


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Place]:
    """A place where nothing was ever opened, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield tmp_path / "steward.db"
        return
    yield request.getfixturevalue("bare_postgresql")


@pytest.fixture
def bare_postgresql(postgresql_server: PostgresqlServer) -> Generator[str]:
    """A PostgreSQL database in which nothing was ever opened."""
    with bare_database(postgresql_server) as url:
        yield url


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
