"""How the command starts, and what it says when it cannot."""

import subprocess
import sys
from pathlib import Path

from tests.environment import steward_environment

NO_MODEL = "http://127.0.0.1:9/v1"


def steward(folder: Path, *words: str, stdout: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "steward", *words],
        env=steward_environment(folder / "data", NO_MODEL),
        input="",
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
        check=False,
    )


def test_an_editor_that_says_stdio_is_served(tmp_path: Path) -> None:
    ended = steward(tmp_path, "lsp", "--stdio", stdout=subprocess.PIPE)
    # Nobody sent "shutdown" before leaving, which the protocol answers with 1.
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "")


def test_a_file_in_place_of_a_pipe_is_explained(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as file:
        ended = steward(tmp_path, "lsp", stdout=file.fileno())
    assert ended.returncode == 2
    assert "Let an editor start it" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_version_is_told(tmp_path: Path) -> None:
    assert steward(tmp_path, "--version", stdout=subprocess.PIPE).stdout.startswith("steward ")
