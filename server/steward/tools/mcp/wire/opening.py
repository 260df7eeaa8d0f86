"""The way to a server, whichever kind it is, and a session over it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from steward import __version__
from steward.core.errors import StewardError, UnavailableError
from steward.core.redact import redact
from steward.sandbox.launcher import Command, Launcher, Program
from steward.sandbox.level import Bounds
from steward.tools.mcp.failures import SAID_CHARS_MAX, why
from steward.tools.mcp.settings import McpServer
from steward.tools.mcp.wire.http import over_http
from steward.tools.mcp.wire.pipe import over_pipe
from steward.tools.mcp.wire.session import Failure, Session, conversation
from steward.workspace.markdown import one_line


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens one server."""

    name: str
    server: McpServer
    launcher: Launcher

    @asynccontextmanager
    async def opened(self, command: Command | None, bounds: Bounds) -> AsyncGenerator[Session]:
        """The server, in the jail with this command or over the network without one.

        Left by the task that entered it.

        Raises:
            UnavailableError: it does not introduce itself; perhaps within a group of errors.
        """
        if command is not None:
            async with self.launcher.open(command, bounds) as program, self._in_jail(program) as s:
                yield s
            return
        failure, server = Failure(), self.server
        async with (
            over_http(server.url or "", server.headers, server.call_s, failure) as streams,
            conversation(self.name, streams, failure, __version__) as session,
        ):
            yield session

    @asynccontextmanager
    async def _in_jail(self, program: Program) -> AsyncGenerator[Session]:
        failure = Failure()
        try:
            async with (
                over_pipe(program, failure) as streams,
                conversation(self.name, streams, failure, __version__) as session,
            ):
                yield session
        except Exception as error:
            raise _with_complaints(why(self.name, error), program) from error


def _with_complaints(error: StewardError, program: Program) -> UnavailableError:
    """The error, and what the server wrote to its standard error before."""
    said = one_line(redact(program.complaints.decode(errors="replace")))[-SAID_CHARS_MAX:]
    return UnavailableError(f"{error} It says: {said!r}" if said else str(error))
