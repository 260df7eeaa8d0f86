"""Reads files on disk without ever being led out of the workspace.

Folders are opened below the workspace without following a link, and files relative to them, so
there is no moment between checking a path and using it. A canonical path compared with the root
has such a moment. All of this blocks: call it on a thread.
"""

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from steward.core.errors import (
    LimitError,
    NotFoundError,
    NotPermittedError,
    UnavailableError,
)
from steward.core.limits import FILE_BYTES_MAX
from steward.workspace.beneath import open_folder_below
from steward.workspace.paths import WorkspacePath

# Not blocking, so that opening a FIFO which nobody writes to does not hang.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def read_bytes(root: Path, path: WorkspacePath, limit: int = FILE_BYTES_MAX) -> bytes:
    """The content of a regular file.

    Raises:
        NotFoundError: there is no such file.
        NotPermittedError: a name on the way is a link, or it is no regular file.
        LimitError: it has more than `limit` bytes.
        UnavailableError: the disk or its permissions failed us.
    """
    with _errors(path), open_folder(root, path.parent) as folder:
        file = os.open(path.name or ".", _READ, dir_fd=folder)
        try:
            return _read_whole(file, path, limit)
        finally:
            os.close(file)


@contextmanager
def open_folder(root: Path, path: WorkspacePath) -> Generator[int]:
    """A descriptor of a folder in the workspace, reached without following any link."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if path.parts:
            below = open_folder_below(folder, path)
            os.close(folder)
            folder = below
        yield folder
    finally:
        os.close(folder)


def _read_whole(file: int, path: WorkspacePath, limit: int) -> bytes:
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise NotPermittedError(f"'{path}' is not a regular file; only regular files are read.")
    content = bytearray()
    # The size that fstat tells is a promise; what counts is what can be read.
    while piece := os.read(file, min(1 << 20, limit + 1 - len(content))):
        content += piece
        if len(content) > limit:
            raise LimitError(f"'{path}' is larger than {limit} bytes; name a smaller file.")
    return bytes(content)


@contextmanager
def _errors(path: WorkspacePath) -> Generator[None]:
    """The system's errors in our words."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        # Linux says "not a directory" for a link to one, too.
        raise NotFoundError(
            f"'{path}' is not in the workspace, or a link is on the way to it."
        ) from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise NotPermittedError(
                f"'{path}' is a link or no regular file; only regular files are used."
            ) from error
        raise UnavailableError(f"'{path}' cannot be used: {error.strerror}.") from error
