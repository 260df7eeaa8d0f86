"""Ed25519 signatures of publishers, registries and reviewers (RFC 8032).

What is signed begins with what it is for, so that a signature under one thing is none under
another. Keys and signatures are written in hexadecimal.
"""

import hashlib
from typing import Annotated, Literal

from pydantic import StringConstraints

SEED_BYTES = 32
"""The length of a private key."""

Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A public key, or a SHA-256."""
Hex64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]
"""A signature."""
Purpose = Literal["package", "rotation", "index", "review"]


def public_of(seed: bytes) -> str:
    """The public key of a private one."""
    # The library takes 20 ms to load, so only a process that signs or checks loads it.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()


def signature_of(seed: bytes, purpose: Purpose, text: str) -> str:
    """The signature of a text for a purpose."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed).sign(_bound(purpose, text)).hex()


def is_signed(key: str, purpose: Purpose, text: str, signature: str) -> bool:
    """Whether the signature is of the text, for this purpose, by whoever holds the key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(signature), _bound(purpose, text))
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(key: str) -> str:
    """A public key as people compare it: 20 bytes of its SHA-256, in groups of four letters."""
    digest = hashlib.sha256(bytes.fromhex(key)).hexdigest()[:40]
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def _bound(purpose: Purpose, text: str) -> bytes:
    return f"steward-extension-{purpose}-1\n{text}".encode()
