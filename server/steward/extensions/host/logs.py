"""`log`: each extension's own log, in memory and in a file of its own.

It is for its author and its person: without secrets, bounded, and never in Steward's own log. It
needs no capability, because nothing of it reaches anybody else.
"""

import asyncio
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from steward.core.clock import Clock
from steward.core.extension_limits import (
    EXTENSION_LOG_BYTES_MAX,
    EXTENSION_LOG_CHARS_A_MINUTE_MAX,
    EXTENSION_LOG_LINE_CHARS_MAX,
    EXTENSION_LOG_LINES_KEPT_MAX,
)
from steward.core.redact import redact
from steward.extensions.host.gate import Caller
from steward.workspace.reveal import reveal

_LEVELS = ("debug", "info", "warning", "error")
_MINUTE_S = 60.0


@dataclass(slots=True)
class _Log:
    lines: deque[str] = field(
        default_factory=lambda: deque[str](maxlen=EXTENSION_LOG_LINES_KEPT_MAX)
    )
    minute_s: float = 0.0
    chars: int = 0
    left_out: int = 0


class Logs:
    """Keeps the logs of all extensions."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """`folder` holds a file for each extension; it is made at need, for this account alone."""
        self._folder = folder
        self._clock = clock
        self._logs: dict[str, _Log] = {}
        self._writing = asyncio.Lock()

    async def log(self, caller: Caller, arguments: tuple[str | None, ...]) -> None:
        """`log`: one line; it has no answer, so what is wrong with it is made right."""
        level = (arguments[0] if arguments else None) or "info"
        message = (arguments[1] if len(arguments) > 1 else None) or ""
        await self.write(caller.id, level if level in _LEVELS else "info", message)

    async def write(self, extension: str, level: str, message: str) -> None:
        """Add a line to an extension's log."""
        log = self._logs.setdefault(extension, _Log())
        text = message[: 2 * EXTENSION_LOG_LINE_CHARS_MAX]
        told = reveal(redact(text))[0][:EXTENSION_LOG_LINE_CHARS_MAX].replace("\n", "\n    ")
        now_s = self._clock.monotonic_s()
        if now_s - log.minute_s >= _MINUTE_S:
            log.minute_s, log.chars, log.left_out = now_s, 0, 0
        if log.chars + len(told) > EXTENSION_LOG_CHARS_A_MINUTE_MAX:
            log.left_out += 1
            if log.left_out > 1:
                return
            level, told = "warning", "it logs too much; the rest of this minute is left out"
        log.chars += len(told)
        when = self._clock.now().isoformat(sep=" ", timespec="milliseconds")
        line = f"{when} {level} {told}"
        log.lines.append(line)
        async with self._writing:
            await asyncio.to_thread(_append, self._folder, extension, line)

    def latest(self, extension: str) -> tuple[str, ...]:
        """Its last lines of this window, the oldest first."""
        log = self._logs.get(extension)
        return () if log is None else tuple(log.lines)

    def file(self, extension: str) -> Path:
        """Where its log is written."""
        return self._folder / f"{extension}.log"

    async def sweep(self, kept: Collection[str]) -> None:
        """Remove the logs of extensions that are not installed any more."""
        for extension in tuple(self._logs):
            if extension not in kept:
                del self._logs[extension]
        await asyncio.to_thread(_sweep, self._folder, frozenset(kept))


def _append(folder: Path, extension: str, line: str) -> None:
    # A full disk must end neither the extension nor what it was asked for.
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / f"{extension}.log"
        if file.exists() and file.stat().st_size > EXTENSION_LOG_BYTES_MAX:
            file.replace(folder / f"{extension}.log.old")
        with file.open("a", encoding="utf-8", errors="backslashreplace") as opened:
            opened.write(f"{line}\n")


def _sweep(folder: Path, kept: frozenset[str]) -> None:
    if not folder.is_dir():
        return
    for file in folder.iterdir():
        extension = file.name.removesuffix(".old").removesuffix(".log")
        if file.name != extension and extension not in kept:
            file.unlink(missing_ok=True)
