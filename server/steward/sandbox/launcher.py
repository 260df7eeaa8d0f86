"""What it means to run a command that we do not trust; the ways to do it are elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from steward.core.limits import COMMAND_WALL_S_MAX


@dataclass(frozen=True, slots=True)
class Command:
    """One program to run over a workspace that it may read and not change."""

    argv: tuple[str, ...]
    """The program and its arguments; no shell looks at them."""
    cwd: Path
    """The workspace or a folder in it."""
    workspace: Path
    """The absolute path of the workspace; the command sees it at this path once it is resolved."""
    overlays: Mapping[Path, bytes] = field(default_factory=dict[Path, bytes])
    """File in the workspace → the bytes to show instead of those on disk (unsaved buffers)."""
    wall_s: float = COMMAND_WALL_S_MAX
    """How long it may take; never more than `COMMAND_WALL_S_MAX`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended. Everything in it was chosen by the command: it is untrusted text."""

    exit_code: int | None
    """None if it was ended by us. A program that cannot be started has 127."""
    output: str
    """Standard output and standard error as they came, bytes that are not UTF-8 replaced."""
    truncated: bool
    """It printed more than we take, and was ended for it."""
    timed_out: bool
    duration_s: float
    used_too_much_memory: bool = False
    """Its processes together held more than `COMMAND_RESIDENT_BYTES_MAX`, and were ended."""


class Launcher(Protocol):
    """A place where a command can do almost nothing."""

    async def unavailable_reason(self) -> str | None:
        """Why no command can run here and what to do about it; None if they can."""
        ...

    async def run(self, command: Command) -> Outcome:
        """Run the command to its end; cancelling ends the command and all it started.

        Raises:
            SandboxUnavailableError: no jail can be had here; nothing ran.
            InvalidInputError: the command asks for something outside its workspace.
            LimitError: the workspace is too large to be searched for secrets.
        """
        ...
