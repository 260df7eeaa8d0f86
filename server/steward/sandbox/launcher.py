"""What it means to run a command that we do not trust; the ways to do it are elsewhere."""

import signal
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from steward.core.limits import COMMAND_WALL_S_MAX
from steward.sandbox.changes import Changes
from steward.sandbox.level import Bounds, Level

Ending = Literal["time", "output", "memory", "disk"]
"""What a command had too much of when it was ended."""

_SIGNALLED = 128


@dataclass(frozen=True, slots=True)
class Command:
    """One program to run over a workspace that it may read, or over a private copy of it."""

    argv: tuple[str, ...]
    """The program and its arguments; no shell looks at them."""
    cwd: Path
    """The workspace or a folder in it, with no link between the two."""
    workspace: Path
    """The absolute path of the workspace; the command sees it at this path once it is resolved,
    but at the level `landlock`, where what it sees is always a copy at another path."""
    overlays: Mapping[Path, bytes] = field(default_factory=dict[Path, bytes])
    """File in the workspace → the bytes to show instead of those on disk (unsaved buffers)."""
    wall_s: float = COMMAND_WALL_S_MAX
    """How long it may take; never more than `COMMAND_WALL_S_MAX`."""
    pinned: Mapping[Path, str] = field(default_factory=dict[Path, str])
    """File in the workspace → the SHA-256 of the bytes that were approved, in hex. Exactly these
    bytes are what the command sees; where there are others by now, nothing runs."""
    writes: Literal["nothing", "copy"] = "nothing"
    """Whether it works on a private copy, whose differences are `Outcome.changes`."""
    masked: frozenset[str] = frozenset()
    """Files and folders in the workspace, as relative paths, that are empty for the command; not
    looked for in git's folder and in those of installed packages."""
    cwd_identity: str | None = None
    """As `stage.identity_of` gave it when the working folder was approved; in another folder that
    has come to its place nothing runs."""
    shown: tuple[Path, ...] = ()
    """Folders outside the workspace that it may read too, such as those of the program itself."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """What it finds in its environment beside what every command finds there; may be secret."""
    has_network: bool = False
    """Whether it reaches the network as this machine does; the level `landlock` cannot give it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended. Everything in it was chosen by the command: it is untrusted text."""

    exit_code: int | None
    """None if it was ended by us. A program that cannot be started has 127, and one that a signal
    ended has 128 and the signal's number."""
    output: str
    """Standard output and standard error as they came, bytes that are not UTF-8 replaced."""
    duration_s: float
    level: Level
    """How it was confined."""
    ended_for: Ending | None = None
    """What it had too much of, and was ended for: time, what it printed (what is kept is the
    beginning), the memory that its processes held together, or what it wrote to the disk."""
    changes: Changes | None = None
    """What it did to its copy of the workspace, where it had one."""

    @property
    def truncated(self) -> bool:
        """It printed more than we take, and was ended for it."""
        return self.ended_for == "output"

    @property
    def timed_out(self) -> bool:
        """It took longer than it might."""
        return self.ended_for == "time"

    @property
    def used_too_much_memory(self) -> bool:
        """Its processes together held more than they might, and were ended."""
        return self.ended_for == "memory"

    @property
    def signal(self) -> str | None:
        """The signal that its exit code stands for, such as `SIGSEGV`."""
        try:
            return signal.Signals((self.exit_code or 0) - _SIGNALLED).name
        except ValueError:
            return None

    def verdict(self) -> str:
        """How it ended, in a sentence without what it printed."""
        took = f"after {self.duration_s:.1f} s"
        match self.ended_for:
            case "time":
                return f"The command was ended {took}: it took too long."
            case "output":
                return f"The command was ended {took}: it printed too much; this is the beginning."
            case "memory":
                return f"The command was ended {took}: it used too much memory."
            case "disk":
                return f"The command was ended {took}: it wrote too much to the disk."
            case None:
                named = f" ({self.signal})" if self.signal else ""
                return f"Exit code {self.exit_code}{named} {took}."


@dataclass(slots=True)
class Program:
    """A program in its jail that stays up and is talked to. All it says is untrusted."""

    stdin: StreamWriter
    stdout: StreamReader
    level: Level
    complaints: bytearray
    """The last that it wrote to its standard error."""
    ended_for: Ending | None = None
    """What it had too much of, and was ended for."""


class Launcher(Protocol):
    """A place where a command can do almost nothing."""

    async def unavailable_reason(self) -> str | None:
        """Why no command can run here and what to do about it; None if they can."""
        ...

    async def level(self) -> Level:
        """How commands are confined here.

        Raises:
            SandboxUnavailableError: no jail can be had here.
        """
        ...

    async def describe(self, command: Command) -> str:
        """What the jail in force gives, in sentences for the person who is asked.

        Raises:
            SandboxUnavailableError: no jail can be had here.
        """
        ...

    async def run(self, command: Command) -> Outcome:
        """Run the command to its end; cancelling ends the command and all it started.

        Raises:
            SandboxUnavailableError: no jail can be had here; nothing ran.
            InvalidInputError: the command asks for something outside its workspace.
            StaleError: a pinned file, or the working folder, is not what was approved.
            LimitError: the workspace is too large to be searched for secrets or to be copied.
        """
        ...

    def open(self, command: Command, bounds: Bounds) -> AbstractAsyncContextManager[Program]:
        """The program, until the context is left: then it ends with all that it started.

        The context is left by the task that entered it. It raises what `run` raises.
        """
        ...
