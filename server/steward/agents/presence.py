"""Whether some window has a folder open: a lock that the operating system frees with its holder.

Windows share it and whoever changes files without a window wants it alone, so that nobody writes
beside texts that are not saved. Everything here asks the disk: call it on a thread.
"""

import fcntl
import hashlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class Presence:
    """The lock of one folder."""

    def __init__(self, folder: Path, workspace: str) -> None:
        name = hashlib.sha256(workspace.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        self._path = folder / f"{name}.lock"
        self._file: int | None = None

    def show(self) -> bool:
        """Say that a window is here, until it ends; False while somebody wants to be alone."""
        if self._file is None:
            self._file = self._locked(fcntl.LOCK_SH)
        return self._file is not None

    def leave(self) -> None:
        """Say that the window is gone."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @contextmanager
    def alone(self) -> Generator[bool]:
        """Whether no window is here; while inside, none comes without waiting for us."""
        file = self._locked(fcntl.LOCK_EX)
        try:
            yield file is not None
        finally:
            if file is not None:
                os.close(file)

    def _locked(self, how: int) -> int | None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        return file
