"""Where the repository around a folder is, found without running git."""

import os
from dataclasses import dataclass
from pathlib import Path

from steward.core.limits import PATH_CHARS_MAX

_FOLDERS_UP_MAX = 64


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The working tree that a folder is in, and where its shared configuration lies."""

    top: Path
    common: Path
    """Holds `info/exclude`; for a worktree it is the main repository's."""


def surroundings(folder: Path) -> Surroundings | None:
    """The innermost working tree that holds the folder; `None` outside of every one.

    Blocks: call it on a thread.
    """
    top = Path(os.path.realpath(folder))
    for _ in range(_FOLDERS_UP_MAX):
        git = _git_folder(top / ".git")
        if git is not None:
            return Surroundings(top, git)
        if top.parent == top:
            return None
        top = top.parent
    return None


def _git_folder(dot_git: Path) -> Path | None:
    """What `.git` leads to, if it is a repository's (gitrepository-layout, "commondir")."""
    folder = dot_git
    if dot_git.is_file():
        kind, _, named = _line(dot_git).partition(": ")
        if kind != "gitdir":
            return None
        folder = dot_git.parent / named
    if not (folder / "HEAD").exists():
        return None
    shared = _line(folder / "commondir")
    return folder / shared if shared else folder


def _line(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="surrogateescape") as opened:
            return opened.readline(PATH_CHARS_MAX).rstrip("\r\n")
    except OSError:
        return ""
