"""`steward agent`: the agents that there are, and those that a person writes."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from steward.agents.definitions import stored
from steward.agents.definitions.agent_file import check_id
from steward.agents.definitions.limits import FILE_BYTES_MAX
from steward.agents.definitions.powers import in_words
from steward.agents.definitions.roster import Listed, Roster, text_of
from steward.agents.definitions.template import template
from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.cli.writing import written_by_hand
from steward.core.database import open_database
from steward.core.errors import InvalidInputError, LimitError, NotFoundError, UnavailableError
from steward.permissions.people import identified


def answer(shell: Shell, action: str, arguments: argparse.Namespace) -> int:
    """Show agents, or change one, if the person's role includes it; gives the exit code."""
    match action:
        case "list":
            found = listed(shell, arguments.workspace)
            say(_as_json(found) if arguments.json else _as_table(found))
        case "show":
            say(_shown(shell, arguments))
        case "create":
            _create(shell, arguments)
        case "edit":
            _edit(shell, arguments)
        case "delete":
            name, principal, now = arguments.name, shell.principal, shell.now
            shell.permitted(lambda session: stored.delete(session, principal, name, now))
            say(f"The agent {name} is gone. Runs that it has begun go on.\n")
        case "run":
            from steward.cli.agent_run import start

            return start(shell, arguments)
        case _:
            from steward.cli.agent_test import test

            return test(shell, arguments)
    return 0


def listed(shell: Shell, workspace: Path) -> tuple[Listed, ...]:
    """Every definition that the person may use in this folder."""
    root = workspace.resolve()

    async def main() -> tuple[Listed, ...]:
        async with open_database(shell.settings.database_place) as database:
            asking = replace(shell.principal, workspace=str(root))
            principal = await database.read(lambda session: identified(session, asking))
            return await Roster(database, root, shell.seal).list(principal)

    return asyncio.run(main())


def _shown(shell: Shell, arguments: argparse.Namespace) -> str:
    name, tenant = arguments.name, shell.principal.tenant_id
    found = [each for each in listed(shell, arguments.workspace) if each.agent_id == name]
    if not found:
        raise NotFoundError(
            f"There is no agent {name[:60]!r} for you here. `steward agent list` shows all; those"
            " of a folder are there once you trust it (`steward trust`)."
        )
    kept = shell.read(lambda session: stored.one(session, tenant, name))
    return text_of(found[0], kept, arguments.workspace.resolve())


def _create(shell: Shell, arguments: argparse.Namespace) -> None:
    name, principal = arguments.name, shell.principal
    check_id(name)
    text = _written(arguments.file, template(name))
    now = shell.now
    shell.permitted(lambda session: stored.create(session, principal, name, text, now))
    say(f"The agent {name} is kept. `steward agent test {name}` shows what it may do.\n")


def _edit(shell: Shell, arguments: argparse.Namespace) -> None:
    name, principal = arguments.name, shell.principal
    kept = shell.read(lambda session: stored.one(session, principal.tenant_id, name))
    if kept is None:
        raise NotFoundError(
            f"The database has no agent {name[:60]!r}. Those of a folder are files in"
            " `.steward/agents`; one that comes with Steward is replaced by `steward agent create`."
        )
    text = _written(arguments.file, kept.content)
    now = shell.now
    shell.permitted(lambda session: stored.edit(session, principal, name, text, now))
    say(f"The agent {name} is changed. Runs that it has begun go on as they were.\n")


def _written(file: str | None, before: str) -> str:
    """The new text: from a file, from standard input, or from the person's editor."""
    if file is None and sys.stdin.isatty():
        return written_by_hand(before)
    try:
        if file in (None, "-"):
            content = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
        else:
            with Path(str(file)).open("rb") as opened:
                content = opened.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise UnavailableError(
            f"{file!r} cannot be read: {error.strerror}. Name a file that you can read, or `-`."
        ) from error
    if len(content) > FILE_BYTES_MAX:
        raise LimitError(f"A definition has at most {FILE_BYTES_MAX} bytes; shorten the persona.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInputError("The definition is not text in UTF-8; convert it.") from error


def _as_table(found: Sequence[Listed]) -> str:
    rows = [
        (
            each.agent_id,
            each.source,
            "yes" if each.counts else "no",
            each.agent.description if each.agent else f"cannot be read: {each.problem}",
        )
        for each in found
    ]
    return table((("agent", "from", "counts", "what it is for"), *rows), are_numbers=False)


def _as_json(found: Sequence[Listed]) -> str:
    return json.dumps([as_values(each) for each in found], indent=2) + "\n"


def as_values(each: Listed) -> dict[str, object]:
    """A definition for a program."""
    agent = each.agent
    return {
        "id": each.agent_id,
        "source": each.source,
        "counts": each.counts,
        "problem": each.problem,
        "name": agent.name if agent else "",
        "description": agent.description if agent else "",
        "mode": agent.mode if agent else "",
        "may": in_words(agent) if agent else "",
        "team": agent.team_scope if agent else "",
        "created_by": agent.created_by if agent else "",
        "replaces": list(agent.replaces) if agent else [],
    }
