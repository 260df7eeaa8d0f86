"""What is heavy is loaded when it is needed: an editor's window opens at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.client import Client
from demo.editor import STEWARD
from tests.environment import clean_environment, steward_environment

HEAVY = [
    "pydantic",
    "sqlmodel",
    "sqlalchemy",
    "alembic",
    "aiohttp",
    "dbos",
    "git",
    "tree_sitter",
    "yaml",
]
PROGRAM = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*sorted(set(sys.argv[2:]) & set(sys.modules)))
"""


@pytest.mark.parametrize("module", ["steward.cli.status", "steward.cli.complete"])
def test_what_answers_at_once_loads_no_database_layer(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, module, *(set(HEAVY) - {"pydantic"})],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@pytest.mark.parametrize("module", ["steward.lsp.server", "steward.cli.main", "steward.cli.lsp"])
def test_starting_loads_nothing_heavy(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, module, *HEAVY],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_a_window_loads_nothing_of_extensions_before_one_is_there() -> None:
    heavy = [
        "steward.extensions.running",
        "steward.extensions.payloads",
        "steward.extensions.manifest",
        "steward.extensions.packages.store",
        "steward.sandbox.wasm.worker",
        "wasmtime",
    ]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "steward.app.house", *heavy],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_initialize_is_answered_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    environment = steward_environment(tmp_path / "data", "http://127.0.0.1:9/v1")
    with Client(STEWARD, environment) as client:
        client.initialize(tmp_path.as_uri())
        loaded = Path(f"/proc/{client.pid}/maps").read_text("utf-8")
    # The compiled parts of pydantic, SQLAlchemy and the database itself.
    assert not [name for name in ("pydantic_core", "sqlalchemy", "_sqlite3") if name in loaded]
