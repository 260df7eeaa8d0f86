"""A client that follows what happens, as a program does."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection, connect

from steward.permissions.tokens import Scope
from tests.web.serving import DEADLINE_S

Json = dict[str, Any]
REPORTS: frozenset[Scope] = frozenset(["reports"])


class Following:
    """One socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._read: list[Json] = []

    async def said(self) -> Json:
        """The next that is said, of whatever kind."""
        async with asyncio.timeout(DEADLINE_S):
            while not self._read:
                self._read = json.loads(await self.connection.recv())
        return self._read.pop(0)

    async def events(self, count: int) -> list[Json]:
        """The next events."""
        found: list[Json] = []
        while len(found) < count:
            said = await self.said()
            if said["kind"] not in ("hello", "mark"):
                found.append(said)
        return found

    async def closed(self) -> tuple[int, str]:
        """How it ended, once it has."""
        async with asyncio.timeout(DEADLINE_S):
            await self.connection.wait_closed()
        return self.connection.close_code or 0, self.connection.close_reason or ""


class Server(Protocol):
    """Where there is a server."""

    @property
    def port(self) -> int:
        """Of this machine."""
        ...


def address(serving: Server, query: str = "") -> str:
    """Where sockets are opened."""
    return f"ws://127.0.0.1:{serving.port}/api/v1/live{query}"


@asynccontextmanager
async def following(
    serving: Server, token: str, query: str = "", **headers: str
) -> AsyncGenerator[Following]:
    """A socket that is opened with a token."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        named["Authorization"] = f"Bearer {token}"
    async with connect(
        address(serving, query),
        additional_headers=named,
        compression=None,
        proxy=None,
        max_size=None,
        ping_interval=None,
        close_timeout=1,
        open_timeout=DEADLINE_S,
    ) as connection:
        yield Following(connection)
