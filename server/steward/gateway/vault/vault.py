"""The vault: the keys of providers go in through here, and out for one call at a time.

The keys, in full. A key comes from a person over standard input, is shown to its provider, and is
sealed with the key of the vault (`seal.py`), which is never in the database (`key_ring.py`). From
then on it is opened only for a request to the host that it was given for, and nothing else gives
it away: no list, no log, no error, no audit entry. Where something does not fit (another vault
key, a changed row, a file that others can read) there is no key, and so no call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import SecretStr
from sqlmodel import Session

from steward.core import audit
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotPermittedError,
    ProviderRefusedError,
    UnavailableError,
)
from steward.core.ids import IdSource
from steward.core.limits import PROVIDER_KEYS_MAX
from steward.core.principal import Principal
from steward.gateway.vault.check import Address, Probe, Verdict, check
from steward.gateway.vault.open_keys import OpenKeys
from steward.gateway.vault.reseal import drop_old_keys, seal_anew
from steward.gateway.vault.seal import NONCE_BYTES
from steward.gateway.vault.stored import (
    StoredKey,
    all_of,
    check_words,
    find,
    get,
    identity_of,
    masked,
    opener_of,
    ring_of,
    shown,
    write_down,
)
from steward.gateway.vault.tables import ProviderKeyRow

T = TypeVar("T")

Permit = Callable[[Session, Principal], None]
"""Raises `NotPermittedError` if the principal may not change or see the vault's keys. It is asked
in the transaction of what it permits."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What the vault takes from outside."""

    clock: Clock
    new_id: IdSource
    random: Callable[[int], bytes]
    """Gives so many bytes that nobody can foretell."""
    probe: Probe
    permit: Permit


@dataclass(frozen=True, slots=True)
class Vault:
    """What people do with the keys in one database."""

    database: Database
    keys: OpenKeys
    outside: Outside

    async def add(
        self, principal: Principal, address: Address, key: SecretStr, *, is_checked: bool = True
    ) -> StoredKey:
        """Put a key in, after its provider has accepted it; `is_checked=False` does not ask.

        Raises:
            InvalidInputError: it is no key, the address can have none, or there is one already.
            ProviderRefusedError: the provider does not accept it. Nothing was stored.
            UnavailableError: the provider or the key of the vault cannot be reached.
            NotPermittedError: the principal may not do this.
        """
        verdict = await self._tried(principal, address, key, is_checked=is_checked)

        def work(session: Session) -> StoredKey:
            self.outside.permit(session, principal)
            if find(session, principal.tenant_id, address.provider, address.host) is not None:
                raise InvalidInputError(
                    f"The vault holds a key of {address.provider!r} for {address.host} already."
                    " To replace it, use `steward key rotate`."
                )
            _check_room(session, principal)
            row = ProviderKeyRow(
                id=self.outside.new_id(),
                tenant_id=principal.tenant_id,
                provider=address.provider,
                host=address.host,
                url=address.url,
                version=0,
                sealed_with="",
                sealed=b"",
                mask="",
                added_by=principal.user,
                set_at=self.outside.clock.now(),
            )
            self._put(session, row, principal, key, verdict)
            write_down(session, principal, row.set_at, "key.added", row)
            return shown(row)

        return await self._changed(work)

    async def rotate(
        self, principal: Principal, address: Address, key: SecretStr, *, is_checked: bool = True
    ) -> StoredKey:
        """Replace a key.

        The old one serves until the provider has accepted the new one, and is gone in the moment
        in which it is replaced: what is kept can leak.

        Raises:
            NotFoundError: there is none to replace. What `add` raises besides.
        """
        verdict = await self._tried(principal, address, key, is_checked=is_checked)

        def work(session: Session) -> StoredKey:
            self.outside.permit(session, principal)
            row = get(session, principal, address)
            row.url, row.last_used_at = address.url, None
            row.set_at = self.outside.clock.now()
            self._put(session, row, principal, key, verdict)
            write_down(session, principal, row.set_at, "key.rotated", row)
            return shown(row)

        return await self._changed(work)

    async def remove(self, principal: Principal, address: Address) -> StoredKey:
        """Throw a key away. The key of the vault is not needed for that.

        Raises:
            NotFoundError: there is none.
            NotPermittedError: the principal may not do this.
        """
        await self._admit(principal)

        def work(session: Session) -> StoredKey:
            self.outside.permit(session, principal)
            row = get(session, principal, address)
            write_down(session, principal, self.outside.clock.now(), "key.removed", row)
            session.delete(row)
            return shown(row)

        return await self._changed(work)

    async def validate(self, principal: Principal, address: Address) -> StoredKey:
        """Ask the provider whether it still accepts the key, and write down what it says.

        Raises:
            NotFoundError: there is none.
            UnavailableError: the provider or the key of the vault cannot be reached.
            NotPermittedError: the principal may not do this.
        """
        await self._admit(principal)

        def look(session: Session) -> tuple[ProviderKeyRow, SecretStr]:
            self.outside.permit(session, principal)
            row = get(session, principal, address)
            opener = opener_of(self.keys.file, row)
            return row, SecretStr(opener.open(identity_of(row), row.sealed))

        found, key = await self.database.read(look)
        asked = Address(address.provider, found.url)
        if asked.host != found.host:  # The seal vouches for the host, and not for the URL.
            raise UnavailableError(
                f"The base URL of the key of {address.provider!r} was changed in the database, so"
                " it is sent nowhere. Remove the key and add it again."
            )
        verdict = await check(self.outside.probe, asked, key)

        def note(session: Session) -> StoredKey:
            self.outside.permit(session, principal)
            row = get(session, principal, address)
            if row.version == found.version:
                row.verdict, row.checked_at = verdict, self.outside.clock.now()
                session.add(row)
                write_down(session, principal, row.checked_at, "key.validated", row)
            return shown(row)

        return await self._changed(note)

    async def stored(self, principal: Principal) -> tuple[StoredKey, ...]:
        """The keys of the principal's tenant, as a person may see them.

        Raises:
            NotPermittedError: the principal may not do this.
        """
        await self._admit(principal)

        def work(session: Session) -> tuple[StoredKey, ...]:
            self.outside.permit(session, principal)
            return all_of(session, principal.tenant_id)

        return await self.database.read(work)

    async def reseal(self, principal: Principal) -> int:
        """Seal everything, of every tenant, with a new key of the vault; gives how much it was.

        Whatever moment this is interrupted at, all keys still open, and doing it again ends it.

        Raises:
            UnavailableError: the key of the vault cannot be had, or a row does not open.
            NotPermittedError: the principal may not do this.
        """
        await self._admit(principal)
        fresh = self.keys.file.fresh()

        def work(session: Session) -> int:
            self.outside.permit(session, principal)
            return seal_anew(session, self.keys.file, fresh, self.outside.random)

        def note(session: Session) -> int:
            count = work(session)
            audit.append(
                session,
                at=self.outside.clock.now(),
                tenant_id=principal.tenant_id,
                actor=principal.user,
                action="key.resealed",
                subject="vault",
                detail={"keys": count},
            )
            return count

        count = await self._changed(note)
        await self.database.run(lambda session: drop_old_keys(session, self.keys.file))
        return count

    async def _admit(self, principal: Principal) -> None:
        """Return if the principal may touch keys; an attempt of somebody else's is audited."""

        def work(session: Session) -> NotPermittedError | None:
            try:
                self.outside.permit(session, principal)
            except NotPermittedError as refusal:
                audit.append(
                    session,
                    at=self.outside.clock.now(),
                    tenant_id=principal.tenant_id,
                    actor=principal.user,
                    action="key.refused",
                    subject="vault",
                    detail={},
                )
                return refusal  # Given and not raised: the entry must be committed.
            return None

        if (refusal := await self.database.run(work)) is not None:
            raise refusal

    async def _tried(
        self, principal: Principal, address: Address, key: SecretStr, *, is_checked: bool
    ) -> Verdict:
        """What the provider says of a new key; nobody who may not add one makes us ask."""
        check_words(address.provider, key.get_secret_value())
        host = address.host
        await self._admit(principal)
        verdict = await check(self.outside.probe, address, key) if is_checked else "unknown"
        if verdict == "refused":
            raise ProviderRefusedError(
                f"{host} does not accept this key, so it was not stored. Copy it again; or, if"
                " you know better, add it with `--unchecked`."
            )
        return verdict

    def _put(
        self,
        session: Session,
        row: ProviderKeyRow,
        principal: Principal,
        key: SecretStr,
        verdict: Verdict,
    ) -> None:
        """Seal the key into its row."""
        opener = ring_of(session, self.keys.file).newest()
        secret = key.get_secret_value()
        row.version += 1
        row.sealed = opener.seal(identity_of(row), secret, self.outside.random(NONCE_BYTES))
        row.sealed_with, row.mask, row.added_by = opener.name, masked(secret), principal.user
        row.verdict = verdict
        row.checked_at = row.set_at if verdict != "unknown" else None
        session.add(row)

    async def _changed(self, work: Callable[[Session], T]) -> T:
        """Run a change, and let no call of this process go on with what was before it."""
        done = await self.database.run(work)
        self.keys.forget()
        return done


def _check_room(session: Session, principal: Principal) -> None:
    if len(all_of(session, principal.tenant_id)) >= PROVIDER_KEYS_MAX:
        raise LimitError(
            f"The vault holds {PROVIDER_KEYS_MAX} keys, which is the most. Remove one that nobody"
            " needs (`steward key list` shows when each was last used)."
        )
