"""`steward ledger`, `steward usage` and `steward budget`: the books, for a person at a shell."""

import argparse
import asyncio
import csv
import getpass
import io
import json
import secrets
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlmodel import Session

from steward.core.clock import SystemClock
from steward.core.database import open_database
from steward.core.errors import InvalidInputError, StewardError, UnavailableError
from steward.core.limits import CHECKPOINT_BYTES_MAX
from steward.core.money import NANO_PER_USD, NanoUsd, as_usd
from steward.core.principal import Principal
from steward.ledger.account import Limits, kind_of, period_of
from steward.ledger.budget import budgets, set_budget
from steward.ledger.integrity import Checkpoint, checkpoint_of, is_empty, verify, written
from steward.ledger.key import KEY_BYTES, KeyFile
from steward.ledger.reading import AccountStanding, month, overruns
from steward.ledger.report import UsageLine, usage_by
from steward.settings import Settings, load_settings

T = TypeVar("T")

_USD_MAX = Decimal(1_000_000_000)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for; returns the exit code."""
    try:
        settings = load_settings()
        match arguments.command, getattr(arguments, "action", None):
            case "ledger", _:
                return _verify(settings, arguments)
            case "usage", _:
                _say(_usage(settings, arguments))
            case _, "set":
                _say(_set(settings, arguments))
            case _:
                _say(_show(settings))
    except StewardError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _verify(settings: Settings, arguments: argparse.Namespace) -> int:
    """Leaves with 1 when something does not fit."""
    key = KeyFile(settings.ledger_key, partial(secrets.token_hex, KEY_BYTES))
    against = _checkpoint(arguments.against) if arguments.against else None
    verdict, billed = _read(
        settings,
        lambda session: (verify(session, _secret(session, key), against), overruns(session)),
    )
    found = verdict.checkpoint
    if not verdict.is_intact:
        _say("The ledger is NOT intact.\n" + "".join(f"- {each}\n" for each in verdict.problems))
        return 1
    _say(
        f"The ledger is intact: {found.seq} entries, {as_usd(found.spent_nano_usd)} spent,"
        f" {as_usd(found.reserved_nano_usd)} set aside.\n"
    )
    if billed.calls:
        _say(
            f"Providers billed {billed.calls} calls beyond what was reserved for them,"
            f" {as_usd(billed.beyond)} in all; see `ledger.overrun` in the audit trail.\n"
        )
    if arguments.export:
        _export(arguments.export, found)
    return 0


def _secret(session: Session, key: KeyFile) -> bytes:
    return key.load(may_make=is_empty(session))


def _checkpoint(file: Path) -> Checkpoint:
    try:
        with file.open("rb") as opened:
            content = opened.read(CHECKPOINT_BYTES_MAX + 1)
    except OSError as error:
        raise UnavailableError(
            f"The checkpoint {str(file)!r} cannot be read: {error.strerror}. Name one that was"
            " written by `steward ledger verify --export`."
        ) from error
    return checkpoint_of(content[:CHECKPOINT_BYTES_MAX].decode("utf-8", "replace"))


def _export(file: Path, found: Checkpoint) -> None:
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(written(found))
    except OSError as error:
        raise UnavailableError(
            f"The checkpoint {str(file)!r} cannot be written: {error.strerror}. Name a new file in"
            " a folder that is yours."
        ) from error


def _usage(settings: Settings, arguments: argparse.Namespace) -> str:
    today = SystemClock().now().astimezone(UTC).date()
    first: date = arguments.since or today.replace(day=1)
    last: date = arguments.until or today
    by = "all" if arguments.by == "day" else arguments.by
    tenant = _principal().tenant_id
    lines = _read(settings, lambda session: usage_by(session, tenant, by, first, last))
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
    return _table((head, *rows)) + f"\n{first} to {last} (UTC): {total}\n"


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


def _show(settings: Settings) -> str:
    principal, now = _principal(), SystemClock().now()
    defaults = settings.ledger.limits()

    def work(session: Session) -> Sequence[AccountStanding]:
        known = {decision.scope for decision in budgets(session, principal.tenant_id)}
        wanted = known | {f"user:{principal.user}", "organisation"}
        return month(session, principal.tenant_id, period_of(now), wanted, defaults)

    head = ("account", "soft limit", "limit", "spent", "set aside", "left")
    rows = [
        (
            each.key.scope,
            _limit(each.soft_limit),
            _limit(each.limit),
            as_usd(each.spent),
            as_usd(each.reserved),
            _limit(each.left),
        )
        for each in _read(settings, work)
    ]
    return _table((head, *rows)) + f"\n{period_of(now)} (UTC)\n"


def _set(settings: Settings, arguments: argparse.Namespace) -> str:
    principal = _principal()
    scope = _scope(arguments.scope, principal)
    limits = Limits(_nano(arguments.limit), _nano(arguments.soft))
    now = SystemClock().now()
    _write(settings, lambda session: set_budget(session, principal, scope, limits, now))
    return (
        f"From the next call on, {scope} has a limit of {_limit(limits.hard)} and a soft limit of"
        f" {_limit(limits.soft)}.\n"
    )


def _scope(written: str, principal: Principal) -> str:
    if written == "user":
        return f"user:{principal.user}"
    _, _, name = written.partition(":")
    if written == "organisation" or (name and kind_of(written) != "organisation"):
        return written
    raise InvalidInputError(
        f"{written!r} is no account. Name `user`, `user:NAME`, `team:NAME`, `workspace:PATH`,"
        " `session:ID` or `organisation`."
    )


def _nano(usd: str) -> NanoUsd | None:
    if usd == "none":
        return None
    try:
        amount = Decimal(usd)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= _USD_MAX or amount % Decimal("1e-9"):
        raise InvalidInputError(
            f"{usd!r} is no sum. Name US dollars from 0 to {_USD_MAX:,}, such as 12.50, or `none`."
        )
    return NanoUsd(int(amount * NANO_PER_USD))


def _limit(nano_usd: int | None) -> str:
    return "none" if nano_usd is None else as_usd(nano_usd)


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _principal() -> Principal:
    """Whoever sits at the shell: on this machine, the owner of all of it."""
    return Principal(getpass.getuser(), "", "")


def _read(settings: Settings, work: Callable[[Session], T]) -> T:
    async def main() -> T:
        async with open_database(settings.database_place) as database:
            return await database.read(work)

    return asyncio.run(main())


def _write(settings: Settings, work: Callable[[Session], T]) -> T:
    async def main() -> T:
        async with open_database(settings.database_place) as database:
            return await database.run(work)

    return asyncio.run(main())


def _say(text: str) -> None:
    sys.stdout.write(text)
