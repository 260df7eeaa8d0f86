"""Opens what lies below a folder in one call of the kernel, which lets no link lead out of it.

openat2(2) resolves the whole path by itself, so nothing can be swapped between two of its names.
Where the kernel does not have it, or something around us forbids it, the names are opened one by
one, each without following a link; that is as safe, and slower.
"""

import ctypes
import errno
import os
import platform
import sys
from functools import cache

from steward.workspace.paths import WorkspacePath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPENAT2 = 437
"""The same on every architecture that we know; on others it is not called."""
_MACHINES = frozenset({"x86_64", "aarch64", "arm64", "riscv64", "armv7l", "i686", "ppc64le"})
_NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x02, 0x04, 0x08
_AGAIN_MAX = 16
"""How often the kernel may say that somebody moved a folder while it looked."""


class _How(ctypes.Structure):
    """`struct open_how` (openat2(2))."""

    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


def open_folder_below(folder: int, path: WorkspacePath) -> int:
    """A new descriptor of a folder below an open one, reached without following any link.

    Raises:
        OSError: it is missing, no folder, or a link is on the way.
    """
    if not path.parts:
        return os.open(".", _FOLDER, dir_fd=folder)
    return open_at_once(folder, path) if kernel_has_it() else open_one_by_one(folder, path)


def open_at_once(folder: int, path: WorkspacePath) -> int:
    """The same by openat2."""
    code = errno.EAGAIN
    for _ in range(_AGAIN_MAX):
        opened, code = _call(folder, os.fsencode(str(path)))
        if opened >= 0:
            return opened
        if code not in (errno.EAGAIN, errno.EINTR):
            break
    raise OSError(code, os.strerror(code), str(path))


def open_one_by_one(folder: int, path: WorkspacePath) -> int:
    """The same by a walk."""
    at = os.open(".", _FOLDER, dir_fd=folder)
    try:
        for name in path.parts:
            below = os.open(name, _FOLDER, dir_fd=at)
            os.close(at)
            at = below
    except BaseException:
        os.close(at)
        raise
    return at


@cache
def kernel_has_it() -> bool:
    """Whether openat2 works here; a container's filter may refuse what the kernel has."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return False
    folder = os.open("/", _FOLDER)
    try:
        opened, _ = _call(folder, b".")
    except (OSError, AttributeError):
        return False
    finally:
        os.close(folder)
    if opened >= 0:
        os.close(opened)
    return opened >= 0


def _call(folder: int, path: bytes) -> tuple[int, int]:
    """The descriptor, or -1 and the error's number."""
    how = _How(_FOLDER, 0, _BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS)
    opened = _syscall()(
        ctypes.c_long(_OPENAT2),
        ctypes.c_int(folder),
        ctypes.c_char_p(path),
        ctypes.byref(how),
        ctypes.c_size_t(ctypes.sizeof(how)),
    )
    return (int(opened), 0) if opened >= 0 else (-1, ctypes.get_errno())


@cache
def _syscall() -> "ctypes._NamedFuncPointer":  # pyright: ignore[reportPrivateUsage]
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    return call
