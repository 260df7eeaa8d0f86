"""How a provider's key is sealed: AES-256-GCM, bound to the row that it stands in.

The row's identity is authenticated with the ciphertext, so a sealed key that is put into another
row (another tenant's, provider's or host's, or an earlier version) does not open. What a seal
cannot show is that a whole row was put back as it once was.
"""

import hmac
import json
from typing import TYPE_CHECKING, NamedTuple

from steward.core.errors import UnavailableError

if TYPE_CHECKING:
    pass

KEY_BYTES = 32
"""The length of the key that seals."""
NONCE_BYTES = 12
"""A fresh one for each seal. At random, 2^32 seals under one key are safe (NIST SP 800-38D, 8.3);
each is made because a person typed a command."""
_SCHEME = "steward vault 1"


class Identity(NamedTuple):
    """What a sealed key belongs to."""

    tenant_id: str
    provider: str
    host: str
    """The origin, as `origin_of` gives it."""
    key_id: str
    version: int


class Opener:
    """Opens what one key sealed."""

    def __init__(self, key: bytes) -> None:
        # The library takes 20 ms to load, so only a process that has a sealed key loads it.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher: AESGCM = AESGCM(key)
        self.name = name_of(key)

    def seal(self, identity: Identity, secret: str, nonce: bytes) -> bytes:
        """The secret, sealed for this row."""
        bound = self._bound(identity)
        return nonce + self._cipher.encrypt(nonce, secret.encode("utf-8"), bound)

    def open(self, identity: Identity, sealed: bytes) -> str:
        """The secret that was sealed for this row.

        Raises:
            UnavailableError: it was sealed for another row or with another key, or was changed.
        """
        from cryptography.exceptions import InvalidTag

        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, ciphertext, self._bound(identity)).decode("utf-8")
        except (InvalidTag, ValueError):
            raise UnavailableError(
                f"The key of {identity.provider!r} for {identity.host} in the database is not what"
                " was put there, so it is used for nothing. Find out who changed the database; then"
                " remove the key (`steward key remove`) and add it again."
            ) from None

    def _bound(self, identity: Identity) -> bytes:
        # JSON with ASCII escapes is one spelling for one identity.
        return json.dumps((_SCHEME, self.name, *identity)).encode("ascii")


def name_of(key: bytes) -> str:
    """What a sealing key is called in the database; it tells nothing about the key."""
    return hmac.digest(key, b"steward vault key name", "sha256").hex()[:16]
