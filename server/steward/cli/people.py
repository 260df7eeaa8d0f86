"""`steward people`: who belongs to the organisation, in which role and team."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict

from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.permissions import people
from steward.permissions.roles import Person


def answer(shell: Shell, action: str, arguments: argparse.Namespace) -> None:
    """Show the people, or change who they are, if the person's role includes it."""
    principal, now = shell.principal, shell.now
    match action:
        case "add":
            added = Person(arguments.user, arguments.role, arguments.team)
            shell.permitted(lambda session: people.add(session, principal, added, now))
            say(f"{added.user} is {_article(added.role)} now{_of(added.team)}.\n")
        case "remove":
            name = arguments.user
            shell.permitted(lambda session: people.remove(session, principal, name, now))
            say(f"{name} is not among the people any more. What they spent stays booked.\n")
        case "role":
            name, role = arguments.user, arguments.role
            shell.permitted(lambda session: people.set_role(session, principal, name, role, now))
            say(f"{name} is {_article(role)} now.\n")
        case "team":
            team = "" if arguments.team == "none" else arguments.team
            moved = Person(arguments.user, "developer", team, arguments.lead)
            shell.permitted(lambda session: people.set_team(session, principal, moved, now))
            does = "leads" if moved.is_lead else "belongs to"
            say(f"{moved.user} {does} {f'the team {team}' if team else 'no team'} now.\n")
        case _:
            found = shell.read(lambda session: people.everyone(session, principal.tenant_id))
            say(_as_json(found) if arguments.json else _as_table(found))


def _as_json(found: Sequence[Person]) -> str:
    return json.dumps([asdict(person) for person in found], indent=2) + "\n"


def _as_table(found: Sequence[Person]) -> str:
    if not found:
        return (
            "Nobody was added. On a database of your own you need not add anybody; on a shared one"
            " run `steward people add NAME --role owner` first.\n"
        )
    rows = [
        (person.user, person.role, f"{person.team}{' (lead)' if person.is_lead else ''}" or "-")
        for person in found
    ]
    return table((("name", "role", "team"), *rows))


def _article(role: str) -> str:
    return f"{'an' if role[0] in 'ao' else 'a'} {role}"


def _of(team: str) -> str:
    return f" of the team {team}" if team else ""
