"""Components, compiled once for this machine and kept.

Whoever loads compiled code runs it. So what is kept stands in a folder of this account alone, each
file with a seal made with a key of ours, and what does not bear its seal is not loaded but made
again. The seal is checked on the open file that is then handed on, and not on a name.
"""

import asyncio
import fcntl
import hashlib
import hmac
import logging
import os
import stat
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from steward.core.clock import Clock
from steward.core.errors import SandboxUnavailableError
from steward.core.key_file import KeyFile
from steward.core.wasm_limits import WASM_CACHE_BYTES_MAX, WASM_COMPILED_BYTES_MAX

_log = logging.getLogger(__name__)
_CHUNK = 256 * 1024
"""Read and hashed at once: small enough to stay in the processor's own memory."""
_LOCK_LOOK_S = 0.1


class CompiledFolder:
    """The folder with compiled components. Everything here blocks."""

    def __init__(self, folder: Path, clock: Clock, fresh: Callable[[], str]) -> None:
        self._folder = folder
        self._clock = clock
        self._key_file = KeyFile(
            folder / "seal.key",
            fresh,
            "The key of the compiled extensions",
            f"No extension runs without it. Remove the folder {str(folder)!r}; it is made anew.",
        )
        self._key: bytes | None = None

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._folder

    def has(self, name: str) -> bool:
        """Whether there is one of this name; its seal is looked at when it is opened."""
        return self._path(name).is_file()

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        """Wait until no other process of this account compiles into the folder."""
        opened = await asyncio.to_thread(self._lock_file)
        try:
            while not _is_locked(opened):  # noqa: ASYNC110  Another process holds it.
                await asyncio.sleep(_LOCK_LOOK_S)
            yield
        finally:
            os.close(opened)

    def open(self, name: str) -> int | None:
        """A descriptor of the compiled component of this name; None: it is to be compiled.

        Raises:
            SandboxUnavailableError: the folder is not ours alone and cannot be made so.
        """
        self.prepare()
        path = self._path(name)
        try:
            opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._refuse(path, f"cannot be opened ({error.strerror})")
            return None
        why = self._why_not(opened, name)
        if why is None:
            now = self._clock.now().timestamp()
            with suppress(OSError):
                os.utime(opened, (now, now))
            return opened
        os.close(opened)
        self._refuse(path, why)
        return None

    def read(self, name: str) -> bytes | None:
        """The compiled component itself; None: it is to be compiled."""
        opened = self.open(name)
        if opened is None:
            return None
        with os.fdopen(opened, "rb") as file:
            return file.read(WASM_COMPILED_BYTES_MAX)

    def draft(self) -> tuple[int, Path]:
        """A new file to compile into, open for writing."""
        self.prepare()
        opened, path = tempfile.mkstemp(prefix="draft-", dir=self._folder)
        return opened, Path(path)

    def keep(self, name: str, draft: Path) -> None:
        """Take what was compiled into `draft`: from now on it is there, whole and sealed."""
        with draft.open("rb") as file:
            seal = self._seal(file.fileno(), name)
            os.fsync(file.fileno())
        opened, sealed = self.draft()
        with os.fdopen(opened, "w") as written:
            written.write(seal)
        path = self._path(name)
        # The seal first: a file without one is compiled again, one with a stranger's too.
        sealed.replace(path.with_suffix(".seal"))
        draft.replace(path)
        self._make_room(path)

    def _lock_file(self) -> int:
        self.prepare()
        return os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def prepare(self) -> None:
        """Make the folder, for this account alone.

        Raises:
            SandboxUnavailableError: it is somebody else's.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = os.lstat(self._folder)
            is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
            if is_ours and stat.S_IMODE(found.st_mode) & 0o077:
                self._folder.chmod(0o700)
        except OSError as error:
            raise SandboxUnavailableError(
                f"The folder for compiled extensions, {str(self._folder)!r}, cannot be used"
                f" ({error}), so none runs. Make it writable for your account."
            ) from error
        if not is_ours:
            raise SandboxUnavailableError(
                f"The folder for compiled extensions, {str(self._folder)!r}, is not your account's,"
                " and what stands there would be run. Remove it; it is made anew."
            )

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.cwasm"

    def _why_not(self, opened: int, name: str) -> str | None:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            return "is no file of its own"
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            return "is open to other accounts"
        if found.st_size > WASM_COMPILED_BYTES_MAX:
            return "is too large"
        try:
            seal = self._path(name).with_suffix(".seal").read_text("ascii")
        except (OSError, ValueError):
            return "has no seal"
        if not hmac.compare_digest(seal, self._seal(opened, name)):
            return "does not bear our seal"
        return None

    def _seal(self, opened: int, name: str) -> str:
        if self._key is None:
            self._key = self._key_file.load(may_make=True)
        # Most processors have instructions for SHA-256, and forty megabytes wait for the answer.
        digest = hmac.new(self._key, name.encode() + b"\0", hashlib.sha256)
        _read_into(digest.update, opened)
        return digest.hexdigest()

    def _make_room(self, newest: Path) -> None:
        kept = sorted(
            ((each.stat(), each) for each in self._folder.glob("*.cwasm")),
            key=lambda one: one[0].st_mtime,
            reverse=True,
        )
        total = 0
        for found, path in kept:
            total += found.st_size
            if total > WASM_CACHE_BYTES_MAX and path != newest:
                self._remove(path)

    def _refuse(self, path: Path, why: str) -> None:
        _log.warning("the compiled component %s %s; it is compiled again", path.stem, why)
        self._remove(path)

    def _remove(self, path: Path) -> None:
        for each in (path, path.with_suffix(".seal")):
            with suppress(OSError):
                each.unlink()


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal. Blocks."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        _read_into(digest.update, file.fileno())
    return digest.hexdigest()


def _read_into(taken: Callable[[memoryview], None], opened: int) -> None:
    """Hand on all bytes of a file. They come in the same place, so no memory is made for them."""
    piece = memoryview(bytearray(_CHUNK))
    place = 0
    while size := os.preadv(opened, [piece], place):
        taken(piece[:size])
        place += size


def _is_locked(opened: int) -> bool:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
