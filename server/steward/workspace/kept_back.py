"""What a person keeps from models by name, found on the disk: for whoever hides it from a program.

Only `.stewardignore` counts here. What git ignores is built, installed or logged, and a program
may need it.
"""

import os
from pathlib import Path

from steward.core.errors import LimitError
from steward.core.limits import JAIL_ENTRIES_MAX
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.paths import WorkspacePath

_OTHERS = frozenset({".git", "site-packages", "node_modules"})
"""Folders of git's and of other people's published code: kept as a whole or not at all."""


def kept_back(root: Path, oracle: IgnoreOracle) -> frozenset[str]:
    """The files and folders that `.stewardignore` names, relative; of a folder only itself. Blocks.

    Raises:
        LimitError: the workspace has too many files to look through.
    """
    found: set[str] = set()
    entries = 0
    for parent, folders, files in os.walk(root):
        entries += len(folders) + len(files)
        if entries > JAIL_ENTRIES_MAX:
            raise LimitError(
                f"The workspace has more than {JAIL_ENTRIES_MAX} files and folders, too many to"
                " keep back from a command what `.stewardignore` names; open a smaller folder."
            )
        at = WorkspacePath(Path(parent).relative_to(root).parts)
        below = [(at.child(name), True) for name in folders]
        kept = oracle.kept_by_person(at, [*below, *((at.child(name), False) for name in files)])
        found.update(map(str, kept))
        folders[:] = [
            path.name for path, _ in below if path not in kept and path.name not in _OTHERS
        ]
    return frozenset(found)
