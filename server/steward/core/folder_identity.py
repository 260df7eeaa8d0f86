"""Which folder a path names now, so that another one at the same path is not taken for it."""

import ctypes
import os
import struct

_STATX = getattr(ctypes.CDLL(None), "statx", None)
_EMPTY_PATH = 0x1000  # AT_EMPTY_PATH: the descriptor itself.
_BIRTH = 0x800  # STATX_BTIME
_BIRTH_AT = 80
_STATX_BYTES = 256


def folder_identity(path: str) -> str:
    """A few figures that are others for another folder: device, number, and when it was made.

    A number alone is given again at once on many file systems: whoever deletes a folder and makes
    another would get the same. Where the system does not know when a folder was made, the first two
    must do. Blocks: call it on a thread.

    Raises:
        OSError: there is no such folder, or it cannot be opened.
    """
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        status = os.fstat(folder)
        return f"{status.st_dev}:{status.st_ino}:{_born(folder)}"
    finally:
        os.close(folder)


def _born(folder: int) -> str:
    if _STATX is None:
        return ""
    answer = ctypes.create_string_buffer(_STATX_BYTES)
    if _STATX(folder, b"", _EMPTY_PATH, _BIRTH, answer) != 0:
        return ""
    (known,) = struct.unpack_from("=I", answer)
    seconds, nanoseconds = struct.unpack_from("=qI", answer, _BIRTH_AT)
    return f"{seconds}.{nanoseconds:09d}" if known & _BIRTH else ""
