"""What git says of a workspace, in a few lines."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from steward.workspace.git.reading import GitReader
from steward.workspace.reveal import reveal


@dataclass(frozen=True, slots=True)
class GitState:
    """Where the repository stands."""

    branch: str
    """Empty where none is checked out."""
    changed: tuple[str, ...]
    """A line for each file that differs, such as `modified: src/a.py`."""


GitSource = Callable[[], Awaitable[GitState]]


def state_of(reader: GitReader) -> GitSource:
    """Asks the repository for its state, on a thread.

    What is asked raises `NotFoundError` where there is no repository.
    """

    async def state() -> GitState:
        status = await asyncio.to_thread(reader.status)
        changed = [
            *(f"in conflict: {path}" for path in status.conflicts),
            *(f"{state}, staged: {path}" for state, path in status.staged),
            *(f"{state}: {path}" for state, path in status.unstaged),
            *(f"new: {path}" for path in status.untracked),
        ]
        # A name may hold anything, even a line end.
        lines = tuple(reveal(" ".join(line.split()))[0] for line in changed)
        return GitState(reveal(status.branch)[0], lines)

    return state
