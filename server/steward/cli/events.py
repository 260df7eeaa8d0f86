"""`steward events`: what happened, in figures."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date

from sqlmodel import Session

from steward.agents.trace_page import took_as_text
from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.core.errors import InvalidInputError
from steward.core.money import as_usd
from steward.operations.happenings import Asked, Line, newest, sums_by
from steward.operations.tables import EventRow
from steward.permissions.people import permit_figures

_SHOWN = ("at", "name", "user", "run_id", "agent", "subject", "model", "outcome")


def show_events(shell: Shell, arguments: argparse.Namespace) -> None:
    """Write the sums that were asked for, or the newest events themselves."""
    asked = _asked(shell, arguments)
    if arguments.newest is not None:
        _show_newest(shell, asked, arguments)
        return

    def work(session: Session) -> Sequence[Line]:
        _permit(session, shell, asked)
        return sums_by(session, arguments.by, asked)

    lines = shell.read(work)
    if arguments.json:
        say(json.dumps([asdict(line) for line in lines], indent=2) + "\n")
    elif not lines:
        say(f"Nothing happened from {asked.first} to {asked.last} (UTC).\n")
    else:
        say(_as_table(arguments.by, lines) + f"\n{asked.first} to {asked.last} (UTC)\n")


def _asked(shell: Shell, arguments: argparse.Namespace) -> Asked:
    today = shell.now.astimezone(UTC).date()
    first: date = arguments.since or today.replace(day=1)
    last: date = arguments.until or today
    if first > last:
        raise InvalidInputError(
            f"No day is from {first} to {last} (UTC). Name an earlier --since or a later --until."
        )
    is_everybodys = arguments.everybody or arguments.by == "user"
    user = None if is_everybodys else shell.principal.user
    return Asked(shell.principal.tenant_id, first, last, user, arguments.name)


def _permit(session: Session, shell: Shell, asked: Asked) -> None:
    if asked.user is None:
        permit_figures(session, shell.principal)


def _as_table(by: str, lines: Sequence[Line]) -> str:
    named = () if by == "name" else (by,)
    head = (*named, "event", "outcome", "times", "tokens in", "out", "cost", "usually")
    rows = [
        (
            *((line.group or "-",) if named else ()),
            line.name,
            line.outcome or "-",
            f"{line.count:,}",
            f"{line.input_tokens:,}",
            f"{line.output_tokens:,}",
            as_usd(line.cost_nano_usd),
            took_as_text(line.took_ms // max(1, line.count)) if line.took_ms else "-",
        )
        for line in lines
    ]
    return table((head, *rows))


def _show_newest(shell: Shell, asked: Asked, arguments: argparse.Namespace) -> None:
    def work(session: Session) -> Sequence[EventRow]:
        _permit(session, shell, asked)
        return newest(session, asked, arguments.newest)

    rows = shell.read(work)
    if arguments.json:
        say("".join(f"{json.dumps(_values(row))}\n" for row in rows))
        return
    lines = [[str(_values(row)[name]) or "-" for name in _SHOWN] for row in rows]
    say(table((_SHOWN, *lines), are_numbers=False))


def _values(row: EventRow) -> dict[str, object]:
    values: dict[str, object] = row.model_dump(exclude={"id", "tenant_id"})
    return values | {"at": row.at.astimezone(UTC).isoformat(timespec="seconds")}
