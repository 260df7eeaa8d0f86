"""What a folder would have a say in, if a person trusted it: agents, instructions, tests."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from steward.agents.definitions.folder import enabled_by as agents_enabled_by
from steward.context.instructions.instruction import InstructionFile
from steward.context.instructions.reader import InstructionReader
from steward.core.errors import StewardError
from steward.permissions.trust import Enabled
from steward.tools.command.jailed import spelled
from steward.tools.run_tests import detect_test_command
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.markdown import code, inline


async def enables(folder: str, own_tests: Sequence[str] = ()) -> Enabled:
    """What a folder would have a say in; for `Trust`. `own_tests`: as `enabled_by` has it."""
    return await asyncio.to_thread(enabled_by, Path(folder), own_tests)


def enabled_by(root: Path, own_tests: Sequence[str] = ()) -> Enabled:
    """The same at once; blocks: call it on a thread.

    `own_tests` is the test command of the settings; where there is one the folder has no say.
    """
    found, more = InstructionReader(root, IgnoreOracle(root)).everywhere()
    lines = [*agents_enabled_by(root), *_lines(found, more), *_tests(root, own_tests)]
    return Enabled(lines, {file.path: file.digest for file in found if file.counts})


def _lines(found: tuple[InstructionFile, ...], more: int) -> Iterator[str]:
    for file in found:
        if file.counts:
            hidden = f" ({file.hidden} hidden characters in it)" if file.hidden else ""
            yield (
                f"agents follow {code(file.path)} as it is now: {file.bytes:,} bytes{hidden},"
                f" SHA-256 {code(file.digest[:12])}."
            )
        else:
            yield f"{code(file.path)} is not followed: {inline(file.why_not)}."
    if more:
        yield (
            f"{more} more files of instructions are there; each is asked about when a run comes"
            " near it."
        )


def _tests(root: Path, own_tests: Sequence[str]) -> Iterator[str]:
    if own_tests:
        return
    try:
        command = detect_test_command(root)
    except StewardError:
        return  # None is found, so none can be asked about.
    yield f"agents may ask you to have its tests run, with {code(spelled(command))}."
