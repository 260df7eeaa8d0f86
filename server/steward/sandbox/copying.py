"""A private copy of the workspace for one command: what it may change, and nobody else sees."""

import hashlib
import os
import stat
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from steward.core.errors import LimitError, UnavailableError
from steward.core.limits import JAIL_COPY_BYTES_MAX, JAIL_ENTRIES_MAX
from steward.core.secret_files import secret_rule
from steward.sandbox.changes import Copy, Original, seen

_APART = frozenset({".git", "node_modules"})
_ENVIRONMENT = "pyvenv.cfg"
_PIECE = 1 << 20


class Stop:
    """Says that the copy is not wanted any more."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Have the copying end soon, with an error that nobody waits for."""
        self._event.set()

    def check(self) -> None:
        """Go on, or raise."""
        if self._event.is_set():
            raise UnavailableError("The command was cancelled before it began.")


@dataclass(slots=True)
class Copying:
    """One copy in the making."""

    workspace: Path
    target: Path
    stop: Stop
    bytes_left: int
    """How large it may be."""
    owner: int | None = None
    """Whose the copy is to be; `None`: ours."""
    left_out: tuple[Path, ...] = ()
    """Folders of the workspace that stay empty, because they are mounted there."""
    shows_apart: bool = False
    """Whether git's folder and those with packages stay empty, to be mounted or linked."""
    overlays: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """Relative path → what stands there instead of what is on disk."""
    masked: frozenset[str] = frozenset()
    """Relative paths of files and folders that are there and empty."""
    entries_left: int = JAIL_ENTRIES_MAX

    def make(self) -> Copy:
        """Copy all folders, regular files and links; secrets and what is masked stay empty.

        Raises:
            LimitError: the workspace is too large.
            UnavailableError: it was stopped.
        """
        copy = Copy(self.target)
        try:
            self._walk(copy)
        except RecursionError:
            raise self._too_large() from None
        return copy

    def _walk(self, copy: Copy) -> None:
        for parent, folders, files, descriptor in os.fwalk(self.workspace, follow_symlinks=False):
            self.stop.check()
            self.entries_left -= len(folders) + len(files)
            if self.entries_left < 0:
                raise self._too_large()
            relative = Path(parent).relative_to(self.workspace)
            there = self.target / relative
            there.mkdir()
            there.chmod(0o755)
            self._give(there)
            if self._stays_empty(Path(parent), relative, files, copy):
                folders.clear()
                continue
            into = None if self._is_apart(relative, copy) else copy
            for name in [*folders, *files]:
                # What is gone by now, or not ours to read, the command would not see either.
                with suppress(FileNotFoundError, PermissionError):
                    self._entry(into, descriptor, name, relative / name)

    def _stays_empty(self, parent: Path, relative: Path, files: list[str], copy: Copy) -> bool:
        if not relative.parts:
            return False
        if relative.as_posix() in self.masked:
            return True
        if parent in self.left_out:
            copy.apart.add(relative.as_posix())
            return True
        if parent.name in _APART or _ENVIRONMENT in files:
            copy.apart.add(relative.as_posix())
            return self.shows_apart
        return False

    def _is_apart(self, relative: Path, copy: Copy) -> bool:
        return any(each.as_posix() in copy.apart for each in (relative, *relative.parents))

    def _entry(self, copy: Copy | None, folder: int, name: str, relative: Path) -> None:
        """Copy one link or regular file, and note it; folders come by themselves."""
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        target = self.target / relative
        if stat.S_ISLNK(status.st_mode):
            leads_to = os.readlink(name, dir_fd=folder)
            target.symlink_to(leads_to)
            if copy is not None:
                copy.links[relative.as_posix()] = leads_to
        elif stat.S_ISREG(status.st_mode):
            self.stop.check()
            digest = self._file(folder, name, relative, status.st_mode)
            is_executable = bool(status.st_mode & stat.S_IXUSR)
            self._give(target)
            if copy is not None:
                found = Original(digest, is_executable, seen(target.lstat()))
                copy.files[relative.as_posix()] = found

    def _file(self, folder: int, name: str, relative: Path, mode: int) -> str:
        """Write one file; the SHA-256 of what was written."""
        with (self.target / relative).open("xb", buffering=0) as stream:
            os.fchmod(stream.fileno(), 0o755 if mode & stat.S_IXUSR else 0o644)
            if secret_rule(name) is not None or relative.as_posix() in self.masked:
                return hashlib.sha256().hexdigest()
            instead = self.overlays.get(relative.as_posix())
            if instead is None:
                return self._poured(folder, name, stream.fileno())
            _write(stream.fileno(), instead)
            return hashlib.sha256(instead).hexdigest()

    def _poured(self, folder: int, name: str, out: int) -> str:
        digest = hashlib.sha256()
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        source = os.open(name, flags, dir_fd=folder)
        try:
            while piece := os.read(source, _PIECE):
                self.bytes_left -= len(piece)
                if self.bytes_left < 0:
                    raise self._too_large()
                digest.update(piece)
                _write(out, piece)
        finally:
            os.close(source)
        return digest.hexdigest()

    def _give(self, path: Path) -> None:
        if self.owner is not None:
            os.chown(path, self.owner, self.owner, follow_symlinks=False)

    def _too_large(self) -> LimitError:
        return LimitError(
            f"{str(self.workspace)!r} is too large to be copied for a command (at most"
            f" {JAIL_COPY_BYTES_MAX >> 20} MB and {JAIL_ENTRIES_MAX} files, without git's folder"
            " and installed packages); open a smaller folder, or move what the command does not"
            " need out of it."
        )


def _write(out: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(out, left) :]
