"""A workspace and changes of every kind to it, and what it looks like before and after."""

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from steward.workspace.encoding import BOM
from steward.workspace.proposal import FileChange

Seen = dict[str, tuple[str, int, int]]
"""Relative path → content (of a folder: nothing), permissions, number of names."""

CHANGES = (
    FileChange("marked.py", "one\r\ntwo\r\n", "one\r\nTWO\r\n"),
    FileChange("old/gone.py", "gone\n", None),
    FileChange("new/deep/made.py", None, "made\n"),
    FileChange("new/moved.py", "here\n", "there\n", "old/moved.py"),
    FileChange("empty/made.py", None, "made too\n"),
    FileChange("plain.py", "three\n", "THREE\n"),
)
TOUCHED = tuple(path for change in CHANGES for path in change.by_path())
STRANGER = ".steward-fff-0"
"""A file of another landing, which is not ours to touch."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Where it is, and the two ways in which it may be found."""

    root: Path
    old: Seen
    new: Seen

    def afresh(self) -> Path:
        """The workspace as it was before."""
        for entry in self.root.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        fill(self.root)
        return self.root

    def is_whole(self, but: str = "") -> bool:
        """Whether it is all old or all new, apart from one file and the folders above it."""
        seen = _without(seen_in(self.root), but)
        return seen in (_without(self.old, but), _without(self.new, but))


def make_sample(root: Path) -> Sample:
    """The workspace in a new folder."""
    root.mkdir()
    fill(root)
    old = seen_in(root)
    new = {path: seen for path, seen in old.items() if not path.startswith("old/")}
    new |= {
        "marked.py": (f"{BOM}one\r\nTWO\r\n", 0o755, 1),
        "plain.py": ("THREE\n", 0o644, 1),
        "new": ("", 0o755, 0),
        "new/deep": ("", 0o755, 0),
        "new/deep/made.py": ("made\n", 0o644, 1),
        "new/moved.py": ("there\n", 0o600, 1),
        "empty/made.py": ("made too\n", 0o644, 1),
    }
    return Sample(root, old, new)


def fill(root: Path) -> None:
    """Write the files as they are before."""
    for name, text, mode in (
        ("marked.py", f"{BOM}one\r\ntwo\r\n", 0o755),
        ("plain.py", "three\n", 0o644),
        ("old/gone.py", "gone\n", 0o644),
        ("old/moved.py", "here\n", 0o600),
        ("kept.txt", "kept", 0o444),
        (STRANGER, "not ours", 0o644),
    ):
        file = root / name
        file.parent.mkdir(exist_ok=True)
        file.parent.chmod(0o755)
        file.write_bytes(text.encode())
        file.chmod(mode)
    (root / "empty").mkdir()
    (root / "empty").chmod(0o755)


def seen_in(root: Path) -> Seen:
    """Everything that is there."""
    seen: Seen = {}
    for path in root.rglob("*"):
        found = path.lstat()
        is_file = stat.S_ISREG(found.st_mode)
        content = path.read_bytes().decode() if is_file else ""
        mode, links = stat.S_IMODE(found.st_mode), found.st_nlink if is_file else 0
        seen[str(path.relative_to(root))] = (content, mode, links)
    return seen


def save_in_place(path: Path, text: str) -> None:
    """As many editors save: the file stays the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def save_by_renaming(path: Path, text: str) -> None:
    """As other editors save: a new file takes the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name("~saving")
    beside.write_text(text)
    os.replace(beside, path)


def _without(seen: Seen, path: str) -> Seen:
    return {name: each for name, each in seen.items() if not f"{path}/".startswith(f"{name}/")}
