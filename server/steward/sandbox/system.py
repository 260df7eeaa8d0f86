"""The system calls that Python has no name for: files beneath a folder, and giving up rights."""

import ctypes
import errno
import os
import struct
from functools import cache

from steward.sandbox.calls import newer

LANDLOCK_NEEDED = 6
"""The first version that keeps abstract sockets and signals of the outside out of reach."""

READ, EXECUTE = 1 << 2, 1 << 0
READ_FOLDER = 1 << 3
_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
_CHANGE_FOLDER = sum(1 << bit for bit in (4, 5, 7, 8, 10, 12, 13))
"""Remove and make folders, files, pipes and links, and move them; no devices, no sockets."""
LOOK = READ | READ_FOLDER | EXECUTE
FILE_WRITE = READ | _WRITE_FILE | _TRUNCATE
CHANGE = LOOK | _WRITE_FILE | _TRUNCATE | _CHANGE_FOLDER
_ALL_FILES = (1 << 16) - 1
"""Every right that version 5 knows, and none of it is given but by a rule."""
_ALL_NETWORK = 0b11
_ALL_SCOPES = 0b11
_BENEATH = 1
_VERSION_ASKED = 1

_NO_LINKS_BENEATH = 0x08 | 0x04 | 0x02
"""RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_MAGICLINKS."""
_SET_DUMPABLE, _SET_NO_NEW_PRIVILEGES, _SET_DEATH_SIGNAL, _SET_SECCOMP, _FILTER = 4, 38, 1, 22, 2


def open_beneath(folder: int, path: str, flags: int) -> int:
    """A descriptor of what is below `folder` with no link on the way, nor at the end of it.

    Raises:
        OSError: there is none, or a link is on the way.
    """
    how = struct.pack("=QQQ", flags | os.O_CLOEXEC, 0, _NO_LINKS_BENEATH)
    try:
        return _call(newer("openat2"), folder, path.encode(errors="surrogateescape"), how, len(how))
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.EPERM):
            raise
    return _walked(folder, path, flags)


def _walked(folder: int, path: str, flags: int) -> int:
    """The same where the kernel is too old for it: name by name."""
    *above, last = path.split("/")
    here = os.dup(folder)
    try:
        for name in above:
            below = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = below
        return os.open(last, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
    finally:
        os.close(here)


def landlock_version() -> int:
    """Which version of Landlock the kernel has; 0 if it has none or does not let us use it."""
    try:
        return _call(newer("landlock_create"), None, 0, _VERSION_ASKED)
    except OSError:
        return 0


def landlock(rules: list[tuple[str, int]]) -> None:
    """Give up every right over files but these, TCP, and the reach beyond one's own processes.

    Args:
        rules: path → what may be done to it and to all beneath it.

    Raises:
        OSError: the kernel does not do it; nothing was given up.
    """
    every = struct.pack("=QQQ", _ALL_FILES, _ALL_NETWORK, _ALL_SCOPES)
    ruleset = _call(newer("landlock_create"), every, len(every), 0)
    try:
        for path, rights in rules:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                rule = struct.pack("=Qi", rights, place)
                _call(newer("landlock_rule"), ruleset, _BENEATH, rule, 0)
            finally:
                os.close(place)
        _call(newer("landlock_self"), ruleset, 0)
    finally:
        os.close(ruleset)


def refuse_calls(program: bytes) -> None:
    """Have the kernel filter this process's system calls from now on, and its children's."""
    steps = ctypes.create_string_buffer(program, len(program))
    listed = struct.pack("@HP", len(program) // 8, ctypes.addressof(steps))
    _prctl(_SET_SECCOMP, _FILTER, listed)


def give_up_privileges() -> None:
    """Let no program that is started from here gain rights by being started."""
    _prctl(_SET_NO_NEW_PRIVILEGES, 1)


def die_with_parent(signal: int) -> None:
    """Be sent this signal when the parent ends."""
    _prctl(_SET_DEATH_SIGNAL, signal)


def hide_from_neighbours() -> None:
    """Let no other process of this user read this one's memory or environment."""
    _prctl(_SET_DUMPABLE, 0)


def _prctl(option: int, *arguments: int | bytes) -> None:
    words = [_word(each) for each in (*arguments, 0, 0, 0, 0)[:4]]
    if _library().prctl(option, *words) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _call(number: int, *arguments: int | bytes | None) -> int:
    result: int = _library().syscall(ctypes.c_long(number), *(_word(each) for each in arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _word(value: int | bytes | None) -> ctypes.c_ulong | ctypes.c_char_p:
    return ctypes.c_ulong(value) if isinstance(value, int) else ctypes.c_char_p(value)


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return library
