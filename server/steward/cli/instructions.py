"""`steward instructions`: which files tell agents what to do, and why one does not count."""

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from steward.agents.instructing import instructions_for
from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.context.instructions.instruction import InstructionFile
from steward.context.instructions.reader import InstructionReader
from steward.core.database import open_database
from steward.core.errors import InvalidInputError
from steward.settings import own_instructions
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.markdown import one_line


def show(shell: Shell, arguments: argparse.Namespace) -> None:
    """Show those that count for a path, in their order."""
    found = _found(shell, arguments.workspace.resolve(), arguments.path)
    if arguments.json:
        say(json.dumps([_as_values(each) for each in found], indent=2) + "\n")
    elif not found:
        say("No file tells agents anything here. `AGENTS.md` is a good name for one.\n")
    else:
        say(_as_table(found))


def _found(shell: Shell, root: Path, path: Path | None) -> tuple[InstructionFile, ...]:
    paths = [] if path is None else [_relative(root, path)]
    reader = InstructionReader(root, IgnoreOracle(root), own_instructions())
    principal = replace(shell.principal, workspace=str(root))

    async def main() -> tuple[InstructionFile, ...]:
        async with open_database(shell.settings.database_place) as database:
            return await instructions_for(database, shell.seal, reader, principal, paths)

    return asyncio.run(main())


def _relative(root: Path, path: Path) -> str:
    """The path as the workspace calls it; of a folder, what stands in it."""
    whole = Path.cwd() / path
    try:
        below = whole.relative_to(root)
    except ValueError:
        raise InvalidInputError(
            f"{str(path)!r} is not in {str(root)!r}; name a path in it, or another `--workspace`."
        ) from None
    return str(below / "any" if whole.is_dir() else below)


def _as_table(found: Sequence[InstructionFile]) -> str:
    rows = [
        (
            one_line(each.path),
            "yours" if each.writer == "person" else "the repository's",
            f"{each.bytes:,}",
            f"no: {one_line(each.why_not)}" if each.why_not else _yes(each),
        )
        for each in found
    ]
    return table((("file", "whose words", "bytes", "counts"), *rows), are_numbers=False)


def _yes(file: InstructionFile) -> str:
    return f"yes, with {file.hidden} hidden characters spelled out" if file.hidden else "yes"


def _as_values(file: InstructionFile) -> dict[str, object]:
    value: dict[str, object] = asdict(file)
    del value["text"]
    return value | {"counts": file.counts}
