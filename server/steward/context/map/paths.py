"""The files of a workspace, found by how their names end."""

import sys
from collections.abc import Iterable

_PACKAGE_STEMS = frozenset({"__init__", "index", "mod", "init", "lib"})
"""Files that stand for their folder."""
_SOURCE_FOLDERS = frozenset({"src", "lib"})
"""Folders that no import names."""

Parts = tuple[str, ...]


class Paths:
    """Which files there are.

    A thread may look something up while the event loop adds a file: what it looks at is copied in
    one step. That a file comes or goes costs the same however many share its name or folder.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[Parts, ...]] = {}
        self._by_end: dict[str, dict[str, None]] = {}
        self._by_folder: dict[str, dict[str, None]] = {}
        self._folders: dict[str, dict[str, None]] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._known

    def __len__(self) -> int:
        return len(self._known)

    def add(self, path: str) -> None:
        """Know one file more."""
        if path in self._known:
            return
        self._known[path] = spellings = _spellings(path)
        for end in {spelling[-1] for spelling in spellings}:
            self._by_end.setdefault(end, {})[path] = None
        folder = folder_of(path)
        if folder not in self._by_folder:
            name = folder.rpartition("/")[2]
            self._folders.setdefault(name, {})[folder] = None
        self._by_folder.setdefault(folder, {})[path] = None

    def remove(self, path: str) -> None:
        """Forget a file."""
        for end in {spelling[-1] for spelling in self._known.pop(path, ())}:
            _take_out(self._by_end, end, path)
        folder = folder_of(path)
        _take_out(self._by_folder, folder, path)
        if folder not in self._by_folder:
            _take_out(self._folders, folder.rpartition("/")[2], folder)

    def all(self) -> tuple[str, ...]:
        """Every file."""
        return tuple(self._known)

    def in_folder(self, folder: str) -> tuple[str, ...]:
        """The files that lie in a folder, not those below it."""
        return tuple(self._by_folder.get(folder, ()))

    def first_of(self, candidates: Iterable[str]) -> str | None:
        """The first of these that there is."""
        return next((path for path in candidates if path in self._known), None)

    def ending(self, tail: Parts, near: str, suffixes: Parts) -> str | None:
        """The file whose path ends in these names, its suffix and `index` or the like left out.

        Of several, the one that shares most of its folders with `near`, then the shortest.
        """
        if not tail:
            return None
        found = [
            path
            for path in tuple(self._by_end.get(tail[-1], ()))
            if path.endswith(suffixes)
            and any(spelling[-len(tail) :] == tail for spelling in self._known.get(path, ()))
        ]
        return min(found, key=lambda path: (-shared_folders(path, near), len(path)), default=None)

    def folder_ending(self, tail: Parts, near: str) -> str | None:
        """The folder, with files in it, whose path ends in as many of these names as can be had."""
        called = tuple(self._folders.get(tail[-1], ())) if tail else ()
        for begin in range(len(tail) if called else 0):
            end = "/" + "/".join(tail[begin:])
            found = [folder for folder in called if f"/{folder}".endswith(end)]
            if found:
                return min(found, key=lambda folder: (-shared_folders(folder, near), len(folder)))
        return None


def folder_of(path: str) -> str:
    """The folder of a path; empty for the workspace itself."""
    return path.rpartition("/")[0]


def shared_folders(path: str, other: str) -> int:
    """How many folders two paths have in common, from the top."""
    count = 0
    for mine, theirs in zip(path.split("/")[:-1], other.split("/")[:-1], strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _spellings(path: str) -> tuple[Parts, ...]:
    """What an import may call the file: its names, and its folder's where it stands for that."""
    *folders, name = map(sys.intern, path.split("/"))
    stem = sys.intern(name.partition(".")[0] or name)
    spellings: list[Parts] = [(*folders, stem)]
    if stem in _PACKAGE_STEMS and folders:
        spellings.append(tuple(folders))
        if folders[-1] in _SOURCE_FOLDERS and len(folders) > 1:
            spellings.append(tuple(folders[:-1]))
    return tuple(spellings)


def _take_out(where: dict[str, dict[str, None]], key: str, path: str) -> None:
    there = where.get(key, {})
    there.pop(path, None)
    if not there:
        where.pop(key, None)
