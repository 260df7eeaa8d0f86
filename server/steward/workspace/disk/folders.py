"""The folders of one landing: opened once and held, so that nothing can be put in their place.

A folder that is missing is made under a name of ours, marked inside as ours, and then appears with
its mark; so a later process can tell it from an empty folder of the user's.
"""

import errno
import os
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

from steward.workspace.disk.names import give_back
from steward.workspace.disk.sync import sync_each
from steward.workspace.files import open_folder
from steward.workspace.paths import WorkspacePath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
_TOP = WorkspacePath(())


class Folders:
    """Use it in a `with`: the descriptors are closed at its end."""

    def __init__(self, root: Path, mark: str, files: Iterable[WorkspacePath]) -> None:
        self._root = root
        self._marker = f".steward-{mark}-made"
        above = sorted({folder for file in files for folder in _above(file)})
        self._temps = {folder: f".steward-{mark}-f{n}" for n, folder in enumerate(above)}
        self._open: dict[WorkspacePath, int] = {}
        self._stack = ExitStack()

    def __enter__(self) -> "Folders":
        self._open[_TOP] = self._stack.enter_context(open_folder(self._root, _TOP))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.clear()
        self._stack.close()

    def find(self, path: WorkspacePath) -> int:
        """The folder's descriptor.

        Raises:
            OSError: it is missing, no folder, or a link.
        """
        if path not in self._open:
            above = self.find(path.parent)
            self._open[path] = self._opened(above, path.name)
        return self._open[path]

    def make(self, path: WorkspacePath) -> int:
        """The same; what is missing on the way is made."""
        if path in self._open:
            return self._open[path]
        above = self.make(path.parent)
        try:
            self._open[path] = self._opened(above, path.name)
        except FileNotFoundError:
            self._make(above, path)
            self._open[path] = self._opened(above, path.name)
        return self._open[path]

    def has_traces(self) -> bool:
        """Whether a folder that we made or were removing is there."""
        for path, above in self._reachable():
            if _exists(above, self._temps[path]):
                return True
            with suppress(FileNotFoundError, NotADirectoryError):
                if _exists(self.find(path), self._marker):
                    return True
        return False

    def tidy(self) -> None:
        """Remove what a killed process left of making or removing a folder.

        What somebody has put into a folder that was being removed gets its place back.
        """
        for path, above in self._reachable():
            self._drop(above, path)

    def keep(self) -> None:
        """Let the folders that we made be the user's."""
        for path in self._temps:
            with suppress(FileNotFoundError, NotADirectoryError):
                if _exists(folder := self.find(path), self._marker):
                    os.unlink(self._marker, dir_fd=folder)

    def remove(self) -> None:
        """Remove the folders that we made, but for those in which there is something."""
        for path, above in reversed(self._reachable()):
            with suppress(FileNotFoundError, NotADirectoryError):
                self._remove(above, path, self.find(path))

    def sync(self) -> None:
        """Return when the names in all the folders that were used are on the disk."""
        for failure in sync_each(list(self._open.values())):
            if failure is not None:
                raise failure

    def _reachable(self) -> list[tuple[WorkspacePath, int]]:
        """The folders of the landing whose own folder is there, from the top down."""
        found: list[tuple[WorkspacePath, int]] = []
        for path in self._temps:
            with suppress(FileNotFoundError, NotADirectoryError):
                found.append((path, self.find(path.parent)))
        return found

    def _opened(self, above: int, name: str) -> int:
        folder = os.open(name, _FOLDER, dir_fd=above)
        self._stack.callback(os.close, folder)
        return folder

    def _make(self, above: int, path: WorkspacePath) -> None:
        temp = self._temps[path]
        os.mkdir(temp, dir_fd=above)
        folder = os.open(temp, _FOLDER, dir_fd=above)
        try:
            os.close(os.open(self._marker, _NEW, 0o600, dir_fd=folder))
            os.fsync(folder)
        finally:
            os.close(folder)
        try:
            # Of what may have come there meanwhile, this replaces an empty folder at most.
            os.rename(temp, path.name, src_dir_fd=above, dst_dir_fd=above)
        except OSError as error:
            self._drop(above, path)
            if error.errno not in _TAKEN:
                raise

    def _remove(self, above: int, path: WorkspacePath, folder: int) -> None:
        names = os.listdir(folder)
        if self._marker not in names:
            return
        if len(names) > 1:
            os.unlink(self._marker, dir_fd=folder)
            return
        os.rename(path.name, self._temps[path], src_dir_fd=above, dst_dir_fd=above)
        del self._open[path]
        self._drop(above, path)

    def _drop(self, above: int, path: WorkspacePath) -> None:
        """Remove the folder at its temporary name; what somebody has put into it goes back."""
        temp = self._temps[path]
        try:
            folder = os.open(temp, _FOLDER, dir_fd=above)
        except (FileNotFoundError, NotADirectoryError):
            return
        try:
            with suppress(FileNotFoundError):
                os.unlink(self._marker, dir_fd=folder)
            os.rmdir(temp, dir_fd=above)
        except OSError:
            if not os.listdir(folder):
                raise
            give_back(above, temp, path.name)
        finally:
            os.close(folder)


def _above(file: WorkspacePath) -> list[WorkspacePath]:
    return [WorkspacePath(file.parts[:length]) for length in range(1, len(file.parts))]


def _exists(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
