"""Hearing from PostgreSQL that something was committed, on a connection of its own."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from steward.core.outbox_triggers import CHANNEL

if TYPE_CHECKING:
    from psycopg import AsyncConnection

_log = logging.getLogger(__name__)


class PostgresqlNotices:
    """Listens; where the connection is lost it is made again, and then there may be news."""

    def __init__(self, url: str, arguments: Mapping[str, Any]) -> None:
        self._url = url
        self._arguments = arguments
        self._connection: AsyncConnection[Any] | None = None

    async def news(self, within_s: float) -> None:
        """Wait for a notice; those of one transaction are one."""
        # Only who uses PostgreSQL pays for loading its driver.
        from psycopg import Error

        try:
            if self._connection is None:
                await self._connect()
                return  # Something may have come before anybody listened.
            async for _ in self._connection.notifies(timeout=within_s, stop_after=1):
                return
        except (Error, OSError) as error:
            _log.warning("the database's notices cannot be heard: %s", type(error).__name__)
            await self.close()
            await asyncio.sleep(within_s)

    async def close(self) -> None:
        """Hang up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                await connection.close()

    async def _connect(self) -> None:
        from psycopg import AsyncConnection

        connection = await AsyncConnection.connect(self._url, autocommit=True, **self._arguments)
        self._connection = connection
        await connection.execute(f"LISTEN {CHANNEL}".encode("ascii"))
