"""Which files stand nearest to one: open or used lately, beside it, or named like it."""

import asyncio
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path, PurePosixPath

from steward.context.cursor import Cursor
from steward.core.clock import Clock
from steward.core.errors import StewardError
from steward.core.limits import NEIGHBOUR_FOLDER_MAX, NEIGHBOURS_MAX
from steward.syntax.language import PLAIN, language_of
from steward.workspace.listing import entries_of
from steward.workspace.paths import WorkspacePath
from steward.workspace.workspace import Workspace

_USED_MAX = 50
_OPEN_MAX = 12
"""Neighbours that are open or were used; the others are found in the folders."""
_FOLDER_KEPT_S = 5.0
_FOLDERS_KEPT_MAX = 64
_TEST_FOLDERS = ("tests", "test", "__tests__", "spec")
_TEST_WORDS = frozenset({"test", "tests", "spec", "specs"})
_FAMILIES = {
    "cpp": "c",
    "javascriptreact": "javascript",
    "typescript": "javascript",
    "typescriptreact": "javascript",
    "jsonc": "json",
}
"""Languages whose files use each other."""
_NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")


class Neighbours:
    """Finds the neighbours of files of one workspace."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._workspace = workspace
        self._clock = clock
        self._used: dict[WorkspacePath, None] = {}
        self._folders: dict[WorkspacePath, tuple[float, tuple[WorkspacePath, ...]]] = {}

    async def of(self, cursor: Cursor) -> tuple[WorkspacePath, ...]:
        """Files of the cursor's family of languages, nearest first; the oracle is not asked."""
        own = self._parsed(cursor.path)
        if own is None:
            return ()
        self._note_use(own)
        family = _family(own, cursor.language_id)
        used = [*self._opened(), *self._used]
        near = _distinct((path for path in reversed(used) if _family(path) == family), own)
        beside = _distinct(
            (path for path in await self._beside(own) if _family(path) == family),
            own,
        )
        return tuple(_distinct([*near[:_OPEN_MAX], *beside], own)[:NEIGHBOURS_MAX])

    def _opened(self) -> list[WorkspacePath]:
        found = [self._parsed(str(path)) for path in self._workspace.editor.open_paths()]
        return [path for path in found if path is not None]

    def _parsed(self, path: str) -> WorkspacePath | None:
        return _parsed(path, self._workspace.root)

    def _note_use(self, path: WorkspacePath) -> None:
        self._used.pop(path, None)
        self._used[path] = None
        if len(self._used) > _USED_MAX:
            del self._used[next(iter(self._used))]

    async def _beside(self, own: WorkspacePath) -> list[WorkspacePath]:
        """The files beside it and where its tests may be, those named like it first."""
        here, *elsewhere = _folders_of(own)
        name = _name_parts(own)
        found = [(_likeness(name, path), True, path) for path in await self._files_in(here)]
        for folder in elsewhere:
            found += [
                (likeness, False, path)
                for path in await self._files_in(folder)
                if (likeness := _likeness(name, path)) >= 0.5
            ]
        found.sort(key=lambda one: (-one[0], not one[1], one[2]))
        return [path for _, _, path in found]

    async def _files_in(self, folder: WorkspacePath) -> tuple[WorkspacePath, ...]:
        now_s = self._clock.monotonic_s()
        known = self._folders.get(folder)
        if known is not None and now_s - known[0] < _FOLDER_KEPT_S:
            return known[1]
        root = self._workspace.root
        entries = await asyncio.to_thread(entries_of, root, folder, NEIGHBOUR_FOLDER_MAX)
        files = tuple(path for path, is_folder in entries if not is_folder)
        self._folders.pop(folder, None)
        self._folders[folder] = (now_s, files)
        if len(self._folders) > _FOLDERS_KEPT_MAX:
            del self._folders[next(iter(self._folders))]
        return files


@lru_cache(maxsize=512)
def _parsed(path: str, root: Path) -> WorkspacePath | None:
    # The same paths come with every key, and a path is not checked in no time.
    try:
        return WorkspacePath.parse(path, root)
    except StewardError:
        return None


def _folders_of(own: WorkspacePath) -> list[WorkspacePath]:
    """Its folder, and those in which its tests are, or what it tests."""
    names = own.parent.parts
    folders = [names, *((*names, test) for test in _TEST_FOLDERS)]
    if names and names[-1] in _TEST_FOLDERS:
        folders.append(names[:-1])
    if names and names[0] in _TEST_FOLDERS:
        folders += [names[1:], ("src", *names[1:])]
    else:
        folders += [("tests", *names[skipped:]) for skipped in range(min(3, len(names) + 1))]
    return [WorkspacePath(parts) for parts in dict.fromkeys(folders)]


def _family(path: WorkspacePath, language_id: str = "") -> str:
    language = language_of(str(path), language_id)
    if language is PLAIN:
        return PurePosixPath(path.name).suffix or path.name
    return _FAMILIES.get(language.name, language.name)


def _name_parts(path: WorkspacePath) -> frozenset[str]:
    parts = {part.casefold() for part in _NAME_PART.findall(path.name.partition(".")[0])}
    return frozenset(parts - _TEST_WORDS)


def _likeness(name: frozenset[str], path: WorkspacePath) -> float:
    """From 0 to 1, how much of two names is the same."""
    other = _name_parts(path)
    return len(name & other) / (len(name | other) or 1)


def _distinct(paths: Iterable[WorkspacePath], own: WorkspacePath) -> list[WorkspacePath]:
    return [path for path in dict.fromkeys(paths) if path != own]
