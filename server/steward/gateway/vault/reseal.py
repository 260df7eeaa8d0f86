"""Sealing everything anew with another key of the vault, so that the old one is worth nothing."""

from collections.abc import Callable

from sqlmodel import Session, col, select

from steward.gateway.vault.key_ring import KeyRing, KeyRingFile
from steward.gateway.vault.seal import NONCE_BYTES, name_of
from steward.gateway.vault.stored import identity_of, opener_of, ring_of
from steward.gateway.vault.tables import ProviderKeyRow


def seal_anew(
    session: Session, file: KeyRingFile, fresh: bytes, random: Callable[[int], bytes]
) -> int:
    """Seal every row with `fresh`; gives how many there were. The old keys stay in the file.

    Raises:
        UnavailableError: the keys of the vault cannot be had, or a row does not open.
    """
    rows = session.exec(select(ProviderKeyRow).order_by(col(ProviderKeyRow.id))).all()
    opened = [opener_of(file, row).open(identity_of(row), row.sealed) for row in rows]
    # The file first: what was sealed with a key that no file holds is lost. A unit of work may
    # be run twice; the second time the key is there already.
    ring = KeyRing((fresh, *_in_use(session, ring_of(session, file), but=fresh)))
    file.write(ring)
    new = ring.newest()
    for row, key in zip(rows, opened, strict=True):
        row.sealed = new.seal(identity_of(row), key, random(NONCE_BYTES))
        row.sealed_with = new.name
        session.add(row)
    return len(rows)


def drop_old_keys(session: Session, file: KeyRingFile) -> None:
    """Take the keys out of the file that nothing is sealed with any more.

    It runs where units of work write, so nobody seals meanwhile.
    """
    ring = file.load(may_make=False)
    newest = ring.keys[0]
    file.write(KeyRing((newest, *_in_use(session, ring, but=newest))))


def _in_use(session: Session, ring: KeyRing, *, but: bytes) -> tuple[bytes, ...]:
    names = set(session.exec(select(ProviderKeyRow.sealed_with).distinct()).all())
    return tuple(key for key in ring.keys if key != but and name_of(key) in names)
