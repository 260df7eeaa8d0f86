"""Writes the new text of a file beside it, whole and as durable as the disk can, or not at all."""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress

from steward.workspace.disk.names import look
from steward.workspace.disk.step import Step
from steward.workspace.files import BOM

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_MODE = 0o1777
_POWERS = "security.capability"
"""Who runs a changed program must not get what was granted to the unchanged one: the kernel takes
these away from a file that is written to, and so do we."""


def stage(folder: int, step: Step, original: tuple[int, str] | None) -> None:
    """Write the step's new text to its `temp`.

    `original`: the folder and name of the file that it replaces or is a new place of; its byte
    order mark, permissions, owner and attributes carry over.
    """
    text = (step.after or "").encode()
    if original is not None and _has_bom(original):
        text = BOM.encode() + text
    # Nobody else may read it before its permissions are those of the original.
    file = os.open(step.part, _NEW, 0o666 if original is None else 0o600, dir_fd=folder)
    try:
        _write(file, text)
        if original is not None:
            with _opened(original) as old:
                _carry_over(old, file)
        os.fsync(file)
    finally:
        os.close(file)
    os.rename(step.part, step.temp, src_dir_fd=folder, dst_dir_fd=folder)


def _has_bom(original: tuple[int, str]) -> bool:
    seen = look(*original, is_ours=False)
    return seen is not None and (seen.content or b"").startswith(BOM.encode())


@contextmanager
def _opened(original: tuple[int, str]) -> Generator[int]:
    folder, name = original
    file = os.open(name, _READ, dir_fd=folder)
    try:
        yield file
    finally:
        os.close(file)


def _write(file: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


def _carry_over(old: int, new: int) -> None:
    found = os.fstat(old)
    # Not every system lets us, and where it does not, the file is ours as any file that we make.
    with suppress(PermissionError):
        os.fchown(new, found.st_uid, found.st_gid)
    if hasattr(os, "listxattr"):
        with suppress(OSError):
            for name in os.listxattr(old):
                if name != _POWERS:
                    with suppress(OSError):
                        os.setxattr(new, name, os.getxattr(old, name))
    os.fchmod(new, found.st_mode & _MODE)
