"""The registry that a team runs: a folder, which any web server can hand out as it is.

index.json                       signed by the registry's key
packages/ID/VERSION.stewardext   as their publishers signed them
reviews/*.json                   written by people, put into the index when it is signed
"""

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotFoundError,
    PackageRefusedError,
    UnavailableError,
)
from steward.core.package_limits import (
    INDEX_BYTES_MAX,
    INDEX_LASTS_DAYS_MAX,
    INDEX_REVIEWS_MAX,
    STATEMENT_BYTES_MAX,
)
from steward.extensions.packages.index import (
    INDEX_NAME,
    Index,
    Release,
    Review,
    counted,
    moment,
    read_index,
    release_of,
    write_index,
)
from steward.extensions.packages.package import Author, Verified, verified
from steward.extensions.packages.signing import public_of
from steward.extensions.packages.statement import leads_to, parsed, publisher_of

REVIEWS = "reviews"
LASTS_DAYS = 30
"""How long an index counts, unless whoever signs it says otherwise."""


@dataclass(frozen=True, slots=True)
class RegistryFolder:
    """A registry in the hands of whoever runs it. Everything here blocks."""

    folder: Path
    author: Author
    """The registry's key."""
    now: datetime

    def init(self, name: str) -> Index:
        """A new registry without any release.

        Raises:
            InvalidInputError: there is one already.
        """
        if (self.folder / INDEX_NAME).exists():
            raise InvalidInputError(f"There is a registry in {str(self.folder)!r} already.")
        index = Index(
            name=name, sequence=1, signed_at=moment(self.now), expires_at=self._until(LASTS_DAYS)
        )
        self._put(INDEX_NAME, write_index(index, self.author))
        return index

    def publish(self, content: bytes) -> Release:
        """Add a package, or the same one again.

        Raises:
            PackageRefusedError: it is none, not newer than the newest, or another key signed it.
        """
        index, package = self._index(), verified(content)
        release = release_of(package, self.now)
        others = tuple(each for each in index.releases if each.path != release.path)
        same = next((each for each in index.releases if each.path == release.path), None)
        if same is not None and same.digest != release.digest:
            raise PackageRefusedError(
                f"{release.id} {release.version} is in the registry already, with other bytes. A"
                " release never changes; raise its version and pack it again."
            )
        _check_next(package, others, index)
        self._put(release.path, content)
        self._sign(index, releases=(*others, same or release))
        return release

    def withdraw(self, extension: str, version: str, why: str) -> None:
        """Say that nobody should have this release any more, and why.

        Raises:
            NotFoundError: there is no such release.
        """
        index = self._index()
        if not any((each.id, each.version) == (extension, version) for each in index.releases):
            raise NotFoundError(f"The registry has no release {extension} {version}.")
        self._sign(
            index,
            releases=tuple(
                each.model_copy(update={"withdrawn": why or "withdrawn"})
                if (each.id, each.version) == (extension, version)
                else each
                for each in index.releases
            ),
        )

    def revoke(self, key: str) -> int:
        """Say that a key was lost or stolen; gives how many releases it signed."""
        index = self._index()
        self._sign(index, revoked=tuple(sorted({*index.revoked, key})))
        return sum(each.key == key for each in index.releases)

    def sign(self, days: int = LASTS_DAYS) -> Index:
        """Sign the index anew for so many days, with the reviews that came meanwhile."""
        if not 1 <= days <= INDEX_LASTS_DAYS_MAX:
            raise InvalidInputError(f"An index counts for 1 to {INDEX_LASTS_DAYS_MAX} days.")
        return self._sign(self._index(), days)

    def _index(self) -> Index:
        try:
            content = _beginning(self.folder / INDEX_NAME, INDEX_BYTES_MAX + 1)
        except OSError as error:
            raise NotFoundError(
                f"There is no registry in {str(self.folder)!r}. `steward extension registry init`"
                " makes one."
            ) from error
        found = read_index(content)
        if found.key != public_of(self.author.seed):
            raise PackageRefusedError(
                f"The registry in {str(self.folder)!r} is signed with another key than yours. Name"
                " the right one with --key."
            )
        return found.index

    def _sign(
        self,
        index: Index,
        days: int = LASTS_DAYS,
        *,
        releases: tuple[Release, ...] | None = None,
        revoked: tuple[str, ...] | None = None,
    ) -> Index:
        kept = index.releases if releases is None else releases
        reviews = counted((*index.reviews, *self._sent()), kept)
        signed = index.model_copy(
            update={
                "sequence": index.sequence + 1,
                "signed_at": moment(self.now),
                "expires_at": self._until(days),
                "releases": tuple(sorted(kept, key=lambda each: (each.id, each.sequence))),
                "revoked": index.revoked if revoked is None else revoked,
                "reviews": tuple(each for some in reviews.values() for each in some),
            }
        )
        self._put(INDEX_NAME, write_index(Index.model_validate(signed.model_dump()), self.author))
        return signed

    def _sent(self) -> Iterable[Review]:
        """The reviews that people put there; what is none is left out."""
        files = sorted((self.folder / REVIEWS).glob("*.json"))
        if len(files) > INDEX_REVIEWS_MAX:
            raise LimitError(f"The registry has more than {INDEX_REVIEWS_MAX} reviews.")
        for file in files:
            try:
                content = _beginning(file, STATEMENT_BYTES_MAX + 1)
                yield parsed(Review, content, f"The review {file.name!r}")
            except (PackageRefusedError, OSError):
                continue

    def _until(self, days: int) -> str:
        return moment(self.now + timedelta(days=days))

    def _put(self, path: str, content: bytes) -> None:
        put_shared(self.folder / path, content)


def send_review(folder: Path, review: Review) -> Path:
    """Put a review where the registry's owner finds it; gives the file. Blocks."""
    name = f"{review.extension}-{review.key[:16]}.json"
    file = folder / REVIEWS / name
    put_shared(file, review.spelled().encode())
    return file


def put_shared(file: Path, content: bytes) -> None:
    """Write a file that everybody may read, whole or not at all.

    Raises:
        UnavailableError: the disk refuses.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        opened, draft = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with os.fdopen(opened, "wb") as writing:
                writing.write(content)
                writing.flush()
                os.fsync(opened)
            os.chmod(draft, 0o644)
            os.replace(draft, file)
        finally:
            Path(draft).unlink(missing_ok=True)
    except OSError as error:
        raise UnavailableError(f"{str(file)!r} cannot be written: {error.strerror}.") from error


def _check_next(package: Verified, releases: Iterable[Release], index: Index) -> None:
    """Let a package pass that follows the others of its publisher and its extension."""
    extension = package.manifest.id
    if package.key in index.revoked:
        raise PackageRefusedError(f"The key that signed {extension!r} was revoked here.")
    publisher = publisher_of(extension)
    theirs = [each for each in releases if publisher_of(each.id) == publisher]
    before = max(theirs, key=lambda each: each.published_at, default=None)
    if before is not None and not leads_to(package.rotations, publisher, before.key, package.key):
        raise PackageRefusedError(
            f"{extension!r} is signed with another key than what {publisher!r} published before."
        )
    if any(each.id == extension and each.sequence >= package.sequence for each in releases):
        raise PackageRefusedError(
            f"{extension} {package.manifest.version} is not newer than what the registry has."
        )


def _beginning(file: Path, size: int) -> bytes:
    with file.open("rb") as opened:
        return opened.read(size)
