"""`steward team`: the teams that people belong to, with what they may spend."""

import argparse
import json
from dataclasses import asdict

from sqlmodel import Session

from steward.cli.shell import Shell, limit, say
from steward.cli.table import table
from steward.core.errors import NotFoundError
from steward.core.money import as_usd
from steward.operations.teams import Team, team_seen, teams_seen
from steward.permissions.roles import Person


def answer(shell: Shell, action: str, arguments: argparse.Namespace) -> None:
    """Show every team, or one with its members."""
    tenant, defaults, now = shell.principal.tenant_id, shell.settings.ledger.limits(), shell.now
    if action == "list":
        teams = shell.read(lambda session: teams_seen(session, tenant, defaults, now))
        say(
            json.dumps([_value(each) for each in teams], indent=2) + "\n"
            if arguments.json
            else _as_table(teams)
        )
        return

    def work(session: Session) -> tuple[Team, tuple[Person, ...]] | None:
        return team_seen(session, tenant, arguments.team, defaults, now)

    found = shell.read(work)
    if found is None:
        raise NotFoundError(
            f"Nobody belongs to a team called {arguments.team!r}; see `steward team list`."
        )
    team, members = found
    if arguments.json:
        value = _value(team) | {"people": [asdict(each) for each in members]}
        say(json.dumps(value, indent=2) + "\n")
        return
    rows = [(each.user, each.role, "leads it" if each.is_lead else "") for each in members]
    say(_as_table((team,)) + "\n" + table((("name", "role", ""), *rows), are_numbers=False))


def _value(team: Team) -> dict[str, object]:
    return {
        "team": team.name,
        "members": team.members,
        "lead": team.lead,
        "limit_nano_usd": team.standing.limit,
        "spent_nano_usd": team.standing.spent,
        "reserved_nano_usd": team.standing.reserved,
    }


def _as_table(teams: tuple[Team, ...]) -> str:
    if not teams:
        return "No team yet. `steward people team NAME TEAM` moves somebody to one.\n"
    head = ("team", "members", "lead", "limit", "spent", "set aside")
    rows = [
        (
            team.name,
            str(team.members),
            team.lead or "-",
            limit(team.standing.limit),
            as_usd(team.standing.spent),
            as_usd(team.standing.reserved),
        )
        for team in teams
    ]
    return table((head, *rows))
