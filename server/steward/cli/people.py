"""`steward people`: who belongs to the organisation, in which role and team."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict

from sqlmodel import Session

from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.core.errors import NotFoundError
from steward.core.money import as_usd
from steward.operations.people_figures import PersonFigures, figures_of
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
        case "show":
            _show(shell, arguments)
        case _:
            found = shell.read(lambda session: people.everyone(session, principal.tenant_id))
            say(_as_json(found) if arguments.json else _as_table(found))


def _show(shell: Shell, arguments: argparse.Namespace) -> None:
    principal, now, user = shell.principal, shell.now, arguments.user

    def work(session: Session) -> tuple[Person, PersonFigures] | None:
        person = people.known(session, principal.tenant_id, user)
        if person is None:
            return None
        return person, figures_of(session, principal, [user], now)[0]

    found = shell.read(work)
    if found is None:
        raise NotFoundError(f"There is nobody called {user!r}. See `steward people list`.")
    person, figures = found
    if arguments.json:
        value = asdict(person) | asdict(figures)
        say(json.dumps(value | {"active_on": _day(figures)}, indent=2) + "\n")
        return
    rows = [
        ("role", person.role),
        ("team", f"{person.team}{' (lead)' if person.is_lead else ''}" or "-"),
        ("cost this month", as_usd(figures.cost_nano_usd)),
    ]
    if figures.runs is not None:
        rows += [
            ("runs this month", str(figures.runs)),
            ("tokens in force", str(figures.tokens)),
            ("last at work", _day(figures) or "never"),
        ]
    say(table((("name", person.user), *rows), are_numbers=False))


def _day(figures: PersonFigures) -> str | None:
    return None if figures.active_on is None else figures.active_on.isoformat()


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
