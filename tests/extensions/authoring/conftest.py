"""`steward extension new` and `test`, asked as at a shell; compiled runtimes stay for the next."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from steward.cli.answers import run
from steward.cli.main import build_parser
from tests.compiled import compile_runtimes, lay_in
from tests.environment import steward_environment

Ask = Callable[..., tuple[int, str]]


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the runtimes are compiled already; all tests share their code."""
    asyncio.run(compile_runtimes())
    folder = tmp_path_factory.mktemp("data")
    lay_in(folder)
    return folder


@pytest.fixture
def ask(
    data_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Ask:
    """Ask `steward extension` in an empty folder; gives the exit code and what was said."""
    for name, value in steward_environment(data_folder, "http://127.0.0.1:9/v1").items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def steward(*words: object) -> tuple[int, str]:
        arguments = build_parser().parse_args(["extension", *map(str, words)])
        code = run(arguments)
        said = capsys.readouterr()
        return code, said.err + said.out

    return steward
