"""`steward usage`: what model calls cost, for people, spreadsheets and programs."""

import argparse
import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, date

from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.core.errors import InvalidInputError
from steward.core.money import NanoUsd, as_usd
from steward.ledger.report import UsageLine, usage_by


def show_usage(shell: Shell, arguments: argparse.Namespace) -> None:
    """Write the report that was asked for."""
    say(_usage(shell, arguments))


def _usage(shell: Shell, arguments: argparse.Namespace) -> str:
    today = shell.now.astimezone(UTC).date()
    first: date = arguments.since or today.replace(day=1)
    last: date = arguments.until or today
    if first > last:
        raise InvalidInputError(
            f"No day is from {first} to {last} (UTC). Name an earlier --since or a later --until."
        )
    by = "all" if arguments.by == "day" else arguments.by
    tenant = shell.principal.tenant_id
    lines = shell.read(lambda session: usage_by(session, tenant, by, first, last))
    if arguments.json:
        return json.dumps([_values(arguments.by, line) for line in lines], indent=2) + "\n"
    if arguments.csv:
        return _as_csv(arguments.by, lines)
    head = (arguments.by, "calls", "tokens in", "cached", "out", "cost")
    rows = [
        (
            line.name,
            f"{line.calls:,}",
            f"{line.input_tokens:,}",
            f"{line.cached_tokens:,}",
            f"{line.output_tokens:,}",
            as_usd(line.cost_nano_usd),
        )
        for line in lines
    ]
    total = as_usd(sum(line.cost_nano_usd for line in lines))
    return table((head, *rows)) + f"\n{first} to {last} (UTC): {total}\n"


def _values(by: str, line: UsageLine) -> dict[str, object]:
    return {
        by: line.name,
        "calls": line.calls,
        "input_tokens": line.input_tokens,
        "cached_tokens": line.cached_tokens,
        "output_tokens": line.output_tokens,
        "cost_nano_usd": line.cost_nano_usd,
    }


def _as_csv(by: str, lines: Sequence[UsageLine]) -> str:
    out = io.StringIO()
    rows = [_values(by, line) for line in lines]
    names = list(_values(by, UsageLine("", 0, 0, 0, 0, NanoUsd(0))))
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        # A spreadsheet takes a name that begins so for a formula, and runs it.
        name = str(row[by])
        writer.writerow(row | {by: f"'{name}" if name[:1] in "=+-@\t\r" else name})
    return out.getvalue()
