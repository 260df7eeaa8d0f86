"""The map itself: which file defines what, and which mentions what.

Only the event loop changes it. Every value is replaced and never changed, so a thread may look
things up meanwhile.
"""

from steward.context.map.mapped_file import MappedFile
from steward.context.map.names import Key
from steward.context.map.paths import Paths


class Index:
    """Mapped files, and where each name is defined."""

    def __init__(self) -> None:
        self.paths = Paths()
        """Every file that is or will be mapped."""
        self.age = 0
        """Rises whenever the names that a file defines have changed."""
        self._files: dict[str, MappedFile] = {}
        self._definers: dict[Key, str | tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._files)

    def file(self, path: str) -> MappedFile | None:
        """The file as it is known; `None` where it was not read yet."""
        return self._files.get(path)

    def definers(self, name: Key) -> tuple[str, ...]:
        """The files that define a name."""
        found = self._definers.get(name, ())
        return (found,) if isinstance(found, str) else found

    def put(self, file: MappedFile) -> None:
        """Know a file, or know it better."""
        known = self._files.get(file.path)
        if known is None or known.defined != file.defined:
            self.age += 1
            self._undefine(known)
            for name in file.defined:
                before = self.definers(name)
                self._definers[name] = (*before, file.path) if before else file.path
        self._files[file.path] = file
        self.paths.add(file.path)

    def drop(self, path: str) -> None:
        """Know nothing of a file any more."""
        self.age += 1
        self._undefine(self._files.pop(path, None))
        self.paths.remove(path)

    def _undefine(self, file: MappedFile | None) -> None:
        if file is None:
            return
        for name in file.defined:
            left = [path for path in self.definers(name) if path != file.path]
            if left:
                self._definers[name] = tuple(left) if len(left) > 1 else left[0]
            else:
                self._definers.pop(name, None)
