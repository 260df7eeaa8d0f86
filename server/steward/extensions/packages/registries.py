"""The registries that a person looks into: their indexes believed only forwards, and downloads.

At the first look the registry's key is remembered; from then on its index must bear that key, may
not go back, and must count at the time of the look. Keys that it revokes are remembered for good.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlmodel import Session, col, select

from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotFoundError,
    PackageRefusedError,
    UnavailableError,
)
from steward.core.package_limits import INDEX_BYTES_MAX, REGISTRIES_MAX, SCAN_S
from steward.core.principal import Principal
from steward.extensions.packages.http import RegistryHttp, check_url
from steward.extensions.packages.index import (
    INDEX_NAME,
    Index,
    Release,
    SignedIndex,
    check_time,
    read_index,
)
from steward.extensions.packages.package import Verified, verified
from steward.extensions.packages.rows import Books
from steward.extensions.packages.signing import fingerprint
from steward.extensions.packages.tables import ExtensionRegistryRow
from steward.permissions.seal import Seal

T = TypeVar("T")
Confirm = Callable[[str], Awaitable[bool]]
"""The fingerprint of a registry's key → whether the person believes that it is theirs."""

_TABLE = "extension_registry"


@dataclass(frozen=True, slots=True)
class Known:
    """A registry that the person looks into."""

    address: str
    key: str
    sequence: int
    """Of the newest index that was seen."""


@dataclass(frozen=True, slots=True)
class Registries:
    """Adds, reads and removes registries. Who asks is handed in with each call."""

    database: Database
    clock: Clock
    seal: Seal
    http: RegistryHttp
    check_s: float = SCAN_S
    """How long a package may take to be checked."""

    async def add(self, principal: Principal, address: str, confirm: Confirm) -> Index:
        """Look into this registry from now on, if the person believes its key.

        Raises:
            InvalidInputError: it is no address, or the person does not believe it.
            PackageRefusedError: its index is none, or does not count.
        """
        check_address(address)
        found = await self._fetched(address)
        check_time(found.index, self.clock.now())
        if not await confirm(fingerprint(found.key)):
            raise InvalidInputError("The registry was not added: its key was not confirmed.")

        def work(books: Books) -> None:
            if len(_rows(books.session, principal)) >= REGISTRIES_MAX:
                raise LimitError(f"You look into {REGISTRIES_MAX} registries; remove one first.")
            self._keep(books, address, found)
            books.audit("extension.registry_added", address, {"key": found.key})

        await self._run(principal, work)
        return found.index

    async def remove(self, principal: Principal, address: str) -> None:
        """Do not look into it any more. The keys that it revoked are forgotten with it.

        Raises:
            NotFoundError: nobody added it.
        """

        def work(books: Books) -> bool:
            row = books.session.get(
                ExtensionRegistryRow, (principal.tenant_id, principal.user, address)
            )
            if row is None:
                return False
            books.audit("extension.registry_removed", address, {"key": row.key})
            books.session.delete(row)
            return True

        if not await self._run(principal, work):
            raise NotFoundError(
                f"You do not look into {address!r}; `steward extension registry list` shows which."
            )

    async def known(self, principal: Principal) -> tuple[Known, ...]:
        """All of them, by address.

        Raises:
            PackageRefusedError: somebody else wrote a row.
        """

        def work(session: Session) -> tuple[Known, ...]:
            rows = _rows(session, principal)
            for row in rows:
                if not self.seal.fits(_TABLE, row.model_dump()):
                    raise PackageRefusedError(
                        f"What is known of the registry {row.address!r} was changed in the database"
                        f" past Steward. Run `steward extension registry remove {row.address}`, and"
                        " add it again."
                    )
            return tuple(Known(row.address, row.key, row.sequence) for row in rows)

        return await self.database.read(work)

    async def look(self, principal: Principal, known: Known) -> Index:
        """The registry's index as it is now.

        Raises:
            PackageRefusedError: another key signed it, it went back, or it does not count now.
            UnavailableError: it cannot be had.
        """
        found = await self._fetched(known.address)
        if found.key != known.key:
            raise PackageRefusedError(
                f"The index of {known.address!r} is signed with another key than before. Known:"
                f" {fingerprint(known.key)}; now: {fingerprint(found.key)}. Ask whoever runs it; if"
                " they confirm it, remove the registry and add it again."
            )
        check_time(found.index, self.clock.now())
        await self._run(principal, lambda books: self._forwards(books, known.address, found))
        return found.index

    async def download(self, known: Known, release: Release) -> Verified:
        """The package of a release, if it is the one that the index names.

        Raises:
            PackageRefusedError: it is another one.
            UnavailableError: it cannot be had.
        """
        content = await self._read(known.address, release.path, release.size)
        if hashlib.sha256(content).hexdigest() != release.digest:
            raise PackageRefusedError(
                f"What {known.address!r} sent is not the package that its index names. Try again;"
                " if it stays so, tell whoever runs it."
            )
        package = await checked(content, self.check_s)
        said = package.manifest.id, package.manifest.version, package.sequence, package.key
        if said != (release.id, release.version, release.sequence, release.key):
            raise PackageRefusedError(
                f"The package of {release.id} {release.version} says that it is something else than"
                " the registry's index does. Tell whoever runs the registry."
            )
        return package

    async def _fetched(self, address: str) -> SignedIndex:
        content = await self._read(address, INDEX_NAME, INDEX_BYTES_MAX)
        return await asyncio.to_thread(read_index, content)

    async def _read(self, address: str, path: str, bytes_max: int) -> bytes:
        if address.startswith("/"):
            return await asyncio.to_thread(_read_file, Path(address) / path, bytes_max)
        return await self.http.download(f"{address.rstrip('/')}/{path}", bytes_max)

    def _forwards(self, books: Books, address: str, found: SignedIndex) -> None:
        row = books.session.get(
            ExtensionRegistryRow, (books.principal.tenant_id, books.principal.user, address)
        )
        if row is None:
            raise NotFoundError(f"You do not look into {address!r} any more.")
        digest = _digest(found)
        is_back = found.index.sequence < row.sequence
        is_forked = found.index.sequence == row.sequence and digest != row.digest
        if is_back or is_forked:
            raise PackageRefusedError(
                f"The index of {address!r} has the number {found.index.sequence}, and you have seen"
                f" {row.sequence} before: somebody shows you an older or another one. Try again"
                " later, or ask whoever runs it."
            )
        if digest != row.digest:
            self._keep(books, address, found)

    def _keep(self, books: Books, address: str, found: SignedIndex) -> None:
        before = books.session.get(
            ExtensionRegistryRow, (books.principal.tenant_id, books.principal.user, address)
        )
        revoked = set(found.index.revoked)
        if before is not None:
            revoked |= set(json.loads(before.revoked))
        row = ExtensionRegistryRow(
            tenant_id=books.principal.tenant_id,
            user=books.principal.user,
            address=address,
            key=found.key,
            sequence=found.index.sequence,
            digest=_digest(found),
            revoked=json.dumps(sorted(revoked)),
            seen_at=books.now,
            seal="",
        )
        row.seal = self.seal.of(_TABLE, row.model_dump())
        books.session.merge(row)

    async def _run(self, principal: Principal, work: Callable[[Books], T]) -> T:
        return await self.database.run(
            lambda session: work(Books(session, principal, self.seal, self.clock.now()))
        )


async def checked(content: bytes, within_s: float = SCAN_S) -> Verified:
    """The package in these bytes, checked off the loop and within a time; else it is refused.

    Raises:
        PackageRefusedError: it is not one, or takes too long to check.
    """
    try:
        async with asyncio.timeout(within_s):
            return await asyncio.to_thread(verified, content)
    except TimeoutError:
        raise PackageRefusedError(
            f"The package could not be checked within {within_s:g} seconds, so it was refused. Try"
            " again when the machine is less busy."
        ) from None


def check_address(address: str) -> None:
    """Let an address pass that a registry may have.

    Raises:
        InvalidInputError: it is none.
    """
    if not address.startswith("/"):
        check_url(address)


def _digest(found: SignedIndex) -> str:
    return hashlib.sha256(found.index.spelled().encode()).hexdigest()


def _read_file(file: Path, bytes_max: int) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(bytes_max + 1)
    except FileNotFoundError:
        raise NotFoundError(f"There is no file {str(file)!r}, so this is no registry.") from None
    except OSError as error:
        raise UnavailableError(f"{str(file)!r} cannot be read: {error.strerror}.") from error
    if len(content) > bytes_max:
        raise LimitError(f"{str(file)!r} has more than {bytes_max} bytes, which is too much.")
    return content


def _rows(session: Session, principal: Principal) -> list[ExtensionRegistryRow]:
    found = session.exec(
        select(ExtensionRegistryRow)
        .where(
            ExtensionRegistryRow.tenant_id == principal.tenant_id,
            ExtensionRegistryRow.user == principal.user,
        )
        .order_by(col(ExtensionRegistryRow.address))
    )
    return list(found)
