"""`steward health`: how every part stands, looked at from here."""

import argparse
import asyncio
import json
from dataclasses import asdict

from steward.app.ground import open_ground
from steward.app.health import health
from steward.app.models import open_models
from steward.cli.paint import Paint, paint_of
from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.core.database import open_database
from steward.core.errors import NotPermittedError
from steward.operations.health.verdict import STATES, Part, Report, State
from steward.permissions.people import identified
from steward.permissions.roles import why_no_health

_COLOURS: dict[State, Paint] = {"healthy": "green", "degraded": "yellow", "unhealthy": "red"}


def show_health(shell: Shell, arguments: argparse.Namespace) -> int:
    """Write it; returns 0, 1 where something is degraded, 2 where something does not work."""
    report = asyncio.run(_report(shell))
    if arguments.json:
        told = {
            "state": report.state,
            "at": report.at.isoformat(),
            "parts": [_values(part) for part in report.parts],
        }
        say(json.dumps(told, indent=2) + "\n")
    else:
        say(_as_text(report))
    return STATES.index(report.state)


async def _report(shell: Shell) -> Report:
    async with open_database(shell.settings.database_place) as database:
        principal = await database.read(lambda session: identified(session, shell.principal))
    if (refusal := why_no_health(principal)) is not None:
        raise NotPermittedError(refusal)
    async with open_ground(shell.settings) as (ground, ledger, client):
        gateway = (await open_models(ground, ledger, client, shell.principal)).gateway
        try:
            looking = health(shell.settings, ground.database, gateway, ground.clock)
            async with looking.running():
                return await looking.report()
        finally:
            await gateway.close()


def _values(part: Part) -> dict[str, object]:
    found = asdict(part.found)
    return {"name": part.name, **found, "latency_ms": round(part.took_ms, 3)}


def _as_text(report: Report) -> str:
    rows = [
        (part.name, part.found.state, f"{part.took_ms:.1f} ms", _facts(part))
        for part in report.parts
    ]
    told = table((("part", "state", "took", "figures"), *rows), are_numbers=False)
    paint = paint_of()
    causes = [
        f"{paint(part.name, _COLOURS[part.found.state])}: {part.found.cause}\n"
        for part in report.parts
        if part.found.cause
    ]
    return f"{told}\n{''.join(causes)}{paint(report.state, _COLOURS[report.state])}\n"


def _facts(part: Part) -> str:
    return " ".join(f"{name}={value}" for name, value in part.found.facts.items())
