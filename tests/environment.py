"""A clean environment for children: git and the server see nothing of who runs the tests."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "demo" / "sample"
SAFE_GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}
"""Git as if it had just been installed: nobody's own configuration reaches a test."""
FOREIGN = ("STEWARD_", "OPENAI_", "OTEL_", "GIT_", "XDG_")
"""What a test must not inherit from the person who runs it."""


def git(folder: Path, *arguments: str) -> str:
    """What git prints, without its last newline."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"git {arguments} failed: {done.stderr}"
    return done.stdout.rstrip("\n")


def clean_environment() -> dict[str, str]:
    """The environment without anything that would change what a test sees.

    Bytecode is kept: without it each of hundreds of servers would compile all of the source.
    """
    foreign = (*FOREIGN, "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | SAFE_GIT


def steward_environment(
    data_folder: Path, model_url: str, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The whole environment for a server process that calls this model."""
    settings = {
        "STEWARD_DATA_DIR": str(data_folder),
        "STEWARD_MODEL_URL": model_url,
        "STEWARD_MODEL": "scripted",
        "STEWARD_MODEL_PRICE": "0.15/0.60",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "server"), str(ROOT)]),
    }
    return clean_environment() | settings | dict(more or {})
