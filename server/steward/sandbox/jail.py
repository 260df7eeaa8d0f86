"""Runs a command in a jail and follows it to its end; how it is confined is told elsewhere."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from steward.core.clock import Clock
from steward.core.errors import InvalidInputError, SandboxUnavailableError, StaleError
from steward.core.timings import OK, Timings
from steward.sandbox.changes import Changes, changes_of
from steward.sandbox.copying import Stop
from steward.sandbox.folder import make_folder
from steward.sandbox.launcher import Command, Ending, Outcome, Program
from steward.sandbox.level import Bounds, Level
from steward.sandbox.stage import Needs, Stage, prepare
from steward.sandbox.view import was_moved
from steward.sandbox.watch import Watch

_DRAIN_S = 5.0
_COMPLAINTS_BYTES = 4096
"""What is kept of the standard error of a program that stays up."""
_OPEN = ("/", "/bin", "/dev", "/etc", "/home", "/lib", "/proc", "/root", "/run", "/sbin", "/sys")
_NOT_A_WORKSPACE = frozenset(Path(folder) for folder in (*_OPEN, "/tmp", "/usr", "/var"))  # noqa: S108

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """The way into one jail that is ready."""

    argv: list[str]
    pass_fds: tuple[int, ...]
    report: int
    """Where it is told how the command ended."""
    watches: tuple[Watch, ...]
    end: Callable[[int], None]
    """Ends what is left of the jail with this process; blocks."""
    has_run_out: Callable[[], bool]
    """Whether the kernel ended any of it for want of memory; blocks."""


class Confinement(Protocol):
    """One way to confine a command."""

    @property
    def level(self) -> Level:
        """Which rung of the ladder it is."""
        ...

    @property
    def bounds(self) -> Bounds:
        """How much of everything a command may have."""
        ...

    def missing(self) -> str | None:
        """What it needs and cannot have here; `None`: it may work. Blocks."""
        ...

    def needs(self) -> Needs:
        """What the stage must be like."""
        ...

    def interpreter(self) -> str:
        """A Python that the jail can run, to test it with."""
        ...

    def enter(self, folder: Path, stage: Stage, command: Command) -> AbstractContextManager[Entry]:
        """The way in, until the command has ended. Blocks."""
        ...


@dataclass(slots=True)
class _Attempt:
    """One command while it runs."""

    output: bytearray
    ended_for: Ending | None = None
    entered_s: float | None = None
    """When the command itself began."""


@dataclass(frozen=True, slots=True)
class Jail:
    """Runs commands under one confinement, whether it was tested or not; see `Ladder`."""

    confinement: Confinement
    clock: Clock
    timings: Timings = field(default_factory=Timings)
    """Where it is noted how long the jail took to build, and the command in it."""

    async def run(self, command: Command) -> Outcome:
        """Run the command to its end; cancelling ends the command and all it started.

        Raises:
            SandboxUnavailableError: the jail could not be built; nothing ran.
            InvalidInputError: the command asks for something outside its workspace.
            StaleError: a pinned file, or the working folder, is not what was approved.
            LimitError: the workspace is too large to be searched for secrets or to be copied.
        """
        began_s = self.clock.monotonic_s()
        stack = ExitStack()
        try:
            folder = await _to_the_end(asyncio.to_thread(_made, stack))
            attempt, status, changes = await self._staged(folder, command)
        finally:
            # A cancelled command's folder goes too, before anybody is told that it ended.
            await _to_the_end(asyncio.to_thread(stack.close))
        output = bytes(attempt.output).decode(errors="replace")
        if status is None and attempt.ended_for is None:
            raise _not_built(output)
        if was_moved(status, output):
            raise StaleError(f"{output.strip()} The command was not run. Ask for it again.")
        ended_s = self.clock.monotonic_s()
        self._note(began_s, attempt.entered_s, ended_s, attempt.ended_for)
        return Outcome(
            exit_code=None if attempt.ended_for else status,
            output=output,
            duration_s=ended_s - began_s,
            level=self.confinement.level,
            ended_for=attempt.ended_for,
            changes=changes,
        )

    def _note(
        self, began_s: float, entered_s: float | None, ended_s: float, ended_for: str | None
    ) -> None:
        if entered_s is None:
            return
        level = self.confinement.level
        self.timings.note("sandbox", level, "start", entered_s - began_s)
        self.timings.note("sandbox", level, "command", ended_s - entered_s, ended_for or OK)

    @asynccontextmanager
    async def open(self, command: Command) -> AsyncGenerator[Program]:
        """The program, until the context is left: then it ends with all that it started.

        Raises:
            SandboxUnavailableError: the jail could not be built; nothing ran.
            InvalidInputError: the command asks for something outside its workspace.
            LimitError: the workspace is too large to be searched for secrets or to be copied.
        """
        stop, stack = Stop(), ExitStack()
        try:
            folder = await _to_the_end(asyncio.to_thread(_made, stack))
            preparing = asyncio.to_thread(self._prepared, folder, command, stop)
            stage = await _to_the_end(preparing, stop.set)
            entering = self.confinement.enter(folder, stage, command)
            entry = await _to_the_end(asyncio.to_thread(stack.enter_context, entering))
            async with self._standing(entry, command) as program:
                yield program
        finally:
            await _to_the_end(asyncio.to_thread(stack.close))

    @asynccontextmanager
    async def _standing(self, entry: Entry, command: Command) -> AsyncGenerator[Program]:
        bounds = self.confinement.bounds
        process = await asyncio.create_subprocess_exec(
            *entry.argv,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            cwd="/",
            env={},
            pass_fds=entry.pass_fds,
            start_new_session=True,
            # A line of what it says; a longer one is more than whoever listens takes.
            limit=bounds.output_bytes,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        program = Program(process.stdin, process.stdout, self.confinement.level, bytearray())
        try:
            wall_s = min(command.wall_s, bounds.wall_s)
            keeper = _Keeper(process, program)
            failed: Exception | None = None
            async with asyncio.TaskGroup() as group:
                work = [keeper.listen(), keeper.expire(wall_s), *map(keeper.look, entry.watches)]
                tasks = [group.create_task(each) for each in work]
                try:
                    yield program
                except Exception as error:  # noqa: BLE001  Not to come out of the group as a group.
                    failed = error
                finally:
                    for task in tasks:
                        task.cancel()
            if failed is not None:
                raise failed
        finally:
            process.stdin.close()
            await _to_the_end(_end(process, entry))

    async def _staged(
        self, folder: Path, command: Command
    ) -> tuple[_Attempt, int | None, Changes | None]:
        stop = Stop()
        stage = await _to_the_end(
            asyncio.to_thread(self._prepared, folder, command, stop), stop.set
        )
        attempt = _Attempt(bytearray())
        entering = self.confinement.enter(folder, stage, command)
        stack = ExitStack()
        try:
            entry = await _to_the_end(asyncio.to_thread(stack.enter_context, entering))
            status = await self._entered(entry, attempt, command)
        finally:
            await _to_the_end(asyncio.to_thread(stack.close))
        changes = None
        if stage.writable and stage.copy is not None:
            changes = await _to_the_end(asyncio.to_thread(changes_of, stage.copy))
        return attempt, status, changes

    def _prepared(self, folder: Path, command: Command, stop: Stop) -> Stage:
        _check(command)
        return prepare(folder, command, self.confinement.needs(), stop)

    async def _entered(self, entry: Entry, attempt: _Attempt, command: Command) -> int | None:
        process = await asyncio.create_subprocess_exec(
            *entry.argv,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            cwd="/",
            env={},
            pass_fds=entry.pass_fds,
            start_new_session=True,
        )
        attempt.entered_s = self.clock.monotonic_s()
        bounds = self.confinement.bounds
        try:
            follower = _Follower(process, attempt, bounds.output_bytes)
            await follower.follow(entry.watches, min(command.wall_s, bounds.wall_s))
        finally:
            await _to_the_end(_end(process, entry))
        if attempt.ended_for is None and await asyncio.to_thread(entry.has_run_out):
            attempt.ended_for = "memory"
        return _exit_code(entry.report)


@dataclass(frozen=True, slots=True)
class _Follower:
    process: Process
    attempt: _Attempt
    output_bytes: int

    async def follow(self, watches: tuple[Watch, ...], wall_s: float) -> None:
        """Collect output until the command ends, takes too much of anything, or too long."""
        try:
            async with asyncio.timeout(wall_s), asyncio.TaskGroup() as group:
                work = [self._collect(), *(self._look(watch) for watch in watches)]
                tasks = [group.create_task(each) for each in work]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
        except TimeoutError:
            self._end_for("time")

    async def _collect(self) -> None:
        assert self.process.stdout is not None
        output = self.attempt.output
        while piece := await self.process.stdout.read(1 << 16):
            output += piece
            if len(output) > self.output_bytes:
                del output[self.output_bytes :]
                self._end_for("output")
                return
        await self.process.wait()

    async def _look(self, watch: Watch) -> None:
        """Return when there is too much of what is watched."""
        found = None
        while found is None:
            await asyncio.sleep(watch.interval_s)
            found = await asyncio.to_thread(watch.look, self.process.pid)
        self._end_for(found)

    def _end_for(self, reason: Ending) -> None:
        self.attempt.ended_for = self.attempt.ended_for or reason


@dataclass(frozen=True, slots=True)
class _Keeper:
    """Ends a program that stays up, once it takes too much of anything, or too long."""

    process: Process
    program: Program

    async def listen(self) -> None:
        """Keep the last that it complains of."""
        assert self.process.stderr is not None
        kept = self.program.complaints
        while piece := await self.process.stderr.read(1 << 12):
            kept += piece
            del kept[:-_COMPLAINTS_BYTES]

    async def expire(self, wall_s: float) -> None:
        """End it after so long."""
        await asyncio.sleep(wall_s)
        self._end_for("time")

    async def look(self, watch: Watch) -> None:
        """End it when there is too much of what is watched."""
        found = None
        while found is None:
            await asyncio.sleep(watch.interval_s)
            found = await asyncio.to_thread(watch.look, self.process.pid)
        self._end_for(found)

    def _end_for(self, reason: Ending) -> None:
        self.program.ended_for = self.program.ended_for or reason
        _kill(self.process)


def _made(stack: ExitStack) -> Path:
    folder = make_folder()
    stack.callback(folder.remove)
    return folder.path


def _check(command: Command) -> None:
    if not command.argv:
        raise InvalidInputError("The command is empty; name a program.")
    if any("\0" in word for word in command.argv):
        raise InvalidInputError("A word of the command holds a NUL character; leave it out.")
    if command.workspace.resolve() in _NOT_A_WORKSPACE:
        raise InvalidInputError(
            f"{str(command.workspace)!r} holds the system, not a project; open a project's folder."
        )


def _not_built(output: str) -> SandboxUnavailableError:
    return SandboxUnavailableError(
        f"The jail could not be built, so nothing ran. It says: {output.strip()[:500]!r}. If that"
        " names namespaces, allow user namespaces (sysctl kernel.unprivileged_userns_clone, an"
        " AppArmor profile for bwrap, or the container's settings)."
    )


async def _end(process: Process, entry: Entry) -> None:
    """End the jail if it still stands, and wait until all that could print is dead."""
    assert process.stdout is not None
    _kill(process)
    await asyncio.to_thread(entry.end, process.pid)
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_S):
            while await process.stdout.read(1 << 16):
                pass
            await process.wait()


def _kill(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _exit_code(report: int) -> int | None:
    """What the command returned; None if it never came to be started."""
    try:
        lines = os.read(report, 1 << 12).decode().splitlines()
    except BlockingIOError:
        return None
    for line in lines:
        entry: dict[str, int] = json.loads(line)
        if "exit-code" in entry:
            return entry["exit-code"]
    return None


async def _to_the_end(
    work: Coroutine[Any, Any, T], cancelled: Callable[[], None] = lambda: None
) -> T:
    """The work's result. Being cancelled waits for its end: it cannot be left half done."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        cancelled()
        await asyncio.wait([task])
        raise


def prefixes() -> tuple[Path, ...]:
    """The folders of Steward's own interpreter, which commands may use."""
    return tuple(dict.fromkeys(Path(prefix) for prefix in (sys.prefix, sys.base_prefix)))
