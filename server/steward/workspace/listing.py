"""The files of a workspace that a model may see, found without following any link.

Blocks: call it on a thread.
"""

import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from steward.core.errors import StewardError
from steward.core.limits import FILES_LISTED_MAX, FOLDER_DEPTH_MAX
from steward.workspace.files import open_folder
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.paths import WorkspacePath, is_plain_name

_TOP = WorkspacePath(())
_REASONS_MAX = 10


@dataclass(frozen=True, slots=True)
class Listing:
    """What was found, nearest to the top first, and whether that is everything."""

    files: tuple[WorkspacePath, ...]
    is_complete: bool
    kept_back: int = 0
    """Files and folders that the oracle keeps from models; what is in such a folder is not
    counted."""
    reasons: tuple[str, ...] = ()
    """Why, for the first of them."""
    folders: tuple[WorkspacePath, ...] = ()
    """Folders at the depth where it ended, which may hold more."""


@dataclass(slots=True)
class _Search:
    """A listing as it grows."""

    root: Path
    oracle: IgnoreOracle
    limit: int
    depth: int
    looks: int
    files: list[WorkspacePath] = field(default_factory=list[WorkspacePath])
    reasons: list[str] = field(default_factory=list[str])
    deeper: list[WorkspacePath] = field(default_factory=list[WorkspacePath])
    kept_back: int = 0
    is_complete: bool = True

    def enter(self, folder: WorkspacePath) -> list[WorkspacePath]:
        """Take what is in the folder, and give the folders to enter next."""
        entries = entries_of(self.root, folder, self.looks)
        self.looks -= len(entries)
        below: list[WorkspacePath] = []
        verdicts = self.oracle.within(folder, entries)
        for path, is_folder in entries:
            reason = verdicts[path]
            if reason is not None:
                self.kept_back += 1
                self.reasons += [reason] if len(self.reasons) < _REASONS_MAX else []
            elif is_folder:
                below.append(path)
            elif len(self.files) < self.limit:
                self.files.append(path)
            else:
                self.is_complete = False
                return []
        return below

    @property
    def is_over(self) -> bool:
        return self.looks <= 0 or (not self.is_complete and len(self.files) >= self.limit)

    def found(self, *, is_complete: bool) -> Listing:
        return Listing(
            tuple(self.files),
            is_complete and self.is_complete,
            self.kept_back,
            tuple(self.reasons),
            tuple(self.deeper),
        )


def list_files(
    root: Path,
    oracle: IgnoreOracle,
    limit: int = FILES_LISTED_MAX,
    goes_on: Callable[[], bool] = lambda: True,
    *,
    folder: WorkspacePath = _TOP,
    depth: int = FOLDER_DEPTH_MAX,
) -> Listing:
    """Regular files of the workspace that the oracle allows, at most `limit`.

    Folders, links, devices and what cannot be a path of ours are left out. Ten times `limit`
    entries are looked at, at most. It ends early when `goes_on`, asked before each folder, says no.
    `folder` must be one that the oracle allows; `depth` folders below it are entered, itself
    included.
    """
    search = _Search(root, oracle, limit, depth, limit * 10)
    folders = deque([folder])
    while folders:
        if not goes_on():
            return search.found(is_complete=False)
        at = folders.popleft()
        if len(at.parts) >= FOLDER_DEPTH_MAX:
            search.is_complete = False
            continue
        if len(at.parts) - len(folder.parts) >= depth:
            search.deeper.append(at)
            continue
        folders += search.enter(at)
        if search.is_over:
            return search.found(is_complete=False)
    return search.found(is_complete=True)


def entries_of(root: Path, folder: WorkspacePath, most: int) -> list[tuple[WorkspacePath, bool]]:
    """The files and folders in a folder, each with whether it is a folder; sorted, at most `most`.

    The oracle is not asked. A folder that cannot be read has none.
    """
    entries: list[tuple[str, bool]] = []
    try:
        with open_folder(root, folder) as opened, os.scandir(opened) as scan:
            for entry in scan:
                is_folder = entry.is_dir(follow_symlinks=False)
                if is_folder or entry.is_file(follow_symlinks=False):
                    entries.append((entry.name, is_folder))
                if len(entries) >= most:
                    break
    except OSError:
        # It went away, became a link, or is not ours to read: it has nothing to list.
        return []
    return [
        (path, is_folder)
        for name, is_folder in sorted(entries)
        if (path := _path(folder, name)) is not None
    ]


def _path(folder: WorkspacePath, name: str) -> WorkspacePath | None:
    if is_plain_name(name):
        return folder.child(name)
    try:
        return WorkspacePath.parse("/".join((*folder.parts, name)))
    except StewardError:
        return None
