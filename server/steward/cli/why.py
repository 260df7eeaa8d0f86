"""`steward why`: which run of an agent is behind a line."""

import argparse
import asyncio
import json
import re
from pathlib import Path

from steward.agents.why import Answer, Why
from steward.agents.why_page import why_page, why_values
from steward.cli.shell import Shell, say
from steward.core.database import open_database
from steward.core.errors import InvalidInputError
from steward.workspace.encoding import decode
from steward.workspace.files import read_bytes
from steward.workspace.paths import WorkspacePath

_PLACE = re.compile(r"(?P<file>.+):(?P<first>\d{1,9})(?:-(?P<last>\d{1,9}))?", re.DOTALL)


def show_why(shell: Shell, arguments: argparse.Namespace) -> None:
    """Write why the lines are there."""
    place = _PLACE.fullmatch(arguments.place)
    if place is None:
        raise InvalidInputError(
            f"{arguments.place!r} names no line; write FILE:LINE or FILE:FIRST-LAST."
        )
    # The folder's links are followed, as for a workspace; the file's own name stays what it is.
    given = Path(place["file"])
    file = given.parent.resolve() / given.name
    first = int(place["first"])
    answer = asyncio.run(_ask(shell, file, first, int(place["last"] or first)))
    if arguments.json:
        say(json.dumps(why_values(answer), indent=2) + "\n")
    else:
        say(why_page(answer))


async def _ask(shell: Shell, file: Path, first: int, last: int) -> Answer:
    text = await asyncio.to_thread(_read, file)
    async with open_database(shell.settings.database_place) as database:
        return await Why(database, shell.principal, shell.seal).ask(file, text, first, last)


def _read(file: Path) -> str:
    content = read_bytes(file.parent, WorkspacePath.parse(file.name))
    return decode(content, file.name)[0]
