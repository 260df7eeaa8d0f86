"""Reads and replaces files on disk without ever being led out of the workspace.

Every name of a path is opened by itself, relative to the folder before it and without following
a link, so there is no moment between checking a path and using it. A canonical path compared
with the root has such a moment. All of this blocks: call it on a thread.
"""

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotFoundError,
    NotPermittedError,
    StaleError,
    UnavailableError,
)
from steward.core.ids import IdSource, random_id
from steward.core.limits import FILE_BYTES_MAX
from steward.workspace.paths import WorkspacePath

BOM = "\ufeff"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Not blocking, so that opening a FIFO which nobody writes to does not hang.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def read_bytes(root: Path, path: WorkspacePath, limit: int = FILE_BYTES_MAX) -> bytes:
    """The content of a regular file.

    Raises:
        NotFoundError: there is no such file.
        NotPermittedError: a name on the way is a link, or it is no regular file.
        LimitError: it has more than `limit` bytes.
        UnavailableError: the disk or its permissions failed us.
    """
    with _errors(path), open_folder(root, path.parent) as folder:
        return _read_in(folder, path, limit)


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


def replace_bytes(
    root: Path,
    path: WorkspacePath,
    expected_before: bytes | None,
    after: bytes | None,
    new_id: IdSource = random_id,
) -> None:
    """Change a file in one step: whoever looks sees all of the old or all of the new.

    None as `expected_before` means that the file must not exist, and as `after` that it must not
    exist afterwards. The file's mode is kept. Folders on the way to a new file are made.

    Raises:
        StaleError: the file does not hold `expected_before`.
        NotPermittedError: a name on the way is a link, or it is no regular file.
        UnavailableError: the disk or its permissions failed us; the file is as it was.
    """
    if not path.parts:
        raise NotPermittedError("The workspace itself is not a file; name one in it.")
    is_new = expected_before is None and after is not None
    with _errors(path), open_folder(root, path.parent, create=is_new) as folder:
        if after is None:
            _check_unchanged(folder, path, expected_before)
            if expected_before is not None:
                os.unlink(path.name, dir_fd=folder)
        else:
            _put(folder, path, expected_before, after, f".steward-{new_id()}")
        os.fsync(folder)


@contextmanager
def open_folder(root: Path, path: WorkspacePath, *, create: bool = False) -> Generator[int]:
    """A descriptor of a folder in the workspace, reached without following any link."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in path.parts:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=folder)
            below = os.open(name, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
        yield folder
    finally:
        os.close(folder)


def _read_in(folder: int, path: WorkspacePath, limit: int) -> bytes:
    file = os.open(path.name or ".", _READ, dir_fd=folder)
    try:
        return _read_whole(file, path, limit)
    finally:
        os.close(file)


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


def _put(
    folder: int, path: WorkspacePath, expected_before: bytes | None, after: bytes, draft: str
) -> None:
    _check_unchanged(folder, path, expected_before)
    file = os.open(draft, _CREATE, 0o600, dir_fd=folder)
    try:
        try:
            # The new file takes over from an old one: same mode, and same owner where we may.
            _adopt(file, folder, path, is_new=expected_before is None)
            with os.fdopen(os.dup(file), "wb") as stream:
                stream.write(after)
            os.fsync(file)
        finally:
            os.close(file)
        # Once more: writing took time. What is left is the moment between this and the rename.
        _check_unchanged(folder, path, expected_before)
        if expected_before is None:
            # A link, unlike a rename, fails if somebody made the file in the meantime.
            os.link(draft, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            os.replace(draft, path.name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(draft, dir_fd=folder)


def _adopt(file: int, folder: int, path: WorkspacePath, *, is_new: bool) -> None:
    if is_new:
        os.fchmod(file, 0o644)
        return
    old = os.stat(path.name, dir_fd=folder, follow_symlinks=False)
    with suppress(PermissionError):
        os.fchown(file, old.st_uid, old.st_gid)
    os.fchmod(file, stat.S_IMODE(old.st_mode))


def _check_unchanged(folder: int, path: WorkspacePath, expected: bytes | None) -> None:
    try:
        now = _read_in(folder, path, limit=max(FILE_BYTES_MAX, len(expected or b"")))
    except FileNotFoundError:
        now = None
    except LimitError:
        now = b"" if expected is None else expected + b"."
    if now != expected:
        raise StaleError(
            f"'{path}' is not what it was when this change was prepared; look at it again."
        )


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
    except FileExistsError as error:
        raise StaleError(f"'{path}' was made by somebody else meanwhile; look again.") from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise NotPermittedError(
                f"'{path}' is a link or no regular file; only regular files are used."
            ) from error
        raise UnavailableError(f"'{path}' cannot be used: {error.strerror}.") from error
