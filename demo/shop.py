"""The sample repository: a copy to play in, and what is true of it."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SAMPLE = Path(__file__).parent / "sample"


@dataclass(frozen=True, slots=True)
class Shop:
    """A copy of the sample repository, with a history of one commit."""

    folder: Path

    def git(self, *arguments: str) -> str:
        """What git prints. The person's own configuration is left out of the play."""
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if name[:4] != "GIT_"} | quiet,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout.rstrip("\n")

    def tests(self) -> tuple[bool, str]:
        """Whether the tests pass, and what they print."""
        done = subprocess.run(
            [sys.executable, "-B", "-m", "unittest"],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode == 0, done.stderr

    def state(self) -> str:
        """What is checked out: branch, commit, and what is staged."""
        return "\n".join(
            [
                self.git("symbolic-ref", "HEAD"),
                self.git("rev-parse", "HEAD"),
                self.git("diff", "--cached"),
            ]
        )

    def branches(self) -> list[str]:
        """The branches that Steward made."""
        found = self.git("for-each-ref", "--format=%(refname:short)", "refs/heads/steward")
        return found.splitlines()


def open_shop(folder: Path) -> Shop:
    """Copy the sample to `folder` and commit it."""
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shop = Shop(folder)
    shop.git("init", "--quiet", "--initial-branch=main")
    shop.git("config", "user.name", "Steward's play")
    shop.git("config", "user.email", "play@example.org")
    shop.git("add", ".")
    shop.git("commit", "--quiet", "--message=Open the shop")
    return shop
