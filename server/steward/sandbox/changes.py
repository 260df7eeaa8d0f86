"""What a command did to its private copy of the workspace.

It is read back when all that ran is dead, and is still treated as a trap: links are not followed,
not even on the way, and pipes, devices and hard links are named and left out.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from steward.core.agent_limits import JAIL_CHANGES_BYTES_MAX, JAIL_CHANGES_MAX
from steward.core.limits import JAIL_ENTRIES_MAX
from steward.core.secret_files import secret_rule
from steward.sandbox.system import open_beneath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_PIECE = 1 << 20
_CONTROL = ".git"

Seen = tuple[int, int, int, int]
"""Inode, size, time of the last change of anything, and mode: none of them can be set back."""


@dataclass(frozen=True, slots=True)
class Original:
    """A file of the copy as the command found it."""

    sha256: str
    is_executable: bool
    seen: Seen


@dataclass(frozen=True, slots=True)
class Copy:
    """A private copy of the workspace, and what there was in it."""

    folder: Path
    files: dict[str, Original] = field(default_factory=dict[str, Original])
    """Path relative to the workspace, with slashes → the file."""
    links: dict[str, str] = field(default_factory=dict[str, str])
    """The same → where the link leads."""
    apart: set[str] = field(default_factory=set[str])
    """Folders whose changes are not looked at: git's own, and those with others' packages."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """A file that is not any more as the command found it."""

    path: str
    """Relative to the workspace, with slashes."""
    kind: Literal["created", "changed", "deleted"]
    before_sha256: str | None
    """Of what the command found; `None`: there was no file."""
    content: bytes | None
    """What is there now; `None`: nothing."""
    was_executable: bool
    is_executable: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that the command left behind and that is not taken over."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Changes:
    """All that a command did to its copy. All of it was chosen by the command."""

    files: tuple[FileResult, ...]
    """Sorted by path."""
    left_out: tuple[LeftOut, ...] = ()
    unnamed: int = 0
    """How many more were left out that are not named."""


@dataclass(slots=True)
class _Reading:
    """The changes so far."""

    copy: Copy
    root: int
    files: list[FileResult] = field(default_factory=list[FileResult])
    left_out: list[LeftOut] = field(default_factory=list[LeftOut])
    unnamed: int = 0
    bytes_left: int = JAIL_CHANGES_BYTES_MAX

    def leave_out(self, path: str, reason: str) -> None:
        if len(self.left_out) < JAIL_CHANGES_MAX:
            self.left_out.append(LeftOut(path, reason))
        else:
            self.unnamed += 1

    def add(self, result: FileResult) -> None:
        if len(self.files) < JAIL_CHANGES_MAX:
            self.files.append(result)
        else:
            self.leave_out(result.path, f"more than {JAIL_CHANGES_MAX} files were changed")


def seen(status: os.stat_result) -> Seen:
    """What tells whether a file is untouched."""
    return status.st_ino, status.st_size, status.st_ctime_ns, status.st_mode


def changes_of(copy: Copy) -> Changes:
    """What is different from what the command found. Blocks: call it on a thread."""
    root = os.open(copy.folder, _FOLDER | os.O_CLOEXEC)
    try:
        reading = _Reading(copy, root)
        found: set[str] = set()
        for path, status in _entries(reading):
            found.add(path)
            _compare(reading, path, status)
    finally:
        os.close(root)
    for path in sorted(copy.files.keys() - found):
        _deleted(reading, path)
    for path in sorted(copy.links.keys() - found):
        reading.leave_out(path, "a link was deleted; only files are taken over")
    files = tuple(sorted(reading.files, key=lambda result: result.path))
    return Changes(files, tuple(reading.left_out), reading.unnamed)


def _entries(reading: _Reading) -> Iterator[tuple[str, os.stat_result]]:
    """All that is no folder, each folder opened anew from the top; bounded in number."""
    waiting = [""]
    count = 0
    while waiting:
        above = waiting.pop()
        for name, status in _listed(reading, above):
            path = f"{above}/{name}" if above else name
            count += 1
            if count > 2 * JAIL_ENTRIES_MAX:
                reading.leave_out(above or ".", "there are too many files to look at the rest")
                return
            if not stat.S_ISDIR(status.st_mode):
                yield path, status
            elif name != _CONTROL and path not in reading.copy.apart:
                waiting.append(path)


def _listed(reading: _Reading, folder: str) -> list[tuple[str, os.stat_result]]:
    try:
        opened = open_beneath(reading.root, folder or ".", _FOLDER)
    except OSError as error:
        reading.leave_out(folder, f"the folder cannot be opened ({error.strerror})")
        return []
    try:
        with os.scandir(opened) as entries:
            names = [entry.name for _, entry in zip(range(JAIL_ENTRIES_MAX), entries, strict=False)]
        return [(name, os.lstat(name, dir_fd=opened)) for name in sorted(names)]
    finally:
        os.close(opened)


def _compare(reading: _Reading, path: str, status: os.stat_result) -> None:
    before = reading.copy.files.get(path)
    if before is not None and seen(status) == before.seen:
        return
    reason = _why_not(reading.copy, path, status)
    if reason == "":
        return
    if reason is None:
        _taken(reading, path, before)
    else:
        reading.leave_out(path, reason)


def _why_not(copy: Copy, path: str, status: os.stat_result) -> str | None:
    """Why it is not taken over; nothing said (`""`) where nothing was done to it."""
    if stat.S_ISLNK(status.st_mode):
        is_known = path in copy.links and _target(copy.folder / path) == copy.links[path]
        return "" if is_known else "it is a link now; only files are taken over"
    if not stat.S_ISREG(status.st_mode):
        return "it is no regular file"
    if status.st_nlink != 1:
        return "it has a second name (a hard link)"
    name = path.rpartition("/")[2]
    if name == _CONTROL:
        return "it belongs to git"
    if secret_rule(name) is not None:
        return "a file of this name holds secrets, which the command was not shown"
    if not _is_text(path):
        return "its name is not text"
    return None


def _target(link: Path) -> str | None:
    try:
        return os.readlink(link)
    except OSError:
        return None


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _taken(reading: _Reading, path: str, before: Original | None) -> None:
    if len(reading.files) >= JAIL_CHANGES_MAX:
        reading.leave_out(path, f"more than {JAIL_CHANGES_MAX} files were changed")
        return
    try:
        content, is_executable = _content(reading, path)
    except OSError as error:
        reading.leave_out(path, f"it cannot be read ({error.strerror})")
        return
    if content is None:
        reading.leave_out(path, f"the changes hold more than {JAIL_CHANGES_BYTES_MAX} bytes")
        return
    was_executable = before is not None and before.is_executable
    sha256 = before.sha256 if before is not None else None
    is_same = sha256 == hashlib.sha256(content).hexdigest()
    if is_same and is_executable == was_executable:
        return
    reading.bytes_left -= len(content)
    kind: Literal["created", "changed"] = "created" if before is None else "changed"
    reading.add(FileResult(path, kind, sha256, content, was_executable, is_executable))


def _content(reading: _Reading, path: str) -> tuple[bytes | None, bool]:
    """All of a file, or `None` where that is too much."""
    file = open_beneath(reading.root, path, _READ)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise OSError(0, "it is no regular file any more")
        content = bytearray()
        while piece := os.read(file, _PIECE):
            content += piece
            if len(content) > reading.bytes_left:
                return None, False
        return bytes(content), bool(status.st_mode & stat.S_IXUSR)
    finally:
        os.close(file)


def _deleted(reading: _Reading, path: str) -> None:
    if secret_rule(path.rpartition("/")[2]) is not None:
        reading.leave_out(path, "a file of this name holds secrets; it is not deleted")
        return
    before = reading.copy.files[path]
    deleted = FileResult(path, "deleted", before.sha256, None, before.is_executable, False)
    reading.add(deleted)
