"""The secret that a client of the listener shows: one file, for its owner's eyes only."""

import errno
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

from steward.core.errors import InvalidInputError, UnavailableError

_NAME = "listener.token"
_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 bits in URL-safe base 64."""
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def token_file(folder: Path) -> Path:
    """Where the token is kept in this data folder."""
    return folder / _NAME


def load_token(folder: Path, fresh: Callable[[], str]) -> str:
    """The token in `folder`, made from `fresh` on the first use.

    Raises:
        InvalidInputError: somebody else could have read or written it.
        UnavailableError: the disk refused.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return _in_folder(opened, folder, fresh)
        finally:
            os.close(opened)
    except OSError as error:
        raise UnavailableError(
            f"The listener's token in {str(folder)!r} cannot be used: {error.strerror}. Check that"
            " the folder is yours and its disk has room, then start again."
        ) from error


def _in_folder(opened: int, folder: Path, fresh: Callable[[], str]) -> str:
    state = os.fstat(opened)
    if state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise InvalidInputError(
            f"The folder {str(folder)!r} can be changed by other users, so a token in it protects"
            " nothing. Make it yours alone (`chmod 700`) and start again."
        )
    try:
        return _read(opened, token_file(folder))
    except FileNotFoundError:
        _make(opened, fresh)
        return _read(opened, token_file(folder))


def _read(folder: int, path: Path) -> str:
    try:
        file = os.open(_NAME, _READ, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _refused(path, "is a link") from error
        raise
    try:
        _check(os.fstat(file), path)
        written = os.read(file, 128).decode("ascii", "replace").strip()
    finally:
        os.close(file)
    if _SHAPE.fullmatch(written) is None:
        raise _refused(path, "holds no token of ours")
    return written


def _check(state: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise _refused(path, "is no ordinary file")
    if state.st_uid != os.geteuid():
        raise _refused(path, "belongs to another user")
    if state.st_mode & 0o077:
        raise _refused(path, "can be read or written by other users")


def _refused(path: Path, why: str) -> InvalidInputError:
    return InvalidInputError(
        f"The token file {str(path)!r} {why}. Remove it and start again; a new one is made."
    )


def _make(folder: int, fresh: Callable[[], str]) -> None:
    # Written beside its place and then linked into it: a second listener that starts in the same
    # moment finds no token or a whole one, and whichever comes first is the token of both.
    draft = f"{_NAME}.{fresh()}"
    file = os.open(draft, _MAKE, 0o600, dir_fd=folder)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(fresh().encode("ascii") + b"\n")
            opened.flush()
            os.fsync(file)
        os.link(draft, _NAME, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        return  # Another listener was first, or something is in the way: reading tells which.
    finally:
        os.unlink(draft, dir_fd=folder)
