"""A package read: its archive, what was signed of it, its manifest, and whether all of it fits.

Everything happens in memory on one copy of the bytes, so what was checked is what is installed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from steward.core.errors import PackageRefusedError
from steward.extensions.manifest import MANIFEST_NAME, Manifest
from steward.extensions.packages.archive import read_archive, write_archive
from steward.extensions.packages.consistency import check
from steward.extensions.packages.manifest_file import read_manifest
from steward.extensions.packages.signing import is_signed, public_of, signature_of
from steward.extensions.packages.statement import (
    SIGNATURE_NAME,
    STATEMENT_NAME,
    Rotation,
    Statement,
    digests,
    parsed,
    publisher_of,
    sequence_of,
)

SUFFIX = ".stewardext"


@dataclass(frozen=True, slots=True)
class Verified:
    """A package that is what its publisher signed. Whose key that is, is another question."""

    manifest: Manifest
    files: Mapping[str, bytes]
    """Path → content."""
    content: bytes
    """The archive itself."""
    digest: str
    """Its SHA-256."""
    key: str
    sequence: int
    rotations: tuple[Rotation, ...]

    @property
    def publisher(self) -> str:
        """The publisher in its id, to whom a key belongs."""
        return publisher_of(self.manifest.id)


@dataclass(frozen=True, slots=True)
class Author:
    """Who packs: a private key, and how the publisher came to it."""

    seed: bytes
    rotations: tuple[Rotation, ...] = ()


def pack(files: Mapping[str, bytes], author: Author, sequence: int | None = None) -> bytes:
    """The package of these files: path → content. The same gives the same bytes, anywhere.

    Raises:
        InvalidInputError: the manifest cannot be taken, or does not fit the files.
        PackageRefusedError: a package cannot hold them.
    """
    if MANIFEST_NAME not in files:
        raise PackageRefusedError(
            f"There is no {MANIFEST_NAME}, which says what the extension is; `steward extension"
            " new` makes one."
        )
    manifest = read_manifest(files[MANIFEST_NAME])
    check(manifest, files)
    own = publisher_of(manifest.id)
    statement = Statement(
        id=manifest.id,
        version=manifest.version,
        sequence=sequence or sequence_of(manifest.version),
        key=public_of(author.seed),
        manifest=digests(files)[MANIFEST_NAME],
        files=digests(files),
        rotations=tuple(each for each in author.rotations if each.publisher == own),
    )
    text = statement.spelled()
    signature = signature_of(author.seed, "package", text)
    signed = {STATEMENT_NAME: text.encode(), SIGNATURE_NAME: signature.encode()}
    return write_archive({**files, **signed})


def verified(content: bytes) -> Verified:
    """The package in these bytes.

    Raises:
        PackageRefusedError: it is not one, nobody signed it, or not this.
        InvalidInputError: its manifest cannot be taken by this version.
    """
    files = read_archive(content)
    said, signature = files.pop(STATEMENT_NAME, None), files.pop(SIGNATURE_NAME, None)
    if said is None or signature is None:
        raise PackageRefusedError(
            "Nobody signed this package. Ask its publisher for one that `steward extension pack`"
            " made."
        )
    statement = parsed(Statement, said, "What was signed of the package")
    is_theirs = is_signed(
        statement.key, "package", statement.spelled(), signature.decode("ascii", "replace")
    )
    # `fromhex` takes spaces and capitals; the signature has one spelling too.
    if not is_theirs or signature != bytes.fromhex(signature.decode()).hex().encode():
        raise _changed(statement.id, "its signature is not that of its key")
    if statement.files != digests(files):
        raise _changed(statement.id, "its files are not those that were signed")
    if not all(each.is_valid() for each in statement.rotations):
        raise _changed(statement.id, "a change of its publisher's key was not signed")
    return _whole(statement, files, content)


def _whole(statement: Statement, files: Mapping[str, bytes], content: bytes) -> Verified:
    if MANIFEST_NAME not in files or statement.files[MANIFEST_NAME] != statement.manifest:
        raise _changed(statement.id, "its manifest is not the one that was signed")
    manifest = read_manifest(files[MANIFEST_NAME])
    if (manifest.id, manifest.version) != (statement.id, statement.version):
        raise _changed(statement.id, "its manifest names another extension or version")
    check(manifest, files)
    return Verified(
        manifest=manifest,
        files=files,
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
        key=statement.key,
        sequence=statement.sequence,
        rotations=statement.rotations,
    )


def _changed(extension: str, why: str) -> PackageRefusedError:
    return PackageRefusedError(
        f"The package {extension!r} was refused: {why}. It was changed after it was signed, or"
        " damaged on its way. Get it again, and tell its publisher if it stays so."
    )
