"""The extensions that come with Steward: trusted by where they are and by a list made at build.

They lie beside the code, where only whoever may change the code can write. A wheel holds a list of
their digests, made when it was built, so that a file that was changed since is noticed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steward.core.audit import canonical
from steward.core.errors import PackageRefusedError, UnavailableError
from steward.core.package_limits import STATEMENT_BYTES_MAX
from steward.extensions.manifest import MANIFEST_NAME, Manifest
from steward.extensions.packages.consistency import check
from steward.extensions.packages.folder import read_folder
from steward.extensions.packages.manifest_file import read_manifest
from steward.extensions.packages.statement import digests

PUBLISHER = "steward"
"""The publisher of all shipped extensions; nobody else may bear the name."""
LIST_NAME = "digests.json"


@dataclass(frozen=True, slots=True)
class Shipped:
    """One shipped extension."""

    manifest: Manifest
    files: Mapping[str, bytes]
    digest: str
    """SHA-256 of its list of files."""


def shipped_places() -> tuple[Path, ...]:
    """Where they may be, the first that exists counts: in a wheel, or at the top of a checkout."""
    package = Path(__file__).parents[2]
    return package / "_extensions", package.parents[1] / "extensions"


def digest_of(files: Mapping[str, bytes]) -> str:
    """The digest of what lies in a folder: path → content."""
    return hashlib.sha256(canonical(digests(files)).encode()).hexdigest()


def shipped_ids(folder: Path | None) -> tuple[str, ...]:
    """The ids of those in the folder, without reading them."""
    if folder is None:
        return ()
    found = (each.parent.name for each in folder.glob(f"*/{MANIFEST_NAME}"))
    return tuple(sorted(f"{PUBLISHER}.{name}" for name in found))


def load_shipped(folder: Path | None, extension: str) -> Shipped | None:
    """The shipped extension of this id; None if there is none. Blocks.

    Raises:
        InvalidInputError: what lies there is none.
        PackageRefusedError: it is not what was built.
    """
    publisher, _, name = extension.partition(".")
    if folder is None or publisher != PUBLISHER or extension not in shipped_ids(folder):
        return None
    files = read_folder(folder / name).files
    built = _built(folder)
    if built is not None:
        mine = {f"{name}/{path}": digest for path, digest in digests(files).items()}
        if mine != {path: each for path, each in built.items() if path.startswith(f"{name}/")}:
            raise PackageRefusedError(
                f"The shipped extension {extension!r} is not what was built with this Steward:"
                " somebody changed its files. Install Steward again."
            )
    manifest = read_manifest(files[MANIFEST_NAME])
    check(manifest, files)
    if manifest.id != extension:
        raise PackageRefusedError(
            f"The shipped extension in {name!r} calls itself {manifest.id!r}; it must be"
            f" {extension!r}."
        )
    return Shipped(manifest, files, digest_of(files))


def _built(folder: Path) -> Mapping[str, str] | None:
    """Path → SHA-256 as it was built; None in a checkout, where they are written."""
    file = folder / LIST_NAME
    if not file.is_file():
        return None
    try:
        with file.open("rb") as opened:
            content = opened.read(STATEMENT_BYTES_MAX)
        return {str(name): str(digest) for name, digest in json.loads(content).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise UnavailableError(
            f"The list of shipped extensions, {str(file)!r}, cannot be read. Install Steward again."
        ) from error
