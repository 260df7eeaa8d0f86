"""Reads files on disk without ever being led out of the workspace.

Every name of a path is opened by itself, relative to the folder before it and without following
a link, so there is no moment between checking a path and using it. A canonical path compared
with the root has such a moment. All of this blocks: call it on a thread.
"""

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotFoundError,
    NotPermittedError,
    UnavailableError,
)
from steward.core.limits import FILE_BYTES_MAX
from steward.workspace.paths import WorkspacePath

BOM = "\ufeff"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
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


def decode(content: bytes, name: str) -> tuple[str, str]:
    """The text, and the byte order mark that stood before it (`BOM` or nothing).

    Raises:
        InvalidInputError: it is not text in UTF-8.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"{name!r} is not text in UTF-8 (byte {error.start}); convert it or leave it out."
        ) from error
    if "\0" in text:
        raise InvalidInputError(f"{name!r} holds NUL bytes, so it is not text; leave it out.")
    return (text[1:], BOM) if text.startswith(BOM) else (text, "")


@contextmanager
def open_folder(root: Path, path: WorkspacePath) -> Generator[int]:
    """A descriptor of a folder in the workspace, reached without following any link."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in path.parts:
            below = os.open(name, _FOLDER, dir_fd=folder)
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
