"""Run the workspace's tests, jailed."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from steward.core.errors import InvalidInputError
from steward.core.limits import COMMAND_WALL_S_MAX
from steward.permissions.decide import Act
from steward.sandbox.launcher import Command, Launcher
from steward.tools.command import jailed
from steward.tools.command.jailed import Wish, spelled
from steward.tools.tool import Call, Output, Request
from steward.workspace.failed_tests import FailedTests


class RunTestsArguments(BaseModel):
    """Nothing to choose: the command is the workspace's, not the model's."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class RunTests:
    """The test command in the jail, with unsaved documents as the person sees them."""

    launcher: Launcher
    failed_tests: FailedTests
    """Where what failed is noted for the person's editor."""
    test_command: tuple[str, ...] = ()
    """From the settings; empty means: found out from the workspace's files."""
    name: str = "run_tests"
    description: str = "Run the workspace's tests; the person is asked first."
    arguments: type[RunTestsArguments] = RunTestsArguments

    def act(self, arguments: RunTestsArguments, call: Call) -> Act:
        """Running the tests."""
        return Act(self.name, "command.run", is_contained=True)

    async def request(self, arguments: RunTestsArguments, call: Call) -> Request:
        """Names the exact command, the folder, and what the jail allows."""
        return await jailed.question(await self._wish(call), self.launcher, call, "Run the tests")

    async def run(self, arguments: RunTestsArguments, call: Call) -> Output:
        """Exit code and output; a failing test is a result, not an error."""
        output = await jailed.run(await self._wish(call), self.launcher, call)
        await asyncio.to_thread(self.failed_tests.note, output.text)
        return output

    async def _wish(self, call: Call) -> Wish:
        root = call.workspace.root
        argv = self.test_command or await asyncio.to_thread(detect_test_command, root)
        command = Command(argv, root, root, wall_s=COMMAND_WALL_S_MAX)
        return Wish(command, argv, spelled(argv), (spelled(argv),))


def detect_test_command(root: Path) -> tuple[str, ...]:
    """How this kind of project runs its tests.

    Raises:
        InvalidInputError: no known sign of tests; says which setting names the command.
    """
    if _mentions_pytest(root):
        return ("python3", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    if (root / "tests" / "__init__.py").is_file() or any(root.glob("test*.py")):
        return ("python3", "-m", "unittest", "discover")
    if any((root / "tests").glob("test*.py")):
        return ("python3", "-m", "unittest", "discover", "-s", "tests")
    if _has_npm_test(root):
        return ("npm", "test", "--silent")
    raise InvalidInputError(
        "No way to run this workspace's tests is known (looked for pytest, unittest and npm)."
        " Set `test_command` under `[agents]` in settings.toml."
    )


def _mentions_pytest(root: Path) -> bool:
    if (root / "pytest.ini").is_file() or (root / "conftest.py").is_file():
        return True
    names = ("pyproject.toml", "setup.cfg", "tox.ini")
    return any("pytest" in _text(root / name) for name in names)


def _has_npm_test(root: Path) -> bool:
    try:
        package: Any = json.loads(_text(root / "package.json") or "{}")
        return "test" in package["scripts"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return False


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(64 * 1024)
    except OSError:
        return ""
