"""One extension as it runs: its thread, its instance, and what it has used up."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from .frames import packed

_here = threading.local()


class RefusedError(Exception):
    """The host does not do this; the instance ends."""

    def __init__(self, message: str, reason: str = "refused") -> None:
        super().__init__(message)
        self.reason = reason


def current() -> "Running":
    """The extension whose thread this is. That is how the host knows who calls."""
    return _here.running


class Running:
    """What an extension has used up in its present call, and the way to ask for it."""

    def __init__(self, terms: dict[str, Any], send: Callable[..., None]) -> None:
        self.terms = terms
        self._send = send
        self.answers: queue.SimpleQueue[tuple[int, str, str]] = queue.SimpleQueue()
        """Whose call asked, and `text`, `none`, a refusal or `cancelled` with its text."""
        self.fault: tuple[str, str] | None = None
        """Why the host ended the call: the reason, and words."""
        self.cancelled = 0
        """The call that nobody waits for any more."""
        self.call = 0
        self.set_deadline: Callable[[float], None] = lambda _ms: None
        self._left_ms = self._resumed = 0.0
        self._left_wall_ms = self._resumed_wall = 0.0
        self._calls = self._bytes = self._lines = self._random = 0

    def enter(self) -> None:
        """Make this thread the extension's own."""
        _here.running = self

    def begin(self, call: int, ms: int) -> None:
        """A call begins; everything is counted anew."""
        self.call = call
        self.fault = None
        self._left_ms = float(ms)
        self._left_wall_ms = float(ms + self.terms["wall_more_ms"])
        self._calls = self._bytes = self._lines = self._random = 0
        self._resume()

    def ask(self, name: str, arguments: Sequence[str | None]) -> tuple[str, str]:
        """Ask and wait; the time until the answer is not the extension's."""
        self._pause()
        if min(self._left_ms, self._left_wall_ms) <= 0:
            # The clock is coarse: in pieces that are shorter than its ticks it would never strike.
            raise RefusedError("", "deadline")
        self._calls += 1
        if self._calls > self.terms["host_calls"]:
            raise RefusedError(f"more than {self.terms['host_calls']} calls", "quota")
        self._count(sum(len(each) for each in arguments if each))
        if self.cancelled != self.call:
            self._send(["ask", self.call, name, arguments])
        how, text = self._answer()
        self._count(len(text))
        self._resume()
        return how, text

    def _answer(self) -> tuple[str, str]:
        while self.cancelled != self.call:
            call, how, text = self.answers.get()
            # One that was given up may have been answered late.
            if call == self.call and how != "cancelled":
                return how, text
        raise RefusedError("", "cancelled")

    def log(self, words: Sequence[str | None]) -> tuple[str, str]:
        """Pass a line on, if there were not too many; nothing is waited for."""
        level, text = (each or "" for each in words)
        self._lines += 1
        self._count(len(text))
        if self._lines <= self.terms["log_lines"]:
            self._send(["log", self.call, level[:16]], packed(text[: self.terms["log_chars"]]))
        return "none", ""

    def take_random(self, size: int) -> None:
        """Count random bytes."""
        self._random += size
        if self._random > self.terms["random_bytes"]:
            raise RefusedError(f"more than {self.terms['random_bytes']} random bytes", "quota")

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self.terms["host_bytes"]:
            raise RefusedError(f"more than {self.terms['host_bytes']} bytes to and fro", "quota")

    def more_ms(self) -> float:
        """What is left of its time, which is the processor's: a busy machine takes none of it.

        But for so long only that nobody outside takes it for hung.
        """
        self._pause()
        self._resumed, self._resumed_wall = time.thread_time(), time.monotonic()
        return max(min(self._left_ms, self._left_wall_ms), 0.0)

    def _pause(self) -> None:
        self._left_ms -= (time.thread_time() - self._resumed) * 1000
        self._left_wall_ms -= (time.monotonic() - self._resumed_wall) * 1000

    def _resume(self) -> None:
        self._resumed, self._resumed_wall = time.thread_time(), time.monotonic()
        self.set_deadline(max(min(self._left_ms, self._left_wall_ms), 0.0))
