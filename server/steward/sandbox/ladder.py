"""Chooses how commands are confined: the best way that is allowed and that its own test proves.

There is no last rung without a jail: where none of them holds, no command runs.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from steward.core.clock import Clock
from steward.core.errors import SandboxUnavailableError
from steward.sandbox.bubblewrap import Bubblewrap
from steward.sandbox.folder import sweep
from steward.sandbox.jail import Confinement, Jail
from steward.sandbox.landlock import Landlock
from steward.sandbox.launcher import Command, Outcome, Program
from steward.sandbox.level import LEVELS, Bounds, Level, sentence
from steward.sandbox.probe import PROBE_BOUNDS, why_not
from steward.sandbox.system import hide_from_neighbours

_MAKERS: dict[Level, Callable[[Bounds], Confinement]] = {
    "cgroup": lambda bounds: Bubblewrap(bounds, counts=True),
    "namespaces": lambda bounds: Bubblewrap(bounds, counts=False),
    "landlock": Landlock,
}
_NOT_ALLOWED = "the setting `levels` of [sandbox] leaves it out"


@dataclass(frozen=True, slots=True)
class Standing:
    """Which level is in force, and what became of the others."""

    level: Level | None
    why_not: dict[Level, str]
    """Each level that is better than the one in force, or all of them → why it is not."""


class Ladder:
    """The launcher. It never runs anything without a jail."""

    def __init__(
        self,
        clock: Clock,
        levels: Sequence[Level] = LEVELS,
        bounds: Bounds | None = None,
        told: Callable[[Level | None], None] | None = None,
    ) -> None:
        """Take a ladder of these rungs.

        Args:
            clock: tells how long a command took.
            levels: what may be used; the order does not matter.
            bounds: how much of everything a command may have.
            told: hears which level was found whenever they were tried out, on a thread.
        """
        self._told = told
        self._clock = clock
        self._levels = frozenset(levels)
        self._bounds = bounds or Bounds()
        self._standing: Standing | None = None
        self._testing = asyncio.Lock()

    async def standing(self) -> Standing:
        """Which level is in force; the first time, this tries them out."""
        async with self._testing:
            # A success is remembered, a failure is not: the user may be installing it right now.
            if self._standing is not None:
                return self._standing
            standing = await self._tried()
            if self._told is not None:
                await asyncio.to_thread(self._told, standing.level)
            if standing.level is not None:
                self._standing = standing
            return standing

    async def unavailable_reason(self) -> str | None:
        """Why no command can run here and what to do about it; None if they can."""
        standing = await self.standing()
        if standing.level is not None:
            return None
        reasons = "; ".join(f"{level}: {why}" for level, why in standing.why_not.items())
        return (
            "Commands run only in a jail, and none can be had here. Install the packages"
            " 'bubblewrap' and 'util-linux' on Linux and allow user namespaces. What was tried: "
            f"{reasons}."
        )

    async def level(self) -> Level:
        """How commands are confined here.

        Raises:
            SandboxUnavailableError: no jail can be had here.
        """
        return (await self._jail(self._bounds)).confinement.level

    async def describe(self, command: Command) -> str:
        """What the jail in force gives, in sentences for the person who is asked.

        Raises:
            SandboxUnavailableError: no jail can be had here.
        """
        level = await self.level()
        return sentence(level, writes=command.writes == "copy", wall_s=command.wall_s)

    async def run(self, command: Command) -> Outcome:
        """Run the command to its end; cancelling ends the command and all it started.

        Raises:
            SandboxUnavailableError: no jail can be had here; nothing ran.
            InvalidInputError: the command asks for something outside its workspace.
            StaleError: a pinned file, or the working folder, is not what was approved.
            LimitError: the workspace is too large to be searched for secrets or to be copied.
        """
        return await (await self._jail(self._bounds)).run(command)

    @asynccontextmanager
    async def open(self, command: Command, bounds: Bounds) -> AsyncGenerator[Program]:
        """The program, until the context is left: then it ends with all that it started.

        Raises:
            SandboxUnavailableError: no jail can be had here; nothing ran.
            InvalidInputError: the command asks for something outside its workspace.
            StaleError: a pinned file, or the working folder, is not what was approved.
            LimitError: the workspace is too large to be searched for secrets or to be copied.
        """
        async with (await self._jail(bounds)).open(command) as program:
            yield program

    async def _jail(self, bounds: Bounds) -> Jail:
        reason = await self.unavailable_reason()
        standing = self._standing
        if reason is not None or standing is None or standing.level is None:
            raise SandboxUnavailableError(reason or "No jail can be had here.")
        return Jail(_MAKERS[standing.level](bounds), self._clock)

    async def _tried(self) -> Standing:
        # What runs in the weaker jails is of the same user as we are, and keys are in our memory.
        with suppress(OSError, AttributeError):
            hide_from_neighbours()
        await asyncio.to_thread(sweep)
        reasons: dict[Level, str] = {}
        for level in LEVELS:
            if level not in self._levels:
                reasons[level] = _NOT_ALLOWED
                continue
            probed = _MAKERS[level](replace(PROBE_BOUNDS))
            reason = await why_not(probed, self._clock)
            if reason is None:
                return Standing(level, reasons)
            reasons[level] = reason
        return Standing(None, reasons)
