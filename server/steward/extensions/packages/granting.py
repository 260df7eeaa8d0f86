"""In which row a yes is written down, and what is said where there is none to be given."""

from steward.core.errors import (
    NotFoundError,
    NotPermittedError,
    PackageRefusedError,
    StaleError,
)
from steward.extensions.packages.installed import Installed
from steward.extensions.packages.kept import SHIPPED
from steward.extensions.packages.replacing import blank
from steward.extensions.packages.rows import Books
from steward.extensions.packages.standing import ASKS
from steward.extensions.packages.tables import ExtensionRow


def granting(books: Books, read: Installed) -> tuple[ExtensionRow, bool]:
    """The row in which a yes to this package is written, and whether it begins with it.

    Raises:
        StaleError: another release took its place while its person read, or it was removed.
    """
    extension = read.manifest.id
    known = books.extension(extension)
    if known is None:
        if not read.is_shipped:
            raise another(extension)
        return blank(books, extension, SHIPPED), True
    row, is_ours = known
    if not is_ours:  # Nothing that somebody else wrote is sealed, not even its settings.
        return blank(books, extension, SHIPPED if read.is_shipped else "file"), True
    # Of one that comes with Steward the row names the package that was there at the last yes.
    if not read.is_shipped and row.digest != read.digest:
        raise another(extension)
    return row, False


def unknown(extension: str) -> NotFoundError:
    """There is no such extension."""
    return NotFoundError(
        f"No extension {extension!r} is installed. `steward extension list` shows those that are,"
        " `steward extension search` finds others."
    )


def unasked(extension: str) -> NotPermittedError:
    """Its person has not said yes to what it wants."""
    return NotPermittedError(f"{extension!r} cannot be enabled: {ASKS}.")


def another(extension: str) -> StaleError:
    """Its person said yes to something else."""
    return StaleError(
        f"Nothing was allowed: {extension!r} is not any more what you have read. Look at it again"
        f" with `steward extension info {extension}`."
    )


def reserved(extension: str) -> PackageRefusedError:
    """It bears the publisher's name of what is shipped."""
    return PackageRefusedError(
        f"{extension!r} bears the name of Steward itself, and only extensions that come with it"
        " may. Its author must choose another publisher."
    )
