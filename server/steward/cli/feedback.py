"""`steward feedback`: what people think of answers, suggestions and runs."""

import argparse
import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC
from typing import cast

from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.core.csv_cell import plain_cell
from steward.core.figures_limits import FEEDBACK_EXPORTED_MAX
from steward.core.ids import random_id
from steward.operations.feedback import About, Said, Wanted, give, listed, take_back
from steward.operations.tables import FeedbackRow

_COLUMNS = ("id", "at", "user", "about", "subject", "agent", "model", "verdict", "comment")


def answer(shell: Shell, action: str, arguments: argparse.Namespace) -> None:
    """Keep, forget or list what somebody said."""
    match action:
        case "give":
            _give(shell, arguments)
        case "remove":
            feedback_id: str = arguments.id
            shell.write(lambda session: take_back(session, shell.principal, feedback_id))
            say("What you said is gone.\n")
        case _:
            _list(shell, arguments)


def _give(shell: Shell, arguments: argparse.Namespace) -> None:
    about = cast("About", arguments.about)
    said = Said(about, arguments.subject, arguments.verdict == "good", arguments.comment)
    now, new_id = shell.now, random_id()
    row = shell.write(lambda session: give(session, shell.principal, said, now, new_id))
    if arguments.json:
        say(json.dumps(_values(row), indent=2) + "\n")
    else:
        say(f"You said that the {row.about} {row.subject} was {_values(row)['verdict']}.\n")


def _list(shell: Shell, arguments: argparse.Namespace) -> None:
    principal = shell.principal
    user = None if arguments.everybody else principal.user
    wanted = Wanted(principal.tenant_id, user, arguments.about)
    limit = FEEDBACK_EXPORTED_MAX if arguments.csv else arguments.limit
    rows = shell.read(lambda session: listed(session, principal, wanted, limit))
    if arguments.json:
        say(json.dumps([_values(row) for row in rows], indent=2) + "\n")
    elif arguments.csv:
        say(_as_csv(rows))
    elif not rows:
        say("Nothing was said yet. `steward feedback give run ID good` says what you think.\n")
    else:
        lines = [[_values(row)[name] or "-" for name in _COLUMNS] for row in rows]
        say(table((_COLUMNS, *lines), are_numbers=False))


def _values(row: FeedbackRow) -> dict[str, str]:
    values = row.model_dump(include={*_COLUMNS} - {"at", "verdict"})
    at = row.at.astimezone(UTC).isoformat(timespec="seconds")
    return {**values, "at": at, "verdict": "good" if row.is_good else "bad"}


def _as_csv(rows: Sequence[FeedbackRow]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([plain_cell(_values(row)[name]) for name in _COLUMNS])
    return out.getvalue()
