"""The files of an extension in the folder that its author writes it in."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from steward.core.errors import InvalidInputError, PackageRefusedError
from steward.core.package_limits import PACKAGE_BYTES_MAX, PACKAGE_DEPTH_MAX, PACKAGE_FILES_MAX

_LEFT_OUT = frozenset(("__pycache__", "node_modules", "tests", "dist"))
"""Folders that belong to writing an extension and not to what it is."""
_LEFT_OUT_ENDINGS = (".pyc", ".stewardext", "~")
_LOOKED_AT_MAX = 20_000


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """What a package of the folder would hold, and what it would not."""

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    left_out: list[str] = field(default_factory=list[str])
    """Files and folders, relative; each folder once."""


def read_folder(folder: Path) -> FolderFiles:
    """Everything in the folder but hidden files, tests, and what tools left there. Blocks.

    Raises:
        InvalidInputError: there is no such folder.
        PackageRefusedError: it holds a link, or more than a package may.
    """
    if not folder.is_dir():
        raise InvalidInputError(f"There is no folder {str(folder)!r}. Name the extension's own.")
    found = FolderFiles()
    total = 0
    for looked_at, (path, entry) in enumerate(_walk(folder, "", found.left_out, 1)):
        content = _content(Path(entry.path), path)
        found.files[path] = content
        total += len(content)
        if total > PACKAGE_BYTES_MAX or looked_at >= PACKAGE_FILES_MAX:
            raise PackageRefusedError(
                f"The folder {str(folder)!r} holds more than a package may:"
                f" {PACKAGE_FILES_MAX} files, {PACKAGE_BYTES_MAX} bytes. Move what the extension"
                " does not read to a folder `tests` or somewhere else."
            )
    return found


def _walk(
    folder: Path, above: str, left_out: list[str], depth: int
) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    if depth > PACKAGE_DEPTH_MAX:
        raise PackageRefusedError(f"{above!r} lies deeper than {PACKAGE_DEPTH_MAX} folders.")
    with os.scandir(folder) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    if len(listed) > _LOOKED_AT_MAX:
        raise PackageRefusedError(f"{above or '.'!r} holds more than {_LOOKED_AT_MAX} files.")
    for entry in listed:
        path = f"{above}{entry.name}"
        is_folder = entry.is_dir(follow_symlinks=False)
        if _is_left_out(entry.name, is_folder=is_folder):
            left_out.append(f"{path}/" if is_folder else path)
        elif is_folder:
            yield from _walk(folder / entry.name, f"{path}/", left_out, depth + 1)
        else:
            yield path, entry


def _is_left_out(name: str, *, is_folder: bool) -> bool:
    if name.startswith("."):
        return True
    return name in _LEFT_OUT if is_folder else name.endswith(_LEFT_OUT_ENDINGS)


def _content(file: Path, path: str) -> bytes:
    try:
        opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise PackageRefusedError(
            f"{path!r} cannot be read, or is a link: {error.strerror}. A package holds ordinary"
            " files only."
        ) from error
    with os.fdopen(opened, "rb") as reading:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise PackageRefusedError(f"{path!r} is no ordinary file; a package holds no other.")
        return reading.read(PACKAGE_BYTES_MAX + 1)
