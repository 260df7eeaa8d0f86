"""Runs a command in a bubblewrap jail, or not at all."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from steward.core.clock import Clock
from steward.core.errors import InvalidInputError, SandboxUnavailableError, StewardError
from steward.core.limits import (
    COMMAND_OUTPUT_BYTES_MAX,
    COMMAND_RESIDENT_BYTES_MAX,
    COMMAND_WALL_S_MAX,
)
from steward.sandbox.filter import refused_calls
from steward.sandbox.launcher import Command, Outcome
from steward.sandbox.memory import resident_bytes
from steward.sandbox.stage import prepare
from steward.sandbox.view import Pipes, Programs, argv

_TRUSTED_PATH = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin"
"""Not the user's PATH: that may name the workspace."""
_DRAIN_S = 5.0
_MEMORY_LOOK_S = 0.1
_TEST_WALL_S = 10.0
_OPEN = ("/", "/bin", "/dev", "/etc", "/home", "/lib", "/proc", "/root", "/run", "/sbin", "/sys")
_NOT_A_WORKSPACE = frozenset(Path(folder) for folder in (*_OPEN, "/tmp", "/usr", "/var"))  # noqa: S108


@dataclass(slots=True)
class _Attempt:
    """One command while it runs."""

    output: bytearray
    timed_out: bool = False
    used_too_much_memory: bool = False

    @property
    def truncated(self) -> bool:
        return len(self.output) > COMMAND_OUTPUT_BYTES_MAX


class BubblewrapJail:
    """The launcher for Linux. Where it cannot be had it refuses; it never runs without a jail."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._works = False
        self._testing = asyncio.Lock()

    async def unavailable_reason(self) -> str | None:
        """Why no command can run here and what to do about it; None if they can."""
        async with self._testing:
            # A success is remembered, a failure is not: the user may be installing it right now.
            if self._works:
                return None
            reason = await self._test()
            self._works = reason is None
            return reason

    async def run(self, command: Command) -> Outcome:
        """Run the command to its end; cancelling ends the command and all it started.

        Raises:
            SandboxUnavailableError: no jail can be had here; nothing ran.
            InvalidInputError: the command asks for something outside its workspace.
            LimitError: the workspace is too large to be searched for secrets.
        """
        reason = await self.unavailable_reason()
        if reason is not None:
            raise SandboxUnavailableError(reason)
        return await self._run(command)

    async def _test(self) -> str | None:
        if sys.platform != "linux":
            return "Commands run only on Linux, where bubblewrap can confine them."
        if await asyncio.to_thread(_programs) is None:
            return (
                "Commands run only in a jail, and its parts are missing: install the packages "
                "'bubblewrap' and 'util-linux' and try again."
            )
        folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="steward-jail-test-")
        try:
            command = Command(("true",), Path(folder), Path(folder), wall_s=_TEST_WALL_S)
            outcome = await self._run(command)
        except StewardError as error:
            return str(error)
        finally:
            await asyncio.to_thread(os.rmdir, folder)
        return None if outcome.exit_code == 0 else f"The jail does not work: {outcome.output}"

    async def _run(self, command: Command) -> Outcome:
        began_s = self._clock.monotonic_s()
        # A cancelled copy may still be writing while its folder is removed: that is no error.
        stage = await asyncio.to_thread(
            tempfile.TemporaryDirectory[str], prefix="steward-jail-", ignore_cleanup_errors=True
        )
        try:
            attempt, status = await self._run_staged(Path(stage.name), command)
        finally:
            await asyncio.to_thread(stage.cleanup)
        ended_by_us = attempt.timed_out or attempt.truncated or attempt.used_too_much_memory
        output = bytes(attempt.output[:COMMAND_OUTPUT_BYTES_MAX]).decode(errors="replace")
        if status is None and not ended_by_us:
            raise SandboxUnavailableError(
                "The jail could not be built, so nothing ran. bubblewrap says: "
                f"{output.strip()[:500]!r}. If it names namespaces, allow user namespaces "
                "(sysctl kernel.unprivileged_userns_clone, an AppArmor profile for bwrap, or the "
                "container's settings)."
            )
        return Outcome(
            exit_code=None if ended_by_us else status,
            output=output,
            truncated=attempt.truncated,
            timed_out=attempt.timed_out,
            duration_s=self._clock.monotonic_s() - began_s,
            used_too_much_memory=attempt.used_too_much_memory,
        )

    async def _run_staged(self, folder: Path, command: Command) -> tuple[_Attempt, int | None]:
        attempt = _Attempt(bytearray())
        with _open_pipes() as (report, pipes):
            line = await asyncio.to_thread(_plan, folder, command, pipes)
            process = await asyncio.create_subprocess_exec(
                *line,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=STDOUT,
                cwd="/",
                env={},
                pass_fds=(pipes.report, pipes.filter),
                start_new_session=True,
            )
            try:
                await _follow(process, attempt, min(command.wall_s, COMMAND_WALL_S_MAX))
            finally:
                await _end(process)
            return attempt, _exit_code(report)


@contextmanager
def _open_pipes() -> Generator[tuple[int, Pipes]]:
    """Where we read bubblewrap's report, and the ends that are bubblewrap's."""
    report, report_end = os.pipe()
    filter_end, filter_start = os.pipe()
    try:
        os.set_blocking(report, False)
        # A few hundred bytes: a pipe takes them before anybody reads.
        os.set_blocking(filter_start, False)
        try:
            os.write(filter_start, refused_calls())
        finally:
            os.close(filter_start)
        yield report, Pipes(report_end, filter_end)
    finally:
        for descriptor in (report, report_end, filter_end):
            os.close(descriptor)


def _plan(folder: Path, command: Command, pipes: Pipes) -> list[str]:
    if not command.argv:
        raise InvalidInputError("The command is empty; name a program.")
    programs = _programs()
    if programs is None:
        raise SandboxUnavailableError("bubblewrap is not installed any more; install it again.")
    if command.workspace.resolve() in _NOT_A_WORKSPACE:
        raise InvalidInputError(
            f"{str(command.workspace)!r} holds the system, not a project; open a project's folder."
        )
    prefixes = tuple(dict.fromkeys(Path(prefix) for prefix in (sys.prefix, sys.base_prefix)))
    stage = prepare(folder, command, prefixes, copy=os.geteuid() == 0)
    shown = tuple(path for path in prefixes if not path.is_relative_to("/usr"))
    return argv(programs, stage, command, shown, pipes)


def _programs() -> Programs | None:
    found = [shutil.which(name, path=_TRUSTED_PATH) for name in ("bwrap", "prlimit", "setpriv")]
    bwrap, prlimit, setpriv = found
    if bwrap is None or prlimit is None or setpriv is None:
        return None
    return Programs(bwrap, prlimit, setpriv)


async def _follow(process: Process, attempt: _Attempt, wall_s: float) -> None:
    """Collect output until the command ends, takes too much of anything, or too long."""
    try:
        async with asyncio.timeout(wall_s), asyncio.TaskGroup() as group:
            watch = group.create_task(_watch_memory(process, attempt))
            await _collect(process, attempt)
            watch.cancel()
    except TimeoutError:
        attempt.timed_out = True


async def _collect(process: Process, attempt: _Attempt) -> None:
    assert process.stdout is not None
    while not attempt.truncated and (piece := await process.stdout.read(1 << 16)):
        attempt.output += piece
    if not attempt.truncated:
        await process.wait()


async def _watch_memory(process: Process, attempt: _Attempt) -> None:
    while process.returncode is None:
        if await asyncio.to_thread(resident_bytes, process.pid) > COMMAND_RESIDENT_BYTES_MAX:
            attempt.used_too_much_memory = True
            _kill(process)
            return
        await asyncio.sleep(_MEMORY_LOOK_S)


async def _end(process: Process) -> None:
    """End the jail if it still stands, and wait until all that could print is dead."""
    assert process.stdout is not None
    _kill(process)
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_S):
            while await process.stdout.read(1 << 16):
                pass
            await process.wait()


def _kill(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            # bubblewrap's own processes; the kernel then ends all of the process namespace.
            os.killpg(process.pid, signal.SIGKILL)


def _exit_code(report: int) -> int | None:
    """What the command returned; None if bubblewrap never came to start it."""
    try:
        lines = os.read(report, 1 << 12).decode().splitlines()
    except BlockingIOError:
        return None
    for line in lines:
        entry: dict[str, int] = json.loads(line)
        if "exit-code" in entry:
            return entry["exit-code"]
    return None
