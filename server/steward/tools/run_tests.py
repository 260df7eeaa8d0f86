"""Run the workspace's tests, jailed."""

import asyncio
import hashlib
import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from steward.core.errors import InvalidInputError, SandboxUnavailableError
from steward.core.limits import COMMAND_WALL_S_MAX, TOOL_OUTPUT_CHARS_MAX
from steward.permissions.decide import Capability
from steward.sandbox.launcher import Command, Launcher, Outcome
from steward.tools.tool import Call, Output, Request


class RunTestsArguments(BaseModel):
    """Nothing to choose: the command is the workspace's, not the model's."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class RunTests:
    """The test command in the jail, with unsaved documents as the person sees them."""

    launcher: Launcher
    test_command: tuple[str, ...] = ()
    """From the settings; empty means: found out from the workspace's files."""
    name: str = "run_tests"
    description: str = "Run the workspace's tests; the person is asked first."
    capability: Capability = "command.run"
    arguments: type[RunTestsArguments] = RunTestsArguments

    async def request(self, arguments: RunTestsArguments, call: Call) -> Request:
        """Names the exact command, the folder, and what the jail allows."""
        command = await self._command(call)
        reason = await self.launcher.unavailable_reason()
        if reason is not None:
            raise SandboxUnavailableError(f"The tests were not run: {reason}")
        unsaved = sorted(str(path.relative_to(call.workspace.root)) for path in command.overlays)
        body = (
            f"Run this command in `{command.cwd}`:\n\n```\n{shlex.join(command.argv)}\n```\n\n"
            "It runs in a jail: no network, the workspace read-only, secrets masked, nothing else"
            f" of yours visible, at most {command.wall_s:.0f} seconds."
        )
        if unsaved:
            body += f"\n\nIt sees these unsaved documents as you have them: {', '.join(unsaved)}."
        operands = {
            "argv": list(command.argv),
            "cwd": str(command.cwd),
            "unsaved": {str(p): hashlib.sha256(b).hexdigest() for p, b in command.overlays.items()},
        }
        return Request("Run the tests", body, operands, prepared=command)

    async def run(self, arguments: RunTestsArguments, call: Call) -> Output:
        """Exit code and output; a failing test is a result, not an error."""
        # What was approved, not what the same question would be about by now.
        approved = call.prepared
        command = approved if isinstance(approved, Command) else await self._command(call)
        outcome = await self.launcher.run(command)
        return Output(_report(outcome), ok=outcome.exit_code == 0)

    async def _command(self, call: Call) -> Command:
        root = call.workspace.root
        argv = self.test_command or await asyncio.to_thread(detect_test_command, root)
        asked = call.prepared
        # A document that was saved since it was asked about is still the text that was approved.
        also = tuple(asked.overlays) if isinstance(asked, Command) else ()
        overlays = await call.workspace.unsaved(also)
        return Command(argv, root, root, overlays, COMMAND_WALL_S_MAX)


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


def _report(outcome: Outcome) -> str:
    if outcome.timed_out:
        head = f"The command was ended after {outcome.duration_s:.0f} s."
    elif outcome.exit_code is None:
        reason = "used too much memory" if outcome.used_too_much_memory else "printed too much"
        head = f"The command was ended because it {reason}."
    else:
        head = f"Exit code {outcome.exit_code} after {outcome.duration_s:.1f} s."
    # The end of a test run says what failed.
    tail = outcome.output[-TOOL_OUTPUT_CHARS_MAX:]
    cut = " Output (the end of it):" if len(tail) < len(outcome.output) else " Output:"
    return f"{head}{cut}\n{tail}"
