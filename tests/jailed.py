"""Commands in the real jail, and what the host can see of them."""

import asyncio
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from steward.core.clock import Clock, SystemClock
from steward.sandbox.ladder import Ladder, Standing
from steward.sandbox.launcher import Command, Outcome
from steward.sandbox.level import LEVELS, Bounds, Level

PYTHON = sys.executable
SYSTEM_PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else PYTHON
"""One that any account may run."""
DEADLINE_S = 20.0

_standings: dict[tuple[Level, ...], Standing] = {}
"""What the ladders of this process have found out: their self-tests take half a second."""


def proven(clock: Clock, levels: Sequence[Level] = LEVELS, bounds: Bounds | None = None) -> Ladder:
    """A ladder that knows already what another one of the same rungs has found out."""
    ladder = Ladder(clock, levels, bounds)
    ladder._standing = _standings.get(tuple(levels))
    return ladder


async def working_jail(levels: Sequence[Level] = LEVELS, bounds: Bounds | None = None) -> Ladder:
    """The jail; where there is none the test is skipped, unless skipping is forbidden."""
    jail = proven(SystemClock(), levels, bounds)
    reason = await jail.unavailable_reason()
    if reason is not None and os.environ.get("STEWARD_REQUIRE_SANDBOX") == "1":
        pytest.fail(f"STEWARD_REQUIRE_SANDBOX=1, but: {reason}")
    if reason is not None:
        pytest.skip(reason)
    _standings[tuple(levels)] = await jail.standing()
    return jail


async def run_in_jail(workspace: Path, *argv: str, wall_s: float = DEADLINE_S) -> Outcome:
    """The outcome of one command with the workspace as its folder."""
    jail = await working_jail()
    return await jail.run(Command(argv, workspace, workspace, wall_s=wall_s))


async def run_python(workspace: Path, code: str, wall_s: float = DEADLINE_S) -> Outcome:
    """The outcome of a Python program in the jail."""
    return await run_in_jail(workspace, PYTHON, "-c", code, wall_s=wall_s)


def new_marker() -> str:
    """An argument for `sleep` that no other process of this machine has."""
    return f"60.{secrets.randbelow(10**12):012d}"


def processes(marker: str) -> list[Path]:
    """Processes of this machine that have the marker in their command line and still run."""
    found: list[Path] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        # The launcher's own processes name the command too; what matters is what runs in it.
        if marker.encode() in words and b"bwrap" not in words and b"prlimit" not in words:
            found.append(process)
    return found


async def until(condition: Callable[[], bool]) -> None:
    """Wait for the condition, and fail if it does not come true."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.02)
