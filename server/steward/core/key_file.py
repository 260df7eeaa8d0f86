"""A key that seals rows of the database: a file beside it, made on first use."""

import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from steward.core.errors import UnavailableError

KEY_BYTES = 32
"""The length of a key; the file holds it in hexadecimal."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Where the key is kept, and where a new one comes from."""

    file: Path
    fresh: Callable[[], str]
    """Gives `KEY_BYTES` random bytes in hexadecimal."""
    what: str
    """Whose key it is, as a message names it: "The key of the cost ledger"."""
    otherwise: str
    """What does not work without it, and what to do, in whole sentences."""

    def load(self, *, may_make: bool) -> bytes:
        """The key; a new one is made where there is none and none can be missing.

        Only its owner may read the file. Processes that make it at the same moment get the same
        key.

        Raises:
            UnavailableError: it is missing though entries were sealed with it, or is no key.
        """
        try:
            if may_make and not self.file.exists():
                self._make()
            with self.file.open("rb") as opened:
                if stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
                    os.fchmod(opened.fileno(), 0o600)
                written = opened.read(2 * KEY_BYTES + 2)
            key = bytes.fromhex(written.decode("ascii"))
        except (OSError, ValueError) as error:
            raise self._complaint(str(error)) from error
        if len(key) != KEY_BYTES:
            raise self._complaint("it does not have the length of a key")
        return key

    def _make(self) -> None:
        """Write the whole file under another name first: nobody ever reads half a key."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened, name = tempfile.mkstemp(prefix=self.file.name, dir=self.file.parent)
        draft = Path(name)
        try:
            try:
                os.write(opened, self.fresh().encode("ascii"))
                os.fsync(opened)
            finally:
                os.close(opened)
            with suppress(FileExistsError):  # Another process was quicker: its key is ours too.
                os.link(draft, self.file)
        finally:
            draft.unlink()

    def _complaint(self, reason: str) -> UnavailableError:
        return UnavailableError(
            f"{self.what}, {str(self.file)!r}, cannot be used: {reason}. {self.otherwise}"
        )
