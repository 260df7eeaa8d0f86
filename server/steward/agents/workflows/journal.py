"""Finished steps, written down so that a run that dies goes on where it was."""

from collections.abc import Awaitable, Callable
from typing import Protocol

JsonObject = dict[str, object]
"""What a step leaves behind: small, and nothing that accumulates."""


class Journal(Protocol):
    """Runs each named step once; a replayed run gets the recorded outcome instead."""

    async def step(self, name: str, work: Callable[[], Awaitable[JsonObject]]) -> JsonObject:
        """The outcome of `work`, now or from the journal.

        Names are unique within a run, and the sequence of names must follow from recorded
        outcomes alone. A step whose outcome was not yet recorded when the process died runs again.
        """
        ...
