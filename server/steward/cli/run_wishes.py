"""`steward run cancel`, `resume`, `grants` and `revoke`: what a person at a shell asks of a run.

The row carries what is asked; the window that works on the run notices within a second.
"""

import argparse
import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

from steward.agents.agent import Caps
from steward.agents.asked import ask_resume, run_of
from steward.agents.cancelling import Cancelled, Cancelling
from steward.agents.workflows.owner import Owner
from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.core.database import Database, open_database
from steward.core.events import Events
from steward.core.ids import random_id
from steward.core.money import NANO_PER_USD
from steward.core.principal import Principal
from steward.permissions.approvals import Approvals
from steward.permissions.denials import Denial
from steward.permissions.grants import Grant, Grants

_BY_SHELL = "Cancelled at a shell, by {}."
_SHELL = "shell"


def ask(shell: Shell, action: str, arguments: argparse.Namespace) -> None:
    """Ask it of the run, and say what comes of it."""
    match action:
        case "cancel":
            _cancel(shell, arguments.run)
        case "resume":
            _resume(shell, arguments)
        case "revoke":
            _revoke(shell, arguments.run, arguments.grant)
        case _:
            _show_grants(shell, arguments)


def _cancel(shell: Shell, run_id: str) -> None:
    cancelled, state = asyncio.run(_cancelled(shell, run_id))
    match cancelled:
        case "asked":
            say("The window that works on it was asked to end it. What was landed stays.\n")
        case "now":
            say("Cancelled. What was landed stays.\n")
        case "already":
            say(f"The run is {state} already.\n")


async def _cancelled(shell: Shell, run_id: str) -> tuple[Cancelled, str]:
    executors = Owner(shell.settings.data_dir / "executors", _SHELL)
    async with open_database(shell.settings.database_place) as database:
        approvals = approvals_of(shell, database)
        cancelling = Cancelling(database, shell.clock, executors, approvals, _BY_SHELL)
        return await cancelling.cancel(shell.principal, run_id)


def _resume(shell: Shell, arguments: argparse.Namespace) -> None:
    principal, now, run_id = shell.principal, shell.now, arguments.run
    raised = caps_of(arguments)
    row = shell.write(lambda session: ask_resume(session, principal, run_id, raised, now))
    say(
        "The run goes on in the window that has the folder open, or as soon as one does:"
        f" {row.workspace}\n"
    )


def caps_of(arguments: argparse.Namespace) -> Caps:
    """The limits that a person raises with a resume."""
    return Caps(
        tokens=arguments.token_limit,
        cost_nano_usd=nano(arguments.cost_limit),
        steps=arguments.step_limit,
        wall_s=arguments.minutes * 60.0 if arguments.minutes is not None else None,
    )


def nano(dollars: Decimal | None) -> int | None:
    """Dollars as nano-dollars."""
    return None if dollars is None else int(dollars * NANO_PER_USD)


def _show_grants(shell: Shell, arguments: argparse.Namespace) -> None:
    found, refused = asyncio.run(_grants_of(shell, arguments.run))
    if arguments.json:
        given = [_as_json(shell, grant) for grant in found]
        say(json.dumps([*given, *map(_denial_as_json, refused)], indent=2) + "\n")
        return
    if not found and not refused:
        say("The run was granted nothing beyond its single answers, and you refused it nothing.\n")
        return
    head = ("id", "said", "tool", "on", "at", "counts")
    rows = [
        (
            grant.grant_id,
            "yes for the run",
            grant.rule.tool,
            grant.rule.subject or "anything",
            f"{grant.granted_at:%Y-%m-%d %H:%M}",
            _counts(shell, grant),
        )
        for grant in found
    ]
    rows += [
        (
            denial.denial_id,
            "no",
            denial.tool or "change",
            denial.subject,
            f"{denial.denied_at:%Y-%m-%d %H:%M}",
            "yes" if denial.revoked_at is None else "no more",
        )
        for denial in refused
    ]
    say(table((head, *rows), are_numbers=False))


def _counts(shell: Shell, grant: Grant) -> str:
    if grant.revoked_at is not None:
        return "no more"
    return "no more: too old" if grant.is_over(shell.now) else "yes"


def _as_json(shell: Shell, grant: Grant) -> dict[str, object]:
    return {
        "id": grant.grant_id,
        "effect": "allow",
        "run": grant.run_id,
        "tool": grant.rule.tool,
        "subject": grant.rule.subject,
        "granted_at": grant.granted_at.isoformat(),
        "expires_at": grant.expires_at.isoformat(),
        "revoked_at": grant.revoked_at.isoformat() if grant.revoked_at else None,
        "is_over": grant.is_over(shell.now),
    }


def _denial_as_json(denial: Denial) -> dict[str, object]:
    return {
        "id": denial.denial_id,
        "effect": "deny",
        "run": denial.run_id,
        "tool": denial.tool,
        "subject": denial.subject,
        "denied_at": denial.denied_at.isoformat(),
        "revoked_at": denial.revoked_at.isoformat() if denial.revoked_at else None,
        "is_over": denial.revoked_at is not None,
    }


def _revoke(shell: Shell, run_id: str, grant_id: str | None) -> None:
    revoked = asyncio.run(_revoked(shell, run_id, grant_id))
    said = {0: "There was nothing to take back", 1: "Taken back"}.get(revoked, "All taken back")
    say(f"{said}. From the next call on each thing is asked about on its own.\n")


async def _grants_of(shell: Shell, run_id: str) -> tuple[tuple[Grant, ...], tuple[Denial, ...]]:
    async with _whose_run(shell, run_id) as of_run:
        given = await of_run.grants.list(of_run.principal, run_id)
        return given, await of_run.grants.denials.list(of_run.principal, run_id)


async def _revoked(shell: Shell, run_id: str, grant_id: str | None) -> int:
    async with _whose_run(shell, run_id) as of_run:
        return await of_run.grants.revoke(of_run.principal, run_id, grant_id)


@dataclass(frozen=True, slots=True)
class _OfRun:
    """Whoever a run acts for, in its workspace, and what they granted."""

    principal: Principal
    grants: Grants


@asynccontextmanager
async def _whose_run(shell: Shell, run_id: str) -> AsyncGenerator[_OfRun]:
    async with open_database(shell.settings.database_place) as database:
        row = await database.read(lambda session: run_of(session, shell.principal, run_id))
        whose = replace(shell.principal, user=row.user, workspace=row.workspace)
        yield _OfRun(whose, approvals_of(shell, database).grants)


def approvals_of(shell: Shell, database: Database) -> Approvals:
    """What takes the answers of the person at a shell, and knows what they granted."""
    within = shell.settings.permissions.answer_within
    seal = shell.seal
    grants = Grants(database, shell.clock, random_id, seal, _SHELL, within)
    return Approvals(database, shell.clock, random_id, Events(), within, seal, grants)
