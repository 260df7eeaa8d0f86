"""The vault's rows: found, matched with what opens them, audited, and shown without the key."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from steward.core import audit
from steward.core.errors import InvalidInputError, NotFoundError, UnavailableError
from steward.core.limits import PROVIDER_KEY_CHARS_MAX, PROVIDER_NAME_CHARS_MAX
from steward.core.principal import Principal
from steward.gateway.vault.check import Address, Verdict
from steward.gateway.vault.key_ring import KeyRing, KeyRingFile
from steward.gateway.vault.seal import Identity, Opener
from steward.gateway.vault.tables import ProviderKeyRow

ROTATE_AFTER = timedelta(days=90)
"""A key that is older is one to be reminded of."""

_KEY = re.compile(r"[!-~]+")
"""Visible ASCII: nothing else belongs into a header, least of all a line end."""
_PROVIDER = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_MASKED_CHARS_MIN = 20
"""Of a shorter key, seven characters would be too large a part."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as a person may see it."""

    id: str
    provider: str
    host: str
    url: str
    """The base URL at which it is checked."""
    mask: str
    version: int
    added_by: str
    set_at: datetime
    last_used_at: datetime | None
    """About ten minutes exact; None if it was never used."""
    checked_at: datetime | None
    verdict: Verdict

    def is_old(self, now: datetime) -> bool:
        """Whether it is time for another one."""
        return now - self.set_at >= ROTATE_AFTER

    def reminder(self, now: datetime) -> str:
        """What is said when it is."""
        return (
            f"{self.provider} has had the same key for {(now - self.set_at).days} days; after"
            f" {ROTATE_AFTER.days} it is time for another: `steward key rotate {self.provider}`."
        )


def keyed_providers(session: Session, tenant_id: str) -> frozenset[str]:
    """The providers that a tenant has a key for."""
    wanted = select(ProviderKeyRow.provider).where(col(ProviderKeyRow.tenant_id) == tenant_id)
    return frozenset(session.exec(wanted))


def check_words(provider: str, key: str) -> None:
    """Refuse what can be no provider's name or no key.

    Raises:
        InvalidInputError: it is none. The message does not repeat the key.
    """
    if _PROVIDER.fullmatch(provider) is None or len(provider) > PROVIDER_NAME_CHARS_MAX:
        raise InvalidInputError(
            f"{provider[:PROVIDER_NAME_CHARS_MAX]!r} is no name of a provider. Name one such as"
            " `openai`: small letters, digits, dots and dashes."
        )
    if _KEY.fullmatch(key) is None or len(key) > PROVIDER_KEY_CHARS_MAX:
        raise InvalidInputError(
            "What was given is no key: a key is one word of visible ASCII characters, and at most"
            f" {PROVIDER_KEY_CHARS_MAX} of them. Copy it again; nothing was stored."
        )


def masked(key: str) -> str:
    """What a person may see of a key: enough to tell two apart, too little to guess."""
    return f"{key[:3]}…{key[-4:]}" if len(key) >= _MASKED_CHARS_MIN else "…"


def find(session: Session, tenant_id: str, provider: str, host: str) -> ProviderKeyRow | None:
    """The row of the key for this provider at this host; None if there is none."""
    found = select(ProviderKeyRow).where(
        ProviderKeyRow.tenant_id == tenant_id,
        ProviderKeyRow.provider == provider,
        ProviderKeyRow.host == host,
    )
    return session.exec(found).first()


def get(session: Session, principal: Principal, address: Address) -> ProviderKeyRow:
    """The row of the key for this address.

    Raises:
        NotFoundError: there is none.
    """
    row = find(session, principal.tenant_id, address.provider, address.host)
    if row is None:
        raise NotFoundError(
            f"The vault holds no key of {address.provider!r} for {address.host}. `steward key"
            " list` shows what it holds; `steward key add` puts one there."
        )
    return row


def all_of(session: Session, tenant_id: str) -> tuple[StoredKey, ...]:
    """Every key of a tenant, by provider and host."""
    rows = select(ProviderKeyRow).where(ProviderKeyRow.tenant_id == tenant_id)
    ordered = rows.order_by(col(ProviderKeyRow.provider), col(ProviderKeyRow.host))
    return tuple(shown(row) for row in session.exec(ordered))


def shown(row: ProviderKeyRow) -> StoredKey:
    """The row without what is sealed."""
    verdict: Verdict = "unknown"
    if row.verdict in ("accepted", "refused"):
        verdict = row.verdict
    return StoredKey(
        id=row.id,
        provider=row.provider,
        host=row.host,
        url=row.url,
        mask=row.mask,
        version=row.version,
        added_by=row.added_by,
        set_at=row.set_at,
        last_used_at=row.last_used_at,
        checked_at=row.checked_at,
        verdict=verdict,
    )


def identity_of(row: ProviderKeyRow) -> Identity:
    """What the key in this row must have been sealed for."""
    return Identity(row.tenant_id, row.provider, row.host, row.id, row.version)


def ring_of(session: Session, file: KeyRingFile) -> KeyRing:
    """The keys of the vault, for sealing; a first one is made while nothing is sealed.

    The file is read inside the transaction, so nobody seals with a key that is being replaced.

    Raises:
        UnavailableError: it is missing, or something was sealed with a key that it does not hold.
    """
    names = session.exec(select(ProviderKeyRow.sealed_with).distinct()).all()
    ring = file.load(may_make=not names)
    for name in names:
        if ring.named(name) is None:
            raise _foreign(file)
    return ring


def opener_of(file: KeyRingFile, row: ProviderKeyRow) -> Opener:
    """What opens this row.

    Raises:
        UnavailableError: the key of the vault is missing, or is not the one that sealed it.
    """
    opener = file.load(may_make=False).named(row.sealed_with)
    if opener is None:
        raise _foreign(file)
    return opener


def write_down(
    session: Session, principal: Principal, at: datetime, action: str, row: ProviderKeyRow
) -> None:
    """Audit what is done to a key, in the transaction that does it; nothing of the key is said."""
    audit.append(
        session,
        at=at,
        tenant_id=principal.tenant_id,
        actor=principal.user,
        action=action,
        subject=f"key {row.id}",
        detail={
            "provider": row.provider,
            "host": row.host,
            "version": row.version,
            "verdict": row.verdict,
        },
    )


def _foreign(file: KeyRingFile) -> UnavailableError:
    return UnavailableError(
        f"The providers' keys in the database were sealed with another key than the one in"
        f" {str(file.file)!r}, so they do not open. Copy the file `vault.key` from the data folder"
        " that sealed them; data folders that share a database need the same one."
    )
