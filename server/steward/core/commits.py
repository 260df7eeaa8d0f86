"""Hearing that something was committed, by this process or another one, without reading it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from steward.core.live_limits import LIVE_EVERY_S


class Commits(Protocol):
    """Follows one database; whoever follows it closes it in the end."""

    async def news(self, within_s: float) -> None:
        """Return when something may have been committed since the last time, or the time is over.

        It may return for nothing, and never leaves out anything.
        """
        ...

    async def close(self) -> None:
        """Follow no more."""
        ...


class MarkedCommits:
    """For a database that tells by a mark whether it was written to."""

    def __init__(self, mark: Callable[[], Awaitable[object | None]]) -> None:
        self._mark = mark
        self._seen: object | None = None

    async def news(self, within_s: float) -> None:
        """Look at the mark until it is another one."""
        for _ in range(max(1, round(within_s / LIVE_EVERY_S))):
            mark = await self._mark()
            if mark is None or mark != self._seen:
                self._seen = mark
                return
            await asyncio.sleep(LIVE_EVERY_S)

    async def close(self) -> None:
        """Nothing is held."""
