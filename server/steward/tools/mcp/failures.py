"""What went wrong with a server, out of whatever came of it."""

from typing import cast

from steward.core.errors import StewardError, UnavailableError
from steward.core.redact import redact
from steward.workspace.markdown import one_line

SAID_CHARS_MAX = 300
"""What is passed on of a server's own words about its trouble."""


def why(server: str, error: Exception) -> StewardError:
    """Our own error in what came out of groups of tasks, or one that says what came."""
    own = _own(error)
    if own is not None:
        return own
    said = one_line(redact(str(error)))[:SAID_CHARS_MAX] or type(error).__name__
    return UnavailableError(f"The MCP server {server!r} cannot be used: {said}.")


def _own(error: BaseException) -> StewardError | None:
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return next(filter(None, map(_own, group.exceptions)), None)
    return error if isinstance(error, StewardError) else None
