"""Runs of `steward agent run` as real processes, and policies that an administrator wrote."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steward.cli.run_lines import any_line
from tests.environment import steward_environment
from tests.person import DEADLINE_S

_LINE = any_line()  # Making it reads source files.
STEWARD = (sys.executable, "-m", "steward")
EVERYTHING = """
plans = ["*"]
commands = ["run_tests"]
edits = ["edit(shop/**)"]
commits = ["commit(steward/*)"]
"""


@dataclass(frozen=True)
class Left:
    """How a process ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its JSON lines, each of which has the shape that the schema promises."""
        lines = [json.loads(line) for line in self.out.splitlines()]
        for line in lines:
            _LINE.validate_json(json.dumps(line), strict=True, extra="forbid")
        return lines

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The lines of one type."""
        return [line for line in self.lines if line["type"] == kind]

    @property
    def result(self) -> dict[str, Any]:
        """The last line."""
        assert self.lines[-1]["type"] == "result", self.lines[-1]
        return self.lines[-1]


@dataclass(frozen=True)
class Shell:
    """Where processes are started: a workspace, a data folder and a model."""

    workspace: Path
    environment: dict[str, str]

    async def begun(
        self, *arguments: str, more: dict[str, str] | None = None, stdin: int | None = None
    ) -> asyncio.subprocess.Process:
        """A process that has just been started."""
        return await asyncio.create_subprocess_exec(
            *STEWARD,
            *arguments,
            cwd=self.workspace,
            env=self.environment | (more or {}),
            stdin=asyncio.subprocess.PIPE if stdin is None else stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def steward(
        self, *arguments: str, stdin: str = "", more: dict[str, str] | None = None
    ) -> Left:
        """A process that ran to its end."""
        return await left(await self.begun(*arguments, more=more), stdin)

    async def fix(self, *more: str, policy: Path | None = None) -> Left:
        """The demo's agent fixes the demo's bug, told as JSON."""
        place = {} if policy is None else {"STEWARD_POLICY_FILE": str(policy)}
        return await self.steward("agent", "run", "fix", "Fix it", "--json", *more, more=place)


async def under_way(process: asyncio.subprocess.Process) -> None:
    """Wait until it tells of its run."""
    assert process.stdout is not None
    async with asyncio.timeout(3 * DEADLINE_S):
        assert b'"type": "run"' in await process.stdout.readline()


async def left(process: asyncio.subprocess.Process, stdin: str = "") -> Left:
    """How a process ends."""
    try:
        async with asyncio.timeout(3 * DEADLINE_S):  # Python has to start first.
            out, err = await process.communicate(stdin.encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Left(process.returncode, out.decode(), err.decode())


def shell(workspace: Path, data_folder: Path, model_url: str, home: Path) -> Shell:
    """A shell of somebody who has just installed Steward."""
    own = {"STEWARD_CONFIG_DIR": str(home / "config"), "HOME": str(home)}
    return Shell(workspace, steward_environment(data_folder, model_url, own))


def policy_text(
    workspace: Path, rules: str = EVERYTHING, agents: Sequence[str] = ("fix",), caps: str = ""
) -> str:
    """A policy with one rule for this workspace."""
    return (
        f"version = 1\n{caps}\n[[rules]]\nname = 'ci'\nagents = {json.dumps(list(agents))}\n"
        f"workspaces = [{json.dumps(str(workspace))}]\n{rules}"
    )


def write_policy(folder: Path, text: str) -> Path:
    """A policy that only its owner may write."""
    file = folder / "policy.toml"
    file.write_text(text)
    file.chmod(0o644)
    return file
