"""Files that hold a secret: read only if nobody else could, written whole or not at all."""

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from steward.core.errors import InvalidInputError

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_private(file: Path, bytes_max: int) -> bytes | None:
    """What the file holds, but no more than `bytes_max` of it; None if there is no such file.

    Raises:
        InvalidInputError: somebody else could have read or written it.
        OSError: the disk refused.
    """
    try:
        opened = os.open(file, _READ)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _refused(file, "is a link") from error
        raise
    try:
        _check(os.fstat(opened), file)
        return os.read(opened, bytes_max)
    finally:
        os.close(opened)


def write_private(file: Path, content: bytes, *, may_replace: bool) -> None:
    """Put a file in its place that only its owner may read; the folder is made if need be.

    It is written under another name first, so nobody ever reads half of it. Without
    `may_replace` a file that is there already stays, and its content counts.

    Raises:
        OSError: the disk refused; what was there before is unharmed.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened, name = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)
    draft = Path(name)
    try:
        try:
            os.write(opened, content)
            os.fsync(opened)
        finally:
            os.close(opened)
        if may_replace:
            draft.replace(file)
        else:
            with suppress(FileExistsError):  # Another process was quicker: its secret is ours too.
                os.link(draft, file)
        _sync_folder(file.parent)
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Without this a file may be gone after a power cut though it was synced itself."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _check(state: os.stat_result, file: Path) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise _refused(file, "is no ordinary file")
    if state.st_uid != os.geteuid():
        raise _refused(file, "belongs to another user")
    if state.st_mode & 0o077:
        raise _refused(file, "can be read or written by other users")


def _refused(file: Path, why: str) -> InvalidInputError:
    return InvalidInputError(
        f"The file {str(file)!r} {why}, so what it holds may be no secret any more. If nobody else"
        f" has read it, make it yours alone (`chmod 600`); otherwise replace what it protects."
    )
