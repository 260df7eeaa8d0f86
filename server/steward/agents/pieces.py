"""Text that comes in many small pieces, passed on a few times a second."""

import asyncio
from collections.abc import Callable

_EVERY_S = 0.03
"""Faster than an eye, slower than a model."""


class Pieces:
    """Gathers what comes; the first piece is passed on at once. The loop's thread only."""

    def __init__(self, pass_on: Callable[[str], None], every_s: float = _EVERY_S) -> None:
        self._pass_on = pass_on
        self._every_s = every_s
        self._waiting: list[str] = []
        self._resting: asyncio.TimerHandle | None = None

    def add(self, text: str) -> None:
        """Take a piece."""
        self._waiting.append(text)
        if self._resting is None:
            self._send()

    def close(self) -> None:
        """Pass on what still waits; nothing comes after it."""
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        if text := _sound("".join(self._waiting)):
            self._pass_on(text)
        self._waiting.clear()

    def _send(self) -> None:
        self._resting = None
        text = "".join(self._waiting)
        # Of a character in two halves, the second may be yet to come.
        cut = len(text) - 1 if text[-1:] and "\ud800" <= text[-1] <= "\udbff" else len(text)
        self._waiting = [text[cut:]] if cut < len(text) else []
        if not text[:cut]:
            return
        self._pass_on(_sound(text[:cut]))
        self._resting = asyncio.get_running_loop().call_later(self._every_s, self._send)


def _sound(text: str) -> str:
    """The text with halves of characters joined, or replaced where they stand alone."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
