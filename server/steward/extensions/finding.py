"""The package that a person names: a file of theirs, or an extension of their registries."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from steward.core.errors import LimitError, NotFoundError, UnavailableError
from steward.core.package_limits import PACKAGE_BYTES_MAX
from steward.core.principal import Principal
from steward.extensions.packages.catalogue import catalogue
from steward.extensions.packages.package import SUFFIX, Verified
from steward.extensions.packages.registries import Registries, checked

if TYPE_CHECKING:
    from steward.extensions.packages.store import PackageStore


@dataclass(frozen=True, slots=True)
class Found:
    """A package, checked; nobody has said yes to it."""

    package: Verified
    source: str
    """`file`, or the address of the registry that it is from."""
    alike: Collection[str]
    """The ids of others that are known, for which it could be mistaken."""


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds packages for one person."""

    store: "PackageStore"
    registries: Registries
    principal: Principal

    async def find(self, source: str) -> Found:
        """What they name: the path of a package, or `ID` or `ID@VERSION` of a registry.

        Raises:
            NotFoundError: there is none.
            LimitError, UnavailableError: it is too large, or cannot be read.
            PackageRefusedError: nobody signed it, or it is not what was signed.
        """
        own = await self.store.ids(self.principal)
        if source.endswith(SUFFIX):
            content = await asyncio.to_thread(package_in, Path(source))
            return Found(await checked(content), "file", own)
        extension, _, version = source.partition("@")
        there = await catalogue(self.registries, self.principal)
        found = there.newest(extension, version or None)
        package = await self.registries.download(found.registry, found.release)
        return Found(package, found.registry.address, own | there.ids())

    async def newer(self, extension: str) -> Found | None:
        """A newer release of an installed extension in its registry; None if there is none."""
        installed = await self.store.installed(self.principal)
        mine = [each for each in installed if each.manifest.id == extension]
        if not mine:
            raise NotFoundError(f"{extension!r} is not installed, so nothing can be updated.")
        there = await catalogue(self.registries, self.principal)
        for _, found in there.updates(mine):
            package = await self.registries.download(found.registry, found.release)
            return Found(package, found.registry.address, ())
        return None


def package_in(file: Path) -> bytes:
    """The bytes of a package's file, not looked into yet. Blocks.

    Raises:
        NotFoundError: there is no such file.
        LimitError, UnavailableError: it is too large, or cannot be read.
    """
    try:
        with file.expanduser().open("rb") as opened:
            content = opened.read(PACKAGE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise NotFoundError(
            f"There is no file {str(file)!r}; in an editor, name it by its absolute path."
        ) from None
    except OSError as error:
        raise UnavailableError(f"{str(file)!r} cannot be read: {error.strerror}.") from error
    if len(content) > PACKAGE_BYTES_MAX:
        raise LimitError(f"{str(file)!r} has more than {PACKAGE_BYTES_MAX} bytes: too large.")
    return content
