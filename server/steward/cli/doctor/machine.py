"""This machine: programs that Steward needs, versions, and servers that run."""

import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from steward import __version__
from steward.cli.doctor.finding import Finding, fault, ok, warning
from steward.web.announced import running

_GIT_LEAST = (2, 30)
_ASK_S = 5.0


def versions() -> Finding:
    """What runs here."""
    python = ".".join(map(str, sys.version_info[:3]))
    return ok(
        "versions",
        f"Steward {__version__}, Python {python}, SQLite {sqlite3.sqlite_version}, {sys.platform}",
    )


def git() -> Finding:
    """Whether git is there, and new enough."""
    program = shutil.which("git")
    why = "Agents read history, commit and open pull requests with it; `steward why` needs it."
    if program is None:
        return fault("git", "git is not installed", why, "sudo apt-get install git")
    try:
        said = subprocess.run(  # noqa: S603
            [program, "--version"], capture_output=True, text=True, timeout=_ASK_S, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        return fault("git", f"{program} cannot be run: {error}", why, f"{program} --version")
    numbers = re.search(r"(\d+)\.(\d+)", said)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < _GIT_LEAST:
        least = ".".join(map(str, _GIT_LEAST))
        what = f"{said or program}; {least} or newer is needed"
        return warning("git", what, why, "sudo apt-get install --only-upgrade git")
    return ok("git", said)


def server(data_dir: Path) -> Finding:
    """Whether `steward serve` runs with this data folder."""
    found = running(data_dir)
    if found is None:
        return ok("server", "none runs with this data folder; `steward serve` starts one")
    return ok("server", f"{found.address} (process {found.pid})")
