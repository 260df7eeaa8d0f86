"""One call of an extension, and what comes back of it."""

import asyncio
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """An extension asks something and waits."""

    name: str
    arguments: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Logged:
    """An extension logs a line and does not wait."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The last of a call."""

    how: str
    """`ok`, `raised`, or why it was stopped."""
    text: str


Heard = Asked | Logged | Done


class Line:
    """One call of an extension, as it waits for what comes back."""

    def __init__(self, number: int, extension: str, ms: int) -> None:
        self.number = number
        self.extension = extension
        self.left_ms = float(ms)
        """What it may still compute; what it waits for us is not counted."""
        self.heard: deque[Heard] = deque()
        """What has come back and nobody has taken yet."""
        self._waiting: asyncio.Future[None] | None = None
        self.is_done = False
        self.has_asked = False
        """Whether it asked for anything: then something may have been done for it already."""
        self.resumed_s = 0.0
        self.late: asyncio.TimerHandle | None = None

    def put(self, heard: Heard) -> None:
        """Something comes back."""
        self.heard.append(heard)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def next(self) -> Heard:
        """What comes back next. One alone may wait for it."""
        while not self.heard:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self.heard.popleft()
