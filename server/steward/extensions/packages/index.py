"""A registry's index: which releases there are, what people say of them, and which keys are lost.

One file, signed whole by the registry's key. Its sequence never goes back and it counts for a
limited time, so whoever sits in between can neither show an old one nor the same one for ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from steward.core.errors import PackageRefusedError
from steward.core.package_limits import (
    INDEX_BYTES_MAX,
    INDEX_LASTS_DAYS_MAX,
    INDEX_PACKAGES_MAX,
    INDEX_REVIEWS_MAX,
    INDEX_REVOKED_MAX,
    PACKAGE_BYTES_MAX,
    REVIEW_CHARS_MAX,
)
from steward.extensions.capability import Capability
from steward.extensions.manifest import ExtensionId, Line, Version
from steward.extensions.packages.package import SUFFIX, Author, Verified
from steward.extensions.packages.signing import (
    Hex32,
    Hex64,
    is_signed,
    public_of,
    signature_of,
)
from steward.extensions.packages.statement import ReleaseNumber, Signed, parsed

INDEX_NAME = "index.json"
_CLOCKS_DIFFER = timedelta(days=1)
"""So far may the clock of whoever signed go before ours."""
Moment = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
"""A time in UTC, to the second."""


class Release(Signed):
    """One release that the registry has."""

    id: ExtensionId
    version: Version
    sequence: ReleaseNumber
    digest: Hex32
    size: Annotated[int, Field(ge=1, le=PACKAGE_BYTES_MAX)]
    name: Line
    publisher: Line
    description: Annotated[str, StringConstraints(max_length=1000)] = ""
    key: Hex32
    api_version: Annotated[str, StringConstraints(max_length=10)]
    capabilities: tuple[Capability, ...] = ()
    published_at: Moment
    withdrawn: Annotated[str, StringConstraints(max_length=200)] = ""
    """Why nobody should have it any more; empty: it counts."""

    @property
    def path(self) -> str:
        """Where it lies in the registry."""
        return f"packages/{self.id}/{self.version}{SUFFIX}"


class Review(Signed):
    """What one person says of an extension, signed with their key."""

    extension: ExtensionId
    version: Version
    stars: Annotated[int, Field(ge=1, le=5)]
    text: Annotated[str, StringConstraints(max_length=REVIEW_CHARS_MAX)] = ""
    written_at: Moment
    key: Hex32
    signature: Hex64

    def is_valid(self) -> bool:
        """Whether the holder of the key wrote it."""
        return is_signed(self.key, "review", _said(self), self.signature)


class Index(Signed):
    """What the registry's key signs."""

    format: Literal[1] = 1
    name: Line
    sequence: ReleaseNumber
    signed_at: Moment
    expires_at: Moment
    releases: tuple[Release, ...] = Field(default=(), max_length=INDEX_PACKAGES_MAX)
    revoked: tuple[Hex32, ...] = Field(default=(), max_length=INDEX_REVOKED_MAX)
    """Publishers' keys that were lost or stolen."""
    reviews: tuple[Review, ...] = Field(default=(), max_length=INDEX_REVIEWS_MAX)


class SignedIndex(Signed):
    """The file."""

    key: Hex32
    signature: Hex64
    index: Index


@dataclass(frozen=True, slots=True)
class Rating:
    """What people say of an extension, counted by us."""

    count: int
    stars: float
    """The mean of one vote for each key; nought where nobody voted."""


def write_index(index: Index, author: Author) -> bytes:
    """The file of an index, signed."""
    signature = signature_of(author.seed, "index", index.spelled())
    return (
        SignedIndex(key=public_of(author.seed), signature=signature, index=index).spelled().encode()
    )


def read_index(content: bytes) -> SignedIndex:
    """The index in these bytes, whoever signed it.

    Raises:
        PackageRefusedError: they hold none, or its signature is wrong.
    """
    found = parsed(SignedIndex, content, "The registry's index", INDEX_BYTES_MAX)
    if not is_signed(found.key, "index", found.index.spelled(), found.signature):
        raise PackageRefusedError(
            "The registry's index was changed after it was signed, so nothing of it counts. Try"
            " again; if it stays so, tell whoever runs the registry."
        )
    return found


def check_time(index: Index, now: datetime) -> None:
    """Let an index pass that counts now.

    Raises:
        PackageRefusedError: it is too old, or would count too long.
    """
    until = at(index.expires_at)
    if at(index.signed_at) > now + _CLOCKS_DIFFER:
        raise PackageRefusedError(
            f"The index of the registry {index.name!r} says that it was signed at"
            f" {index.signed_at}, which has not come yet, so it would count too long. Look at the"
            " clock of this machine, or tell whoever runs the registry."
        )
    if now >= until:
        raise PackageRefusedError(
            f"The index of the registry {index.name!r} counted until {index.expires_at}. Somebody"
            " may be holding back newer ones; try again, or ask whoever runs it to sign it anew."
        )
    if until - at(index.signed_at) > timedelta(days=INDEX_LASTS_DAYS_MAX):
        raise PackageRefusedError(
            f"The index of the registry {index.name!r} says that it counts for longer than"
            f" {INDEX_LASTS_DAYS_MAX} days, which is not taken."
        )


def release_of(package: Verified, now: datetime) -> Release:
    """How a package stands in an index."""
    manifest = package.manifest
    return Release(
        id=manifest.id,
        version=manifest.version,
        sequence=package.sequence,
        digest=package.digest,
        size=len(package.content),
        name=manifest.name,
        publisher=manifest.publisher,
        description=manifest.description,
        key=package.key,
        api_version=manifest.api_version,
        capabilities=tuple(sorted(each.capability for each in manifest.permission_scope)),
        published_at=moment(now),
    )


def written_review(
    author: Author, release: tuple[str, str], stars: int, text: str, now: datetime
) -> Review:
    """A review of a release (id and version), signed by its author."""
    draft = Review(
        extension=release[0],
        version=release[1],
        stars=stars,
        text=text,
        written_at=moment(now),
        key=public_of(author.seed),
        signature="0" * 128,
    )
    signature = signature_of(author.seed, "review", _said(draft))
    return draft.model_copy(update={"signature": signature})


def counted(reviews: Iterable[Review], releases: Iterable[Release]) -> dict[str, list[Review]]:
    """Extension → the reviews that count: signed, the last of each key, and not its publisher's."""
    own: dict[str, set[str]] = {}
    for release in releases:
        own.setdefault(release.id, set()).add(release.key)
    last: dict[tuple[str, str], Review] = {}
    for each in reviews:
        place = each.extension, each.key
        is_foreign = each.extension in own and each.key not in own[each.extension]
        is_newer = place not in last or last[place].written_at < each.written_at
        if is_foreign and is_newer and each.is_valid():
            last[place] = each
    found: dict[str, list[Review]] = {}
    for each in sorted(last.values(), key=lambda each: each.written_at, reverse=True):
        found.setdefault(each.extension, []).append(each)
    return found


def rating_of(reviews: list[Review]) -> Rating:
    """What these reviews come to."""
    count = len(reviews)
    return Rating(count, sum(each.stars for each in reviews) / count if count else 0.0)


def newest(
    releases: Iterable[Release], extension: str, version: str | None = None
) -> Release | None:
    """The newest release that counts, or the one of this version; None if there is none."""
    fitting = [
        each
        for each in releases
        if each.id == extension and not each.withdrawn and version in (None, each.version)
    ]
    return max(fitting, key=lambda each: each.sequence, default=None)


def moment(now: datetime) -> str:
    """A time as an index writes it."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def at(written: str) -> datetime:
    """The time that an index wrote.

    Raises:
        PackageRefusedError: there is no such day.
    """
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        raise PackageRefusedError(f"{written!r} in the registry's index is no time.") from None


def _said(review: Review) -> str:
    return review.model_copy(update={"signature": "0" * 128}).spelled()
