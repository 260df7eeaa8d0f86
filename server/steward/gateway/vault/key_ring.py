"""The key that seals the vault: a file beside the database, made on first use, never in it.

The file holds the newest key first. There is a second one only while everything is sealed anew:
whatever moment that is interrupted at, each sealed row finds its key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from steward.core.errors import UnavailableError
from steward.core.private_files import read_private, write_private
from steward.gateway.vault.seal import KEY_BYTES, Opener, name_of

_KEYS_MAX = 4
_FILE_BYTES_MAX = _KEYS_MAX * (2 * KEY_BYTES + 1)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one data folder, newest first; there is at least one."""

    keys: tuple[bytes, ...]

    def newest(self) -> Opener:
        """What seals."""
        return Opener(self.keys[0])

    def named(self, name: str) -> Opener | None:
        """What opens the rows that were sealed with the key of this name."""
        return next((Opener(key) for key in self.keys if name_of(key) == name), None)


@dataclass(frozen=True, slots=True)
class KeyRingFile:
    """Where the keys are kept, and where a new one comes from. Its methods block."""

    file: Path
    fresh: Callable[[], bytes]
    """Gives `KEY_BYTES` random bytes."""

    def load(self, *, may_make: bool) -> KeyRing:
        """The keys; a first one is made where there is none and none can be missing.

        Raises:
            UnavailableError: the file is missing though keys were sealed with it, or holds none.
            InvalidInputError: somebody else could read it.
        """
        try:
            written = read_private(self.file, _FILE_BYTES_MAX + 1)
            if written is None and may_make:
                write_private(self.file, _lines((self.fresh(),)), may_replace=False)
                written = read_private(self.file, _FILE_BYTES_MAX + 1)
        except OSError as error:
            raise self._complaint(error.strerror or "the disk refuses") from error
        if written is None:
            raise self._complaint("it does not exist")
        return self._parsed(written)

    def write(self, ring: KeyRing) -> None:
        """Replace the file.

        Raises:
            UnavailableError: the disk refused, or these are too many; the file is as it was.
        """
        if len(ring.keys) > _KEYS_MAX:
            raise self._complaint("it would hold more keys than it can")
        try:
            write_private(self.file, _lines(ring.keys), may_replace=True)
        except OSError as error:
            raise self._complaint(error.strerror or "the disk refuses") from error

    def _parsed(self, written: bytes) -> KeyRing:
        try:
            keys = tuple(bytes.fromhex(line) for line in written.decode("ascii").split())
        except ValueError:
            raise self._complaint("it holds no key") from None
        if not 0 < len(keys) <= _KEYS_MAX or any(len(key) != KEY_BYTES for key in keys):
            raise self._complaint("what it holds does not have the length of a key")
        return KeyRing(keys)

    def _complaint(self, reason: str) -> UnavailableError:
        return UnavailableError(
            f"The key of the vault, {str(self.file)!r}, cannot be used: {reason}. Without it no"
            " provider's key can be opened, so none is. Restore the file from a backup, or copy it"
            " from the data folder that shares this database. If it is lost, remove the providers'"
            " keys (`steward key remove`) and add them again."
        )


def _lines(keys: tuple[bytes, ...]) -> bytes:
    return "".join(f"{key.hex()}\n" for key in keys).encode("ascii")
