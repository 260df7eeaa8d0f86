"""Programs that leave a mark when somebody runs them, and a repository to hide them in."""

import subprocess
from pathlib import Path

from tests.environment import clean_environment, git


def new_repository(folder: Path) -> Path:
    """A repository with one commit on main."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "user.name", "Ada Tester")
    git(folder, "config", "user.email", "ada@example.org")
    (folder / "a.py").write_text("one\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=First")
    return folder


class Traps:
    """Programs that leave a mark when somebody runs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def program(self, name: str, path: Path | None = None) -> str:
        """The path of a program that marks that it ran and passes its input on."""
        program = path or self.folder / f"{name}.sh"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\ntouch {self.folder}/ran-{name}\nexec cat\n")
        program.chmod(0o755)
        return str(program)

    def sprung(self) -> set[str]:
        """Which ran since this was last asked."""
        marks = list(self.folder.glob("ran-*"))
        for mark in marks:
            mark.unlink()
        return {mark.name.removeprefix("ran-") for mark in marks}


def loosely(folder: Path, *arguments: str) -> None:
    """Run git as it comes, whatever it answers."""
    subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
