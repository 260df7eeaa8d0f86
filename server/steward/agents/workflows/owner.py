"""Who works on a run: a lock that the operating system frees when its holder dies."""

import fcntl
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class Owner:
    """This process's claim on its runs, held until it ends, however it ends.

    Everything here asks the disk: call it on a thread.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder
        self._lock: int | None = None
        self._claiming = threading.Lock()

    def claim(self) -> None:
        """Take our own lock; nobody else uses our name."""
        # Two threads would each open the file, and the second would find it locked by the first.
        with self._claiming:
            if self._lock is None:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._lock = _try_lock(self._path(self.name))

    def release(self) -> None:
        """Give the claim back and remove its file."""
        if self._lock is not None:
            self._path(self.name).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def has_seen(self, name: str) -> bool:
        """Whether `name` claimed its lock on this machine and did not give it back."""
        return name.isalnum() and self._path(name).exists()

    @contextmanager
    def if_dead(self, name: str) -> Generator[bool]:
        """Whether `name` has died; while inside, no other process can find out the same."""
        if name == self.name or not name.isalnum():
            yield False
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _try_lock(self._path(name))
        try:
            yield lock is not None
        finally:
            if lock is not None:
                # Nobody will claim this name again; removed while held, so that nobody else is
                # left with a lock on a file that is gone.
                self._path(name).unlink(missing_ok=True)
                os.close(lock)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"


def _try_lock(path: Path) -> int | None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file
