"""Whether a package may take the place of what is installed, decided where the row is written."""

from steward.core.errors import LimitError, PackageRefusedError
from steward.core.package_limits import EXTENSIONS_MAX
from steward.extensions.packages.package import Verified
from steward.extensions.packages.rows import Books
from steward.extensions.packages.statement import Rotation, publisher_of
from steward.extensions.packages.tables import ExtensionRow


def replaceable(books: Books, package: Verified) -> ExtensionRow:
    """The row that is to be changed, where this package may take its place.

    Raises:
        PackageRefusedError: its key was revoked or is not the publisher's, or it is older.
        LimitError: enough is installed already.
    """
    extension = package.manifest.id
    check_key(books, extension, package.key, package.rotations)
    known = books.extension(extension)
    if known is None:
        if len(books.extensions()) >= EXTENSIONS_MAX:
            raise LimitError(f"{EXTENSIONS_MAX} extensions are installed; remove one first.")
        return blank(books, package.manifest.id, "file")
    row, is_ours = known
    is_again = row.digest == package.digest
    if package.sequence < row.sequence or (
        not is_again
        and (package.sequence == row.sequence or row.version == package.manifest.version)
    ):
        raise PackageRefusedError(
            f"{extension} {package.manifest.version} is not newer than what is installed,"
            f" {row.version}. An older release may have faults that were mended since; to have"
            f" it nevertheless, run `steward extension remove {extension}` first."
        )
    return row if is_ours else blank(books, package.manifest.id, "file")


def check_key(books: Books, extension: str, key: str, rotations: tuple[Rotation, ...]) -> None:
    """Let a key pass that is its publisher's, and remember it where it is their first.

    Raises:
        PackageRefusedError: it was revoked, or the publisher has another one.
    """
    if key in books.revoked():
        raise PackageRefusedError(
            f"The key that signed {extension!r} was revoked: a registry says that it was lost or"
            " stolen. Ask the publisher for a release with their new key."
        )
    books.pin(publisher_of(extension), key, rotations)


def blank(books: Books, extension: str, source: str) -> ExtensionRow:
    """A row of somebody who has just said yes; what it is about is filled in by the caller."""
    return ExtensionRow(
        tenant_id=books.principal.tenant_id,
        user=books.principal.user,
        id=extension,
        version="",
        digest="",
        key="",
        sequence=0,
        source=source,
        granted="[]",
        state="enabled",
        config="{}",
        installed_at=books.now,
        decided_at=books.now,
        seal="",
    )
