"""The files of a workspace that a model may see, found without following any link.

Blocks: call it on a thread.
"""

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from steward.core.errors import StewardError
from steward.core.limits import FILES_LISTED_MAX, FOLDER_DEPTH_MAX
from steward.workspace.files import open_folder
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.paths import WorkspacePath


@dataclass(frozen=True, slots=True)
class Listing:
    """What was found, nearest to the top first, and whether that is everything."""

    files: tuple[WorkspacePath, ...]
    is_complete: bool


def list_files(root: Path, oracle: IgnoreOracle, limit: int = FILES_LISTED_MAX) -> Listing:
    """Regular files of the workspace that the oracle allows, at most `limit`.

    Folders, links, devices and what cannot be a path of ours are left out. Ten times `limit`
    entries are looked at, at most.
    """
    found: list[WorkspacePath] = []
    looks = limit * 10
    folders = deque([WorkspacePath(())])
    is_complete = True
    while folders:
        folder = folders.popleft()
        if len(folder.parts) >= FOLDER_DEPTH_MAX:
            is_complete = False
            continue
        entries = _entries(root, folder, looks)
        looks -= len(entries)
        for path, is_folder in entries:
            if oracle.why_not(path, is_folder=is_folder) is not None:
                continue
            if is_folder:
                folders.append(path)
            elif len(found) < limit:
                found.append(path)
            else:
                return Listing(tuple(found), is_complete=False)
        if looks <= 0:
            return Listing(tuple(found), is_complete=False)
    return Listing(tuple(found), is_complete)


def _entries(root: Path, folder: WorkspacePath, most: int) -> list[tuple[WorkspacePath, bool]]:
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
    try:
        return WorkspacePath.parse("/".join((*folder.parts, name)))
    except StewardError:
        return None
