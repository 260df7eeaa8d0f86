"""Writes the vocabulary that tokens are counted with: the checksums of its tokens, and no text.

    python scripts/vocabulary.py FILE

FILE is o200k_base as its publisher offers it for tiktoken (MIT), and as litellm bundles it: a line
for each token, in base64, and its number. It is taken only if it is that very file. What is
written are the CRC-32 of all tokens, sorted, as unsigned numbers of 32 bits in little-endian order.
"""

import argparse
import base64
import hashlib
import sys
import zlib
from array import array
from pathlib import Path

VOCABULARY = Path(__file__).parents[1] / "server/steward/context/o200k.crc32"
SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
"""Of o200k_base, as tiktoken itself checks it."""


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    VOCABULARY.write_bytes(checksums(parser.parse_args().file.read_bytes()))


def checksums(published: bytes) -> bytes:
    """The content of our file."""
    if hashlib.sha256(published).hexdigest() != SHA256:
        raise SystemExit("This is not o200k_base: its SHA-256 is another one.")
    tokens = (base64.b64decode(line.split()[0]) for line in published.splitlines() if line)
    made = array("I", sorted({zlib.crc32(token) for token in tokens}))
    if sys.byteorder == "big":
        made.byteswap()
    return made.tobytes()


if __name__ == "__main__":
    main()
