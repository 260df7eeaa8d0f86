"""Saves of one file wait for an extension one at a time, and only the last of them is given to it.

Whoever saves quicker than an extension checks wants its word on what the file holds now.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from steward.core.errors import StaleError
from steward.extensions.payloads import FileSaved, Payload

_Key = tuple[str, str]


class Turns:
    """Whose turn it is, for each extension and file."""

    def __init__(self) -> None:
        self._running: set[_Key] = set()
        self._waiting: dict[_Key, asyncio.Future[bool]] = {}

    @asynccontextmanager
    async def taken(self, extension: str, payload: Payload) -> AsyncGenerator[None]:
        """Wait for the turn of an event; all but saves have it at once.

        Raises:
            StaleError: the file was saved again meanwhile, and that save is given instead.
        """
        if not isinstance(payload, FileSaved):
            yield
            return
        key = (extension, payload.path)
        while key in self._running:
            await self._wait(key)
        self._running.add(key)
        try:
            yield
        finally:
            self._running.discard(key)
            self._tell(self._waiting.pop(key, None), is_turn=True)

    async def _wait(self, key: _Key) -> None:
        self._tell(self._waiting.pop(key, None), is_turn=False)
        turn = self._waiting[key] = asyncio.get_running_loop().create_future()
        if not await turn:
            raise StaleError("The file was saved again before the extension saw it.")

    @staticmethod
    def _tell(turn: asyncio.Future[bool] | None, *, is_turn: bool) -> None:
        if turn is not None and not turn.done():
            turn.set_result(is_turn)
