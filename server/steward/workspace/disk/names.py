"""Changes what the names in one open folder lead to, and loses nothing that is saved meanwhile.

No text is written here: files that are whole already change their names. Whoever saves a file in
that moment does so before a change of names, and then their text comes out where ours was
expected, is recognised and goes back; or after it, and then it stands on top of ours. Whoever had
opened the file for writing before, and still has, is noticed by the lease that the kernel then
refuses (fcntl(2), "Leases").
"""

import ctypes
import errno
import fcntl
import os
import signal
import stat
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from steward.core.limits import FILE_BYTES_MAX
from steward.workspace.encoding import MARK_BYTES_MAX, is_text

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_SEEN_BYTES_MAX = FILE_BYTES_MAX + MARK_BYTES_MAX
_GIVING_BACK_MAX = 1_000
"""How often somebody may save a file while an earlier save of theirs is being put back."""
_EXCLUSIVE, _EXCHANGE = 1, 2
"""Flags of renameat2(2)."""
_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP)
_NO_LINKS = (errno.EPERM, errno.EMLINK, *_UNSUPPORTED)
_RENAME = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


@dataclass(frozen=True, slots=True)
class Place:
    """A file's name in an open folder, and two more names there that are ours."""

    folder: int
    name: str
    temp: str
    aside: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What a name leads to at one moment."""

    inode: int
    stamp: tuple[int, int]
    """Size in bytes and time of change."""
    content: bytes | None
    """`None`: no regular file, or one larger than we take."""
    is_quiet: bool
    """Nobody has it open for writing, as far as the system tells."""

    def holds(self, text: str) -> bool:
        """Whether it is a file with just this text, in whichever encoding of ours."""
        return self.is_quiet and self.content is not None and is_text(self.content, text)

    def is_still(self, earlier: "Sight") -> bool:
        """Whether nothing has been written since."""
        return self.is_quiet and (self.inode, self.stamp, self.content) == (
            earlier.inode,
            earlier.stamp,
            earlier.content,
        )


Expectation = Callable[[Sight], bool]


def look(folder: int, name: str, *, is_ours: bool) -> Sight | None:
    """What the name leads to; `None` if it leads nowhere. Links are not followed.

    Only of a name that is ours is it asked whether somebody is writing: asking keeps others from
    opening the file for a moment.
    """
    try:
        # Opening a device may do something, so it is asked before, and again of what was opened.
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode):
            return _sight(found, None, is_quiet=True)
        file = os.open(name, _READ, dir_fd=folder)
    except FileNotFoundError:
        return None
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            return _sight(found, None, is_quiet=True)
        with _lease(file) if is_ours else _nothing() as is_quiet:
            content = _content(file)
            return _sight(os.fstat(file), content, is_quiet=is_quiet)
    finally:
        os.close(file)


def put(place: Place) -> bool:
    """Make the file at `temp` appear under its name; False if there is something already.

    It keeps its name `temp` too, which tells it from a file of the same text that somebody else
    has made; only a file system without hard links has no way to do that.
    """
    try:
        os.link(
            place.temp,
            place.name,
            src_dir_fd=place.folder,
            dst_dir_fd=place.folder,
            follow_symlinks=False,
        )
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _move(place.folder, place.temp, place.name)
    return True


def withdraw(place: Place, is_expected: Expectation) -> bool:
    """The opposite of `put`; False if the file is not as expected, and then it stays."""
    os.rename(place.name, place.aside, src_dir_fd=place.folder, dst_dir_fd=place.folder)
    out = look(place.folder, place.aside, is_ours=True)
    if out is not None and is_expected(out):
        os.unlink(place.aside, dir_fd=place.folder)
        return True
    give_back(place.folder, place.aside, place.name)
    return False


def take(place: Place, is_expected: Expectation) -> bool:
    """Move the file from its name to `temp`; False if it is not as expected, and then it stays."""
    os.rename(place.name, place.temp, src_dir_fd=place.folder, dst_dir_fd=place.folder)
    out = look(place.folder, place.temp, is_ours=True)
    if out is not None and is_expected(out):
        return True
    give_back(place.folder, place.temp, place.name)
    return False


def give_back(folder: int, old: str, name: str) -> None:
    """Move a file back to its name, unless somebody has made a newer one there."""
    if not _move(folder, old, name):
        with suppress(IsADirectoryError):
            os.unlink(old, dir_fd=folder)


def swap(place: Place, is_expected: Expectation) -> bool:
    """Let the file's name and `temp` change places.

    False if what came out is not as expected: then it is back, or what was saved over it is.
    """
    inside = look(place.folder, place.temp, is_ours=True)
    try:
        _rename(place.folder, place.temp, place.name, _EXCHANGE)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        return _swap_by_links(place, is_expected)
    out = look(place.folder, place.temp, is_ours=True)
    if out is None or inside is None or is_expected(out):
        return True
    _swap_back(place, inside, out)
    return False


def _swap_back(place: Place, inside: Sight, out: Sight) -> None:
    """Exchange until what comes out is what went in last: then the newest save has its name.

    Each time that something else comes out, it was saved after everything that we know.
    """
    for _ in range(_GIVING_BACK_MAX):
        if not _exchange_or_move(place):
            return
        came = look(place.folder, place.temp, is_ours=True)
        if came is None or came.is_still(inside):
            return
        inside, out = out, came
    _exchange_or_move(place)


def _exchange_or_move(place: Place) -> bool:
    """False if the name had gone, so that `temp` has moved there."""
    while True:
        try:
            _rename(place.folder, place.temp, place.name, _EXCHANGE)
        except FileNotFoundError:
            if _move(place.folder, place.temp, place.name):
                return False
        else:
            return True


def _swap_by_links(place: Place, is_expected: Expectation) -> bool:
    """The same where names cannot be exchanged; for a moment, the file's name leads nowhere.

    Renaming `temp` over the file would leave no such moment, and would lose what is saved in it.
    """
    taken = Place(place.folder, place.name, place.aside, place.aside)
    if not take(taken, is_expected):
        return False
    try:
        is_put = put(place)
    except OSError:
        give_back(place.folder, place.aside, place.name)
        raise
    if is_put:
        os.rename(place.aside, place.temp, src_dir_fd=place.folder, dst_dir_fd=place.folder)
    else:
        os.unlink(place.aside, dir_fd=place.folder)
    return is_put


def _move(folder: int, old: str, new: str) -> bool:
    """Rename to a name that leads nowhere; False if it leads somewhere."""
    try:
        _rename(folder, old, new, _EXCLUSIVE)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        return _move_by_link(folder, old, new)
    return True


def _move_by_link(folder: int, old: str, new: str) -> bool:
    try:
        os.link(old, new, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        return False
    os.unlink(old, dir_fd=folder)
    return True


def _rename(folder: int, old: str, new: str, flags: int) -> None:
    if _RENAME is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if _RENAME(folder, os.fsencode(old), folder, os.fsencode(new), flags) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), new)


def _content(file: int) -> bytes | None:
    content = bytearray()
    while piece := os.read(file, min(1 << 20, _SEEN_BYTES_MAX + 1 - len(content))):
        content += piece
        if len(content) > _SEEN_BYTES_MAX:
            return None
    return bytes(content)


def _sight(found: os.stat_result, content: bytes | None, *, is_quiet: bool) -> Sight:
    return Sight(found.st_ino, (found.st_size, found.st_mtime_ns), content, is_quiet)


@contextmanager
def _nothing() -> Generator[bool]:
    yield True


@contextmanager
def _lease(file: int) -> Generator[bool]:
    """Whether nobody has the file open for writing; while inside, nobody can open it so.

    Where the system knows no leases, or grants none on this file system, the answer is yes.
    """
    if sys.platform != "linux":
        yield True
        return
    try:
        # Whoever wants to write meanwhile waits, and we get a signal; the usual one would end us.
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        yield error.errno != errno.EAGAIN
        return
    try:
        yield True
    finally:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
