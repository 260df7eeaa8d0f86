"""The packages on the disk: the archives that were verified, and those that come with Steward."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from steward.core.errors import PackageRefusedError
from steward.core.package_limits import EXTENSIONS_MAX, PACKAGE_BYTES_MAX
from steward.core.private_files import read_private, write_private
from steward.extensions.manifest import Manifest
from steward.extensions.packages.package import SUFFIX, Verified, verified
from steward.extensions.packages.shipped import load_shipped, shipped_ids
from steward.extensions.packages.tables import ExtensionRow

SHIPPED = "shipped"
"""The source of an extension that comes with Steward."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where packages are."""

    folder: Path
    """Of installed ones; made when the first is installed."""
    shipped: tuple[Path, ...] = ()
    """Of those that come with Steward: the first of these that exists."""


@dataclass(frozen=True, slots=True)
class Read:
    """A package as it lies there."""

    manifest: Manifest
    files: Mapping[str, bytes]
    digest: str
    key: str = ""
    """The publisher's; empty where it is shipped."""
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """Reads and writes them. Everything here blocks."""

    place: Place
    _read: dict[str, Read] = field(default_factory=dict[str, Read])
    """By digest, so that a package is checked once in a process."""

    def shipped_ids(self) -> tuple[str, ...]:
        """The ids of those that come with Steward."""
        return shipped_ids(self._shipped_folder())

    def shipped(self, extension: str) -> Read | None:
        """One of these; None if there is none of this id."""
        found = load_shipped(self._shipped_folder(), extension)
        return None if found is None else Read(found.manifest, found.files, found.digest)

    def of(self, row: ExtensionRow) -> Read | None:
        """The package that a row is about, if it is still the one that was verified.

        Raises:
            PackageRefusedError: it is gone, or another one.
        """
        if row.source == SHIPPED:
            return self.shipped(row.id)
        file = self._file(row.id, row.version, row.digest)
        content = read_private(file, PACKAGE_BYTES_MAX + 1)
        if content is None or hashlib.sha256(content).hexdigest() != row.digest:
            raise PackageRefusedError(
                f"What lies in {str(file)!r} is not what was installed. Install {row.id!r} again."
            )
        if row.digest not in self._read:
            package = verified(content)
            if len(self._read) >= EXTENSIONS_MAX:
                self._read.clear()
            self._read[row.digest] = Read(
                package.manifest, package.files, package.digest, package.key, package.sequence
            )
        return self._read[row.digest]

    def write(self, package: Verified) -> None:
        """Keep a package under its digest: whatever the books say, no other is written over."""
        file = self._file(package.manifest.id, package.manifest.version, package.digest)
        write_private(file, package.content, may_replace=True)

    def sweep(self, extension: str, kept: str | None) -> None:
        """Remove every package of an extension but the one of this digest."""
        folder = self.place.folder / extension
        for file in folder.glob(f"*/*{SUFFIX}"):
            if kept is None or file.name != f"{kept[:16]}{SUFFIX}":
                file.unlink(missing_ok=True)
        for empty in (*folder.glob("*"), folder):
            if empty.is_dir() and not any(empty.iterdir()):
                empty.rmdir()

    def _shipped_folder(self) -> Path | None:
        return next((each for each in self.place.shipped if each.is_dir()), None)

    def _file(self, extension: str, version: str, digest: str) -> Path:
        return self.place.folder / extension / version / f"{digest[:16]}{SUFFIX}"
