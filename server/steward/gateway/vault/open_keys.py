"""The way out of the vault: a key, for one request to the host that it belongs to."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import Session, bindparam, col, select
from sqlmodel.sql.sqltypes import UTCDateTime

from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import InvalidInputError, UnavailableError
from steward.core.limits import PROVIDER_KEYS_MAX, VAULT_KEYS_REMEMBERED_MAX
from steward.core.recent import Recent
from steward.gateway.origin import origin_of
from steward.gateway.vault.key_ring import KeyRingFile
from steward.gateway.vault.seal import Opener
from steward.gateway.vault.stored import find, identity_of, opener_of
from steward.gateway.vault.tables import ProviderKeyRow

LAST_USED_EVERY = timedelta(minutes=10)
"""A call does not write: the last use is noted when the last note is older than this."""
_REMEMBERED_S = 1.0
"""So long may a key go on being used that another process replaced or removed."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A row as it stands in the database, and what opens it."""

    row: ProviderKeyRow
    opener: Opener

    def open(self) -> SecretStr:
        return SecretStr(self.opener.open(identity_of(self.row), self.row.sealed))


class OpenKeys:
    """Opens keys of one database.

    What is remembered between two calls is sealed; a key is open for as long as its request needs
    it.
    """

    def __init__(self, database: Database, file: KeyRingFile, clock: Clock) -> None:
        self.file = file
        self._database = database
        self._clock = clock
        self._noted: dict[str, datetime] = {}
        self._recent: Recent[tuple[str, str, str], _Sealed | None] = Recent(
            clock, _REMEMBERED_S, VAULT_KEYS_REMEMBERED_MAX
        )
        self._all: Recent[str, tuple[_Sealed, ...]] = Recent(clock, _REMEMBERED_S, 1)

    async def open(self, tenant_id: str, provider: str, host: str) -> SecretStr | None:
        """The key of a tenant for this provider at this origin; None if the vault holds none.

        Raises:
            UnavailableError: there is one, and it does not open.
            InvalidInputError: others could read the key of the vault.
        """
        named = (tenant_id, provider, host)
        known = self._recent.get(named)
        if known is None:
            asked_s, age = self._clock.monotonic_s(), self._recent.age
            known = (await self._database.read(lambda session: self._find(session, *named)),)
            self._recent.put(named, known[0], asked_s, age)
        (sealed,) = known
        if sealed is None:
            return None
        key = sealed.open()
        self._note_used(sealed.row)
        return key

    async def open_all(self, tenant_id: str) -> tuple[SecretStr, ...]:
        """All keys of a tenant, for whoever must know them to keep them in; nothing is noted.

        One that does not open is left out: nobody here has it either.
        """
        asked_s, age = self._clock.monotonic_s(), self._all.age
        known = self._all.get(tenant_id)
        if known is None:
            known = (await self._database.read(lambda session: self._find_all(session, tenant_id)),)
            self._all.put(tenant_id, known[0], asked_s, age)
        return tuple(sealed.open() for sealed in known[0])

    def forget(self) -> None:
        """Read everything again: something was changed."""
        self._recent.forget()
        self._all.forget()

    def _find(self, session: Session, tenant_id: str, provider: str, host: str) -> _Sealed | None:
        row = find(session, tenant_id, provider, host)
        # On this thread: opening loads a library, and reads the file of the vault's key.
        return None if row is None else _Sealed(row, opener_of(self.file, row))

    def _find_all(self, session: Session, tenant_id: str) -> tuple[_Sealed, ...]:
        wanted = select(ProviderKeyRow).where(col(ProviderKeyRow.tenant_id) == tenant_id)
        found: list[_Sealed] = []
        for row in session.exec(wanted.limit(PROVIDER_KEYS_MAX)):
            with suppress(UnavailableError, InvalidInputError):
                sealed = _Sealed(row, opener_of(self.file, row))
                sealed.open()
                found.append(sealed)
        return tuple(found)

    def _note_used(self, row: ProviderKeyRow) -> None:
        now = self._clock.now()
        last = self._noted.get(row.id, row.last_used_at)
        if last is not None and timedelta(0) <= now - last < LAST_USED_EVERY:
            return
        self._noted[row.id] = now
        if len(self._noted) > VAULT_KEYS_REMEMBERED_MAX:
            del self._noted[next(iter(self._noted))]
        # Nobody waits for it, and a call does not fail for it.
        self._database.hand_in(_noting(row.id, row.version, now))


@dataclass(frozen=True, slots=True)
class VaultKeys:
    """The keys of one tenant, for whoever sends requests to providers."""

    keys: OpenKeys
    tenant_id: str

    async def key(self, provider: str, base_url: str) -> SecretStr | None:
        """The key that may be sent to this address; None if the vault holds none for it.

        Raises:
            UnavailableError: there is one, and it does not open.
            InvalidInputError: others could read the key of the vault.
        """
        try:
            host = origin_of(base_url)
        except InvalidInputError:
            return None  # An address that can have no key; one without a key may well be called.
        return await self.keys.open(self.tenant_id, provider, host)


def _noting(key_id: str, version: int, at: datetime) -> Callable[[Session], None]:
    def work(session: Session) -> None:
        values = {"id": key_id, "version": version, "at": at}
        session.connection().execute(_NOTE_USED, values)

    return work


_NOTE_USED = text(
    "UPDATE provider_key SET last_used_at = :at WHERE id = :id AND version = :version"
    " AND (last_used_at IS NULL OR last_used_at < :at)"
).bindparams(bindparam("at", type_=UTCDateTime()))
