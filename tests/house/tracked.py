"""The files of the repository: what git tracks, and nothing that only lies about."""

import functools
import subprocess
from pathlib import Path

from tests.environment import ROOT


@functools.cache
def tracked(*suffixes: str) -> tuple[Path, ...]:
    """Tracked files that still exist, sorted; with suffixes, only those that end so."""
    listed = subprocess.run(
        # The checkout may belong to somebody else, as in a container.
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    files = (ROOT / name for name in sorted(filter(None, listed.split("\0"))))
    return tuple(
        file for file in files if file.is_file() and (not suffixes or file.suffix in suffixes)
    )
