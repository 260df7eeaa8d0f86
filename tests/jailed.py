"""Commands in the real jail, and what the host can see of them."""

import asyncio
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from steward.core.clock import SystemClock
from steward.sandbox.jail import BubblewrapJail
from steward.sandbox.launcher import Command, Outcome

PYTHON = sys.executable
DEADLINE_S = 20.0


async def working_jail() -> BubblewrapJail:
    """The jail; where there is none the test is skipped, unless skipping is forbidden."""
    jail = BubblewrapJail(SystemClock())
    reason = await jail.unavailable_reason()
    if reason is not None and os.environ.get("STEWARD_REQUIRE_SANDBOX") == "1":
        pytest.fail(f"STEWARD_REQUIRE_SANDBOX=1, but: {reason}")
    if reason is not None:
        pytest.skip(reason)
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
