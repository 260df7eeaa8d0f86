"""Writes the new text of a file beside it, whole and as durable as the disk can, or not at all."""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from steward.core.errors import LimitError
from steward.core.limits import FILE_BYTES_MAX
from steward.workspace.disk.names import look
from steward.workspace.disk.step import Step
from steward.workspace.encoding import encode_like

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_MODE = 0o1777
_POWERS = "security.capability"
"""Who runs a changed program must not get what was granted to the unchanged one: the kernel takes
these away from a file that is written to, and so do we."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A new text that is written and may not be on the disk yet. Close its file."""

    folder: int
    step: Step
    file: int

    def finish(self) -> None:
        """Give it the name that says that it is whole, once it is on the disk."""
        names = self.step.part, self.step.temp
        os.rename(*names, src_dir_fd=self.folder, dst_dir_fd=self.folder)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self.file)


def stage(folder: int, step: Step, original: tuple[int, str] | None) -> Staged:
    """Write the step's new text, and have the disk begin with it.

    `original`: the folder and name of the file that it replaces or is a new place of; its encoding,
    permissions, owner and attributes carry over.
    """
    text = _encoded(step, original)
    # Nobody else may read it before its permissions are those of the original.
    file = os.open(step.part, _NEW, 0o666 if original is None else 0o600, dir_fd=folder)
    try:
        _write(file, text)
        if original is not None:
            with _opened(original) as old:
                _carry_over(old, file)
        _begin_writing_back(file)
    except BaseException:
        os.close(file)
        raise
    return Staged(folder, step, file)


def _begin_writing_back(file: int) -> None:
    """So the disk works on many files at once, and waiting for each is short.

    It is a hint; that the text is there is known only when `fsync` returns.
    """
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)


def _encoded(step: Step, original: tuple[int, str] | None) -> bytes:
    seen = None if original is None else look(*original, is_ours=False)
    text = encode_like(step.after or "", b"" if seen is None else seen.content or b"")
    if len(text) > FILE_BYTES_MAX:
        raise LimitError(
            f"'{step.path}' would be larger than {FILE_BYTES_MAX} bytes in its encoding."
        )
    return text


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
