"""What a person has installed: packages in a folder of their own, and a sealed row for each.

A package is kept as the archive that was verified, and read whole into memory each time: nothing
is ever unpacked, so nothing of it lies where another program would run it. The row names its
digest and bears a seal; a package that is another one, or a row that somebody else wrote, counts
for nothing and is asked about anew. Nothing of an extension runs here.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from pydantic import JsonValue

from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotPermittedError,
    StewardError,
    UnavailableError,
)
from steward.core.package_limits import CONFIG_BYTES_MAX
from steward.core.principal import Principal
from steward.extensions.capability import EVERY_CAPABILITY, Capability
from steward.extensions.forgetting import forgive_faults
from steward.extensions.manifest import Manifest
from steward.extensions.packages.allowed import why_not_allowed
from steward.extensions.packages.changes import wants_more
from steward.extensions.packages.granting import another, granting, reserved, unasked, unknown
from steward.extensions.packages.installed import Installed, State
from steward.extensions.packages.kept import Kept, Place
from steward.extensions.packages.package import Verified
from steward.extensions.packages.replacing import check_key, replaceable
from steward.extensions.packages.rows import Books
from steward.extensions.packages.schemas import why_not_value
from steward.extensions.packages.shipped import PUBLISHER
from steward.extensions.packages.standing import Broken, offered_of, standing_of
from steward.extensions.packages.tables import ExtensionRow
from steward.extensions.settings import ExtensionsSettings
from steward.permissions.seal import Seal

__all__ = ["Broken", "Installed", "PackageStore", "Place", "State"]

T = TypeVar("T")

_log = logging.getLogger(__name__)


class PackageStore:
    """Installs, finds, changes and removes packages. Who asks is handed in with each call."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        seal: Seal,
        place: Place,
        chosen: ExtensionsSettings,
    ) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal
        self._packages = Kept(place)
        self._chosen = chosen

    async def has_enabled(self, principal: Principal) -> bool:
        """Whether anything is to run at all. Reads rows only, and no package."""
        if not self._chosen.enabled:
            return False
        found = await self._rows(principal)
        return any(row.state == "enabled" and is_ours for row, is_ours in found)

    async def mark(self, principal: Principal) -> object:
        """What is another one as soon as anything is installed, granted, set or taken away.

        Reads rows only, and no package.
        """
        return tuple(
            (row.id, row.digest, row.state, row.granted, row.config, is_ours)
            for row, is_ours in await self._rows(principal)
        )

    async def installed(self, principal: Principal) -> tuple[Installed, ...]:
        """What the person installed, or said yes to where it is shipped; by id."""
        found = await self.everything(principal)
        return tuple(each for each in found if isinstance(each, Installed))

    async def everything(self, principal: Principal) -> tuple[Installed | Broken, ...]:
        """As `installed`, with what has a row and cannot be read."""
        rows = await self._rows(principal)
        return await asyncio.to_thread(
            lambda: tuple(
                standing_of(row, self._packages, self._chosen, is_ours=is_ours)
                for row, is_ours in rows
            )
        )

    async def offered(self, principal: Principal) -> tuple[Installed, ...]:
        """The shipped extensions that the person has not said yes to; none of them runs."""
        known = await self.ids(principal)
        ids = [each for each in await self.shipped_ids() if each not in known]
        return await asyncio.to_thread(
            lambda: tuple(
                each
                for each in (offered_of(one, self._packages) for one in ids)
                if each is not None
            )
        )

    async def one(self, principal: Principal, extension: str) -> Installed:
        """The extension of this id, installed or shipped.

        Raises:
            NotFoundError: there is none.
            UnavailableError: it is there and cannot be read.
        """
        for each in await self.everything(principal):
            if isinstance(each, Broken):
                if each.id == extension:
                    raise UnavailableError(f"{extension!r} cannot be read: {each.why}")
            elif each.manifest.id == extension:
                return each
        for each in await self.offered(principal):
            if each.manifest.id == extension:
                return each
        raise unknown(extension)

    async def ids(self, principal: Principal) -> frozenset[str]:
        """The ids of everything that has a row."""
        return frozenset(row.id for row, _ in await self._rows(principal))

    async def shipped_ids(self) -> tuple[str, ...]:
        """The ids of everything that comes with Steward."""
        return await asyncio.to_thread(self._packages.shipped_ids)

    async def publisher_key(self, principal: Principal, publisher: str) -> str | None:
        """The publisher's key as the person first saw it; None if they never did.

        Raises:
            PackageRefusedError: somebody else wrote the row.
        """
        return await self._run(principal, lambda books: books.pinned(publisher))

    async def forget_publisher(self, principal: Principal, publisher: str) -> bool:
        """Let the publisher's next package bring a key; False if none was known."""
        return await self._run(principal, lambda books: books.forget(publisher))

    async def install(
        self,
        principal: Principal,
        package: Verified,
        granted: Collection[Capability],
        *,
        source: str = "file",
    ) -> Installed:
        """Install what a person said yes to, with what they granted, and enable it.

        Raises:
            NotPermittedError: the operator does not let them.
            PackageRefusedError: another key signed it than before, the key was revoked, or a newer
                release is there.
            InvalidInputError: it was granted what it does not want.
        """
        self._check_grants(package.manifest, granted)
        return await self._put(principal, package, source, sorted(granted))

    async def update(
        self, principal: Principal, package: Verified, *, source: str = "file"
    ) -> tuple[Installed, tuple[str, ...]]:
        """Put a newer release in the place of an installed one; and what it wants beyond that.

        Where it wants more it does not run until the person says yes to it. What they granted, and
        what they set, stays.

        Raises:
            As `install`; and NotFoundError: it is not installed.
        """
        before = await self.one(principal, package.manifest.id)
        if before.is_shipped:
            raise reserved(package.manifest.id)
        more = wants_more(before.manifest, package.manifest)
        state: State = "asks" if more else before.state
        put = await self._put(principal, package, source, None, state)
        return put, more

    async def set_granted(
        self, principal: Principal, read: Installed, granted: Collection[Capability]
    ) -> Installed:
        """Let it do this and no more, as the person just said; it is enabled if it asked.

        A shipped extension is enabled by it for the first time.

        Args:
            principal: who said yes.
            read: what they read before; a yes holds for that package and for no other.
            granted: what they said yes to.

        Raises:
            StaleError: another release took its place while they read, or it was removed.
        """
        extension = read.manifest.id
        self._check_allowed(extension)
        found = await self._still(principal, read)
        self._check_grants(found.manifest, granted)

        def change(books: Books) -> None:
            row, is_new = granting(books, read)
            if not read.is_shipped:
                # The row may be somebody else's: whose package it is, is looked at anew.
                check_key(books, extension, found.key, ())
                row.key, row.sequence = found.key, found.sequence
            if is_new or row.state == "asks":
                row.state = "enabled"
            row.granted, row.decided_at = json.dumps(sorted(granted)), books.now
            row.digest, row.version = found.digest, found.manifest.version
            books.keep(row, "extension.granted", {"granted": sorted(granted)})

        await self._run(principal, change)
        return await self.one(principal, extension)

    async def take_back(
        self, principal: Principal, extension: str, taken: Collection[Capability]
    ) -> Installed:
        """Let it do these no more; what else it may do, and whether it runs, stays."""

        def change(books: Books) -> None:
            known = books.extension(extension)
            if known is None or not known[1]:
                raise unknown(extension)
            row, _ = known
            row.granted = json.dumps(sorted(set(json.loads(row.granted)) - set(taken)))
            books.keep(row, "extension.revoked", {"taken": sorted(taken)})

        await self._run(principal, change)
        return await self.one(principal, extension)

    async def set_state(
        self, principal: Principal, extension: str, state: State, *, why: str = ""
    ) -> Installed:
        """Enable or disable it, or note that it failed too often.

        Raises:
            NotPermittedError: it is to be enabled, and the person has not said yes to what it is.
        """
        found = await self.one(principal, extension)
        if state == "enabled":
            self._check_allowed(extension)
            if found.state == "asks" or (found.is_shipped and await self._is_new(principal, found)):
                raise unasked(extension)

        def change(books: Books) -> None:
            known = books.extension(extension)
            if known is None or not known[1]:
                return
            row, _ = known
            if row.state == "asks":
                # It does not run anyhow. Were its question forgotten, who enables it is not asked.
                if state == "enabled":
                    raise unasked(extension)
                return
            row.state = state
            books.keep(row, f"extension.{state}", {"why": why[:500]})
            if state == "enabled":
                forgive_faults(books.session, principal, extension)

        await self._run(principal, change)
        return await self.one(principal, extension)

    async def set_config(
        self, principal: Principal, extension: str, config: Mapping[str, JsonValue]
    ) -> Installed:
        """Set what the person wants of it, all of it at once.

        Raises:
            InvalidInputError: the manifest has no such setting, or takes no such value.
        """
        found = await self.one(principal, extension)
        schema = {"additionalProperties": False, **found.manifest.config}
        if (why := why_not_value(schema, dict(config))) is not None:
            raise InvalidInputError(
                f"{extension!r} does not take this: {why}. `steward extension info {extension}`"
                " lists its settings."
            )
        written = json.dumps(dict(config))
        if len(written) > CONFIG_BYTES_MAX:
            raise LimitError(
                f"The settings of one extension have at most {CONFIG_BYTES_MAX} bytes."
            )

        def change(books: Books) -> None:
            known = books.extension(extension)
            if known is None or not known[1]:
                raise unknown(extension)
            row, _ = known
            row.config = written
            books.keep(row, "extension.configured", {"settings": sorted(config)})

        await self._run(principal, change)
        return await self.one(principal, extension)

    async def remove(self, principal: Principal, extension: str) -> None:
        """Take it away with its grants and settings; a shipped one is as it was at first.

        Raises:
            NotFoundError: it is not installed.
        """

        def change(books: Books) -> bool:
            known = books.extension(extension)
            if known is None:
                return False
            books.drop(known[0])
            return True

        if not await self._run(principal, change):
            raise unknown(extension)
        await asyncio.to_thread(self._packages.sweep, extension, None)

    async def _put(
        self,
        principal: Principal,
        package: Verified,
        source: str,
        granted: list[Capability] | None,
        state: State = "enabled",
    ) -> Installed:
        """Write the archive, then its row; the row decides, in one transaction."""
        extension = package.manifest.id
        self._check_allowed(extension)
        if package.publisher == PUBLISHER:
            raise reserved(extension)
        await asyncio.to_thread(self._packages.write, package)

        def change(books: Books) -> None:
            row = replaceable(books, package)
            row.version, row.digest, row.key = (
                package.manifest.version,
                package.digest,
                package.key,
            )
            row.sequence, row.source, row.state = package.sequence, source, state
            if granted is not None:
                row.granted, row.decided_at = json.dumps(granted), books.now
            action = "extension.updated" if granted is None else "extension.installed"
            books.keep(row, action, {"key": package.key, "granted": row.granted, "state": state})

        try:
            await self._run(principal, change)
        except StewardError:
            kept = await self._rows(principal)
            digest = next((row.digest for row, _ in kept if row.id == extension), None)
            await asyncio.to_thread(self._packages.sweep, extension, digest)
            raise
        await asyncio.to_thread(self._packages.sweep, extension, package.digest)
        return await self.one(principal, extension)

    def _check_allowed(self, extension: str) -> None:
        if (why := why_not_allowed(self._chosen, extension)) is not None:
            raise NotPermittedError(f"It was not installed: {why}. Ask whoever runs Steward here.")

    def _check_grants(self, manifest: Manifest, granted: Collection[Capability]) -> None:
        declared = {grant.capability for grant in manifest.permission_scope}
        for each in granted:
            if each not in EVERY_CAPABILITY or each not in declared:
                raise InvalidInputError(
                    f"{manifest.id!r} does not ask for {each!r}; it asks for"
                    f" {', '.join(sorted(declared)) or 'nothing'}."
                )

    async def _is_new(self, principal: Principal, found: Installed) -> bool:
        return found.manifest.id not in await self.ids(principal)

    async def _still(self, principal: Principal, read: Installed) -> Installed:
        """It as it stands now, if it is still the package that was read."""
        found = await self.one(principal, read.manifest.id)
        if (found.digest, found.is_shipped) != (read.digest, read.is_shipped):
            raise another(read.manifest.id)
        return found

    async def _rows(self, principal: Principal) -> tuple[tuple[ExtensionRow, bool], ...]:
        return await self._database.read(
            lambda session: tuple(
                (ExtensionRow(**row.model_dump()), is_ours)
                for row, is_ours in Books(
                    session, principal, self._seal, self._clock.now()
                ).extensions()
            )
        )

    async def _run(self, principal: Principal, change: Callable[[Books], T]) -> T:
        return await self._database.run(
            lambda session: change(Books(session, principal, self._seal, self._clock.now()))
        )
