"""Where a server says that it runs, for the commands of the same person on the same machine.

Each has a file of its own, locked as long as it lives: the operating system frees the lock of a
server that was killed, and whoever looks next removes what it left.
"""

import fcntl
import json
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_FOLDER = "servers"
_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class Announced:
    """A server that runs."""

    address: str
    """Such as `http://127.0.0.1:8484`."""
    process_id: int
    since: str
    """ISO 8601, UTC."""


@contextmanager
def announced(data_dir: Path, server: Announced) -> Generator[None]:
    """Inside the block the server can be found. A disk that refuses keeps nobody from serving."""
    folder = data_dir / _FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{server.process_id}.json"
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(opened, 0)
            os.write(opened, json.dumps(asdict(server)).encode())
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(opened)


def announcements(data_dir: Path) -> tuple[Announced, ...]:
    """The servers that run with this data folder, by their process id."""
    folder = data_dir / _FOLDER
    try:
        files = sorted(folder.glob("*.json"))
    except OSError:
        return ()
    return tuple(filter(None, map(_alive, files)))


def _alive(file: Path) -> Announced | None:
    """The server of a file; None, and the file is gone, where it has ended."""
    try:
        opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(opened)
    else:
        file.unlink(missing_ok=True)
        return None
    finally:
        os.close(opened)


def _read(opened: int) -> Announced | None:
    try:
        found = json.loads(os.read(opened, _BYTES_MAX))
        return Announced(str(found["address"]), int(found["process_id"]), str(found["since"]))
    except (ValueError, KeyError, TypeError):
        return None  # It is being written.
