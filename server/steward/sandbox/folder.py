"""The private folder of one command, which goes with it, whatever the command has put there.

A process that is killed leaves its folder behind, perhaps with a copy of the workspace. While it
lives it holds a lock on the folder, so that the next one knows what may be thrown away.
"""

import fcntl
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from steward.sandbox.removing import remove
from steward.sandbox.view import NOBODY

_PREFIX = "steward-jail-"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class PrivateFolder:
    """A folder that nobody else may enter."""

    path: Path
    lock: int

    def remove(self) -> None:
        """Take it away; nothing that ran in it may run any more. Blocks."""
        with suppress(OSError):
            remove(self.path, _beside(self.path))
        os.close(self.lock)


def make_folder() -> PrivateFolder:
    """A new one. Blocks."""
    path = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return PrivateFolder(path, lock)


def sweep() -> None:
    """Take away the folders that killed processes have left. Blocks."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # Another user's folder cannot be opened, and one without a lock has only just been made.
        with suppress(OSError):
            if path.lstat().st_uid in (os.geteuid(), NOBODY) and not path.is_symlink():
                _sweep(path)


def _sweep(path: Path) -> None:
    lock = os.open(path / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        remove(path, _beside(path))
    finally:
        os.close(lock)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}-removing")
