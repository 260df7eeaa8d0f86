"""What all registries of a person have together: found by name, searched, and compared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from steward.core.errors import InvalidInputError, NotFoundError, StewardError
from steward.core.package_limits import SEARCH_SHOWN_MAX
from steward.core.principal import Principal
from steward.extensions.packages.index import (
    Index,
    Rating,
    Release,
    Review,
    counted,
    newest,
    rating_of,
)
from steward.extensions.packages.installed import Installed
from steward.extensions.packages.lookalikes import look_alikes
from steward.extensions.packages.registries import Known, Registries


@dataclass(frozen=True, slots=True)
class Found:
    """One release, and who has it."""

    registry: Known
    release: Release


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The indexes that could be had, and why others could not."""

    indexes: Sequence[tuple[Known, Index]]
    problems: Sequence[tuple[str, str]] = field(default=())
    """Address of a registry → why nothing of it counts now."""

    def ids(self) -> frozenset[str]:
        """The ids of all extensions."""
        return frozenset(each.id for _, index in self.indexes for each in index.releases)

    def revoked(self) -> frozenset[str]:
        """The keys that any of them revokes."""
        return frozenset(key for _, index in self.indexes for key in index.revoked)

    def why_not(self, installed: Installed) -> str:
        """Why nobody should have this package, as a registry says; empty where none says so."""
        manifest = installed.manifest
        place = manifest.id, manifest.version, installed.digest
        for _, index in self.indexes:
            for each in index.releases:
                if each.withdrawn and (each.id, each.version, each.digest) == place:
                    return each.withdrawn
        if installed.key in self.revoked():
            return "the key of its publisher was lost or stolen"
        return ""

    def newest(self, extension: str, version: str | None = None) -> Found:
        """The newest release of an extension, or the one of this version.

        Raises:
            NotFoundError: nobody has it.
            InvalidInputError: two registries have it from different publishers.
        """
        found = [
            Found(known, release)
            for known, index in self.indexes
            if (release := newest(index.releases, extension, version)) is not None
        ]
        if not found:
            raise NotFoundError(self._unknown(extension, version))
        if len({each.release.key for each in found}) > 1:
            where = ", ".join(each.registry.address for each in found)
            raise InvalidInputError(
                f"{extension!r} is signed with different keys in {where}. Say which registry you"
                " mean with --registry."
            )
        return max(found, key=lambda each: each.release.sequence)

    def search(self, words: Iterable[str]) -> tuple[tuple[Found, Rating], ...]:
        """The newest releases whose names or descriptions hold all words, the best rated first."""
        wanted = [word.casefold() for word in words]
        found: list[tuple[Found, Rating]] = []
        for known, index in self.indexes:
            reviews = counted(index.reviews, index.releases)
            for extension in dict.fromkeys(each.id for each in index.releases):
                release = newest(index.releases, extension)
                if release is not None and _holds(release, wanted):
                    rating = rating_of(reviews.get(extension, []))
                    found.append((Found(known, release), rating))
        found.sort(key=lambda each: (-each[1].stars * min(each[1].count, 5), each[0].release.id))
        return tuple(found[:SEARCH_SHOWN_MAX])

    def reviews(self, extension: str) -> tuple[Review, ...]:
        """What people say of an extension: what counts of it, the newest first."""
        return tuple(
            review
            for _, index in self.indexes
            for review in counted(index.reviews, index.releases).get(extension, [])
        )

    def updates(self, installed: Iterable[Installed]) -> tuple[tuple[Installed, Found], ...]:
        """The installed extensions of which their registry has a newer release."""
        found: list[tuple[Installed, Found]] = []
        for each in installed:
            for known, index in self.indexes:
                release = newest(index.releases, each.manifest.id)
                if known.address == each.source and release and release.sequence > each.sequence:
                    found.append((each, Found(known, release)))
        return tuple(found)

    def _unknown(self, extension: str, version: str | None) -> str:
        if not self.indexes:
            return (
                f"{extension!r} was looked for in no registry. `steward extension registry add"
                " ADDRESS` adds one; a package in a file is installed by its path."
            )
        alike = look_alikes(extension, self.ids())
        meant = f" Did you mean {', '.join(alike)}?" if alike else ""
        which = extension if version is None else f"{extension} {version}"
        return f"No registry of yours has {which!r}.{meant}"


async def catalogue(
    registries: Registries, principal: Principal, only: str | None = None
) -> Catalogue:
    """What the person's registries have now, or one of them.

    Raises:
        NotFoundError: the person does not look into that one.
    """
    known = await registries.known(principal)
    if only is not None:
        known = tuple(each for each in known if each.address == only)
        if not known:
            raise NotFoundError(
                f"You do not look into {only!r}. `steward extension registry add` adds it."
            )
    indexes: list[tuple[Known, Index]] = []
    problems: list[tuple[str, str]] = []
    for each in known:
        try:
            indexes.append((each, await registries.look(principal, each)))
        except StewardError as error:
            problems.append((each.address, str(error)))
    return Catalogue(indexes, problems)


def _holds(release: Release, words: Iterable[str]) -> bool:
    text = f"{release.id} {release.name} {release.publisher} {release.description}".casefold()
    return all(word in text for word in words)
