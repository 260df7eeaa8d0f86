"""The servers that are up: each for one run, started at its first need, and ended with the run.

Every server has a task of its own, in which it is started and ended: what holds a jail and a
connection is left where it was entered. The task looks each second whether the run has ended; the
run's row has the last word on that.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from steward.core.agent_limits import (
    MCP_ADDRESS_BYTES_MAX,
    MCP_IDLE_S,
    MCP_LIFE_S,
    MCP_MESSAGE_BYTES_MAX,
    MCP_RESIDENT_BYTES_MAX,
)
from steward.core.clock import Clock
from steward.core.errors import NotFoundError, StewardError, UnavailableError
from steward.sandbox.launcher import Command, Launcher
from steward.sandbox.level import Bounds
from steward.tools.mcp.failures import why
from steward.tools.mcp.settings import McpServer
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.kept_back import kept_back

if TYPE_CHECKING:
    from steward.tools.mcp.wire.opening import Opening
    from steward.tools.mcp.wire.session import Session

_LOOK_AGAIN_S = 1.0
BOUNDS = Bounds(
    wall_s=MCP_LIFE_S,
    output_bytes=MCP_MESSAGE_BYTES_MAX,
    address_bytes=MCP_ADDRESS_BYTES_MAX,
    resident_bytes=MCP_RESIDENT_BYTES_MAX,
)
"""How much of everything a server in the jail may have."""

IsOver = Callable[[str], Awaitable[bool]]
"""Run → whether it has ended."""


@dataclass(frozen=True, slots=True)
class Place:
    """The folder in which a server runs, and what of it is kept from models."""

    root: Path
    oracle: IgnoreOracle


@dataclass(slots=True)
class _Up:
    """A server that is up, or about to be."""

    ready: "asyncio.Future[Session]"
    used_at_s: float
    calls: int = 0
    """Calls under way."""
    leave: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Servers:
    """Starts servers, keeps them while they are needed, and ends them."""

    configured: Mapping[str, McpServer]
    inherited: Mapping[str, str]
    """Variables of Steward's own environment that a server inherits."""
    launcher: Launcher
    clock: Clock
    is_over: IsOver
    _up: dict[tuple[str, str], _Up] = field(default_factory=dict[tuple[str, str], _Up])
    _group: asyncio.TaskGroup | None = None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Servers can be started while this is open, and are ended when it is left."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                yield
            finally:
                self._group = None
                for each in self._up.values():
                    each.leave.set()

    def of(self, name: str) -> McpServer:
        """The server of this name.

        Raises:
            NotFoundError: the settings name none.
        """
        found = self.configured.get(name)
        if found is None:
            raise NotFoundError(
                f"There is no MCP server {name!r} in the settings. Add [mcp.servers.{name}] to your"
                " settings.toml; `steward mcp list` shows those that there are."
            )
        return found

    @asynccontextmanager
    async def talking(self, run_id: str, name: str, place: Place) -> AsyncGenerator["Session"]:
        """The server, for as long as this is open; one that is not up is started.

        Raises:
            UnavailableError: it cannot be started, or does not speak the protocol.
            SandboxUnavailableError: there is no jail for it.
        """
        up = self._up.get((run_id, name)) or self._start(run_id, name, place)
        up.calls += 1
        try:
            # Shielded: whoever gives up waiting does not take the server from the others.
            yield await asyncio.shield(up.ready)
        except UnavailableError:
            # What did not answer in time, or in a way that nobody understands, is not asked again.
            up.leave.set()
            raise
        finally:
            up.calls -= 1
            up.used_at_s = self.clock.monotonic_s()

    def _start(self, run_id: str, name: str, place: Place) -> _Up:
        server = self.of(name)
        if self._group is None:
            raise UnavailableError("Steward is ending, so no MCP server is started.")
        up = _Up(asyncio.get_running_loop().create_future(), self.clock.monotonic_s())
        self._up[run_id, name] = up
        self._group.create_task(self._keep((run_id, name), server, place, up))
        return up

    async def _keep(self, key: tuple[str, str], server: McpServer, place: Place, up: _Up) -> None:
        """Start it, keep it while it is needed, end it."""
        told: StewardError = UnavailableError(f"The MCP server {key[1]!r} was ended.")
        try:
            command = await self._command(server, place)
            # The SDK takes a second to load, so it is loaded here and on a thread.
            opening = (await asyncio.to_thread(_wire))(key[1], server, self.launcher)
            async with opening.opened(command, BOUNDS) as session:
                up.ready.set_result(session)
                await self._needed(key[0], up)
        except Exception as error:  # noqa: BLE001  Whatever a server brings about ends it alone.
            told = why(key[1], error)
        finally:
            self._up.pop(key, None)
            if not up.ready.done():
                up.ready.set_exception(told)
                # Whoever waited may have gone; then nobody looks at it, and need not.
                up.ready.exception()

    async def _needed(self, run_id: str, up: _Up) -> None:
        """Return when the server is not needed any more."""
        while not up.leave.is_set():
            try:
                async with asyncio.timeout(_LOOK_AGAIN_S):
                    await up.leave.wait()
            except TimeoutError:
                idle_s = self.clock.monotonic_s() - up.used_at_s
                if await self.is_over(run_id) or (not up.calls and idle_s > MCP_IDLE_S):
                    return

    async def _command(self, server: McpServer, place: Place) -> Command | None:
        """What is run in the jail; None where a server is asked over the network."""
        if server.url is not None:
            return None
        reason = await self.launcher.unavailable_reason()
        if reason is not None:
            raise UnavailableError(f"An MCP server runs only in the jail. {reason}")
        given = {name: value.get_secret_value() for name, value in server.environment.items()}
        inherited = {n: self.inherited[n] for n in server.inherits if n in self.inherited}
        # Its answers go to a model, so it does not see what is kept from models.
        masked = await asyncio.to_thread(kept_back, place.root, place.oracle)
        return Command(
            server.command,
            place.root,
            place.root,
            wall_s=MCP_LIFE_S,
            masked=masked,
            shown=server.folders,
            environment=inherited | given,
            has_network=server.network,
        )


def _wire() -> "type[Opening]":
    from steward.tools.mcp.wire.opening import Opening

    return Opening
