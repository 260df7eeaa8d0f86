"""`steward approvals`: what waits for the person at a shell, shown whole and answered there.

Only a terminal counts as a person: what is piped in answers nothing.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace

from steward.agents.question_told import question_told
from steward.cli.run_wishes import approvals_of
from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.cli.terminal import Terminal, asked
from steward.core.database import open_database
from steward.core.errors import NotPermittedError, StaleError
from steward.permissions.question import Answer
from steward.permissions.questions import Looking, Put
from steward.workspace.reveal import reveal


def answer(shell: Shell, action: str, arguments: argparse.Namespace) -> int:
    """Show questions, or answer one; returns the exit code: 0 where it was answered."""
    match action:
        case "show":
            put = _one(shell, arguments.question)
            say(_whole_as_json(put) if arguments.json else _whole(put))
        case "answer":
            return _answered(shell, arguments.question)
        case _:
            _list(shell, arguments)
    return 0


def _looking(shell: Shell) -> Looking:
    return Looking(shell.clock, shell.seal)


def _one(shell: Shell, approval_id: str) -> Put:
    looking, principal = _looking(shell), shell.principal
    return shell.read(lambda session: looking.one(session, principal, approval_id))


def _list(shell: Shell, arguments: argparse.Namespace) -> None:
    looking, principal = _looking(shell), shell.principal
    shown, most, run_id = arguments.shown, arguments.limit, arguments.run
    found = shell.read(
        lambda session: looking.several(session, principal, shown, most, run_id=run_id)
    )
    if arguments.json:
        say(json.dumps([_as_json(each) for each in found], indent=2) + "\n")
    elif not found:
        say("No question waits for you.\n" if shown == "open" else "There are no such questions.\n")
    else:
        say(table(_rows(found), are_numbers=False))


def _rows(found: Sequence[Put]) -> list[tuple[str, ...]]:
    head = ("question", "about", "title", "workspace", "asked", "state")
    rows = [
        (
            put.question.id,
            put.question.kind,
            put.question.title,
            put.workspace,
            f"{put.asked_at:%Y-%m-%d %H:%M}",
            put.answer.state if put.why_closed else f"open to {put.question.expires_at:%H:%M} UTC",
        )
        for put in found
    ]
    return [head, *rows]


def _as_json(put: Put) -> dict[str, object]:
    return {
        "id": put.question.id,
        "run": put.question.run_id,
        "kind": put.question.kind,
        "title": put.question.title,
        "workspace": put.workspace,
        "state": put.answer.state,
        "is_open": not put.why_closed,
        "asked_at": put.asked_at.isoformat(),
        "expires_at": put.question.expires_at.isoformat(),
        "answered_at": put.answered_at.isoformat() if put.answered_at else None,
        "answered_by": put.answer.answered_by,
        "channel": put.channel,
        "digest": put.question.digest,
    }


def _whole_as_json(put: Put) -> str:
    told = question_told(put.question)
    more = {name: told[name] for name in ("markdown", "takes", "grant", "plan", "hunks", "marks")}
    return json.dumps(_as_json(put) | more, indent=2) + "\n"


def _whole(put: Put) -> str:
    question = put.question
    text, _ = reveal(f"{question.title}\n\n{question.body}")
    granted = f"\nA yes for the rest of the run covers: {reveal(question.grant)[0]}\n"
    how = put.why_closed or f"Answer it with `steward approvals answer {question.id}`."
    return f"{text}\n{granted if question.grant else ''}\n{how}\n"


def _answered(shell: Shell, approval_id: str) -> int:
    """Show it at the terminal and take the answer."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NotPermittedError(
            "This is no terminal, and only a person answers: nothing was answered. Run it at a"
            " terminal, or answer in the editor or at the page that `steward open` opens."
        )
    put = _one(shell, approval_id)
    if put.why_closed:
        raise StaleError(put.why_closed)
    said = asyncio.run(asked(Terminal(sys.stdin.fileno(), sys.stdout), put.question))

    async def take() -> Answer:
        async with open_database(shell.settings.database_place) as database:
            return await approvals_of(shell, database).answer(
                replace(shell.principal, workspace=put.workspace),
                approval_id,
                put.question.digest,
                approve=said.is_yes,
                channel="terminal",
                reply=said.reply,
            )

    say(f"It is {asyncio.run(take()).state}.\n")
    return 0
