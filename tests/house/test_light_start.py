"""What is heavy is loaded when it is needed: an editor's window opens at once."""

import subprocess
import sys

import pytest

from tests.environment import clean_environment

HEAVY = ["pydantic", "sqlmodel", "sqlalchemy", "alembic", "httpx", "dbos", "git"]
PROGRAM = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*sorted(set(sys.argv[2:]) & set(sys.modules)))
"""


@pytest.mark.parametrize("module", ["steward.lsp.server", "steward.cli.main"])
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
