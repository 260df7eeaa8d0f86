"""The log on standard error: bounded, a line a record, and never in anybody's way.

A client that sends nonsense all day must not fill a disk, text from outside must not look like a
record of ours, and an editor that never reads our standard error must not stop the server: a
thread writes, and what it cannot write in time is counted and left out.
"""

import logging
import os
import queue
import sys
import threading
from typing import Any

from steward.core.clock import Clock, SystemClock
from steward.core.limits import (
    LOG_CHARS_A_MINUTE_MAX,
    LOG_RECORD_CHARS_MAX,
    LOG_RECORDS_WAITING_MAX,
)

_MINUTE_S = 60.0
_CLOSE_WITHIN_S = 0.5
_ERRORS_ONLY = 0.25
"""The part of a minute's room that only errors may use, so that a flood of lesser records does not
hide them."""
_TRACE_INDENT = "  | "
"""Begins every further line of a record, so that none of them can be taken for another record."""


QUIET = {"pygls": logging.CRITICAL, "aiohttp": logging.WARNING}
"""Libraries that log what they carry: whole messages with the person's text, and what a provider
answers, in which a key may be said back. What matters we log ourselves."""


def log_to_stderr(level: str) -> None:
    """Send what Steward logs to standard error."""
    handler = BoundedHandler(sys.stderr.fileno(), SystemClock())
    handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    for name, quiet in QUIET.items():
        logging.getLogger(name).setLevel(quiet)


class OneLine(logging.Formatter):
    """A record as one line; the trace of an error stands indented below it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name.
        """The line."""
        return _visible(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802  logging's name.
        """The trace."""
        lines = super().formatException(ei).split("\n")
        return "\n".join(_TRACE_INDENT + _visible(line) for line in lines)


class BoundedHandler(logging.Handler):
    """Writes records on a thread of its own, so many characters a minute at the most."""

    def __init__(self, descriptor: int, clock: Clock) -> None:
        super().__init__()
        # Not `sys.stderr`: its lock, held by a thread that nobody reads, would abort our exit.
        self._descriptor = descriptor
        self._clock = clock
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._minute_began_s = clock.monotonic_s()
        self._used = 0
        self._left_out = 0
        self._is_closed = False
        self._writer = threading.Thread(target=self._write_all, name="log", daemon=True)
        self._writer.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record, or count it."""
        try:
            self._begin_minute()
            line = self._short(self.format(record))
        except Exception:  # noqa: BLE001  A record that cannot be written is one that is left out.
            self._left_out += 1
            return
        room = LOG_CHARS_A_MINUTE_MAX
        if record.levelno < logging.ERROR:
            room -= round(room * _ERRORS_ONLY)
        if self._used + len(line) > room or self._lines.qsize() >= LOG_RECORDS_WAITING_MAX:
            if not self._left_out:
                self._lines.put("The log is full for now; what follows is counted and left out.")
            self._left_out += 1
            return
        self._used += len(line)
        self._lines.put(line)

    def close(self) -> None:
        """Write what is left, if anybody reads it, and say how much was left out."""
        if self._is_closed:
            return
        self._is_closed = True
        self._tell_left_out()
        self._lines.put(None)
        self._writer.join(_CLOSE_WITHIN_S)
        super().close()

    def _begin_minute(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._minute_began_s >= _MINUTE_S:
            self._minute_began_s, self._used = now_s, 0
            self._tell_left_out()

    def _tell_left_out(self) -> None:
        if self._left_out:
            self._lines.put(f"Records left out of the log: {self._left_out}.")
            self._left_out = 0

    def _short(self, line: str) -> str:
        if len(line) <= LOG_RECORD_CHARS_MAX:
            return line
        return f"{line[:LOG_RECORD_CHARS_MAX]}… ({len(line)} characters in all)"

    def _write_all(self) -> None:
        while (line := self._lines.get()) is not None:
            data = memoryview(f"{line}\n".encode(errors="replace"))
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:
                return  # Nobody is at the other end any more.


def _visible(text: str) -> str:
    """Control characters, line ends among them, as escapes."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
