"""Removing a folder whatever is in it: a command may have made it deep, or barred its folders."""

import os
import stat
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove(folder: Path, beside: Path) -> None:
    """Remove a folder and all in it; nothing of what was in it may be running any more.

    Folders are moved to `beside` one by one, so neither depth nor the length of a path matters.

    Args:
        folder: what goes.
        beside: a place on the same disk that nobody else uses; there must be nothing.
    """
    beside.mkdir()
    top = os.open(beside, _FOLDER)
    try:
        folder.rename(beside / "0")
        _open_up(top, "0")
        moved = 1
        waiting = ["0"]
        while waiting:
            name = waiting.pop()
            found = _emptied(name, top, moved)
            moved += len(found)
            waiting += found
            os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)
    beside.rmdir()


def _emptied(name: str, top: int, first: int) -> list[str]:
    """Delete all files of a folder and move its folders to the top, numbered from `first`."""
    moved: list[str] = []
    folder = os.open(name, _FOLDER, dir_fd=top)
    try:
        for each in os.listdir(folder):
            if stat.S_ISDIR(os.lstat(each, dir_fd=folder).st_mode):
                _open_up(folder, each)
                number = str(first + len(moved))
                os.rename(each, number, src_dir_fd=folder, dst_dir_fd=top)
                moved.append(number)
            else:
                os.unlink(each, dir_fd=folder)
    finally:
        os.close(folder)
    return moved


def _open_up(above: int, name: str) -> None:
    """Whoever owns a folder may bar it to themselves, and we are they."""
    folder = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
    try:
        os.chmod(f"/proc/self/fd/{folder}", 0o700)
    finally:
        os.close(folder)
