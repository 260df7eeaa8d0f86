"""`steward budget`: what may be spent, by whose decision, and how the month stands."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from sqlmodel import Session

from steward.cli.shell import Shell, limit, say
from steward.cli.table import table
from steward.core.errors import InvalidInputError
from steward.core.money import NanoUsd, as_usd, nano_usd
from steward.core.principal import Principal
from steward.ledger.account import SESSION_PERIOD, Limits, forecast, kind_of, period_of
from steward.ledger.budget import Budget, Decision, budgets, set_budget
from steward.ledger.reading import AccountStanding, month
from steward.permissions.people import everyone


def answer(shell: Shell, arguments: argparse.Namespace) -> None:
    """Show what may be spent, or limit an account."""
    if arguments.action == "set":
        limit_account(shell, arguments)
    else:
        show_budgets(shell, as_json=arguments.json)


def show_budgets(shell: Shell, *, as_json: bool = False) -> None:
    """Write how every account of the month stands, and who limited it."""
    principal, now = shell.principal, shell.now
    defaults = shell.settings.ledger.limits()

    def work(session: Session) -> tuple[Sequence[AccountStanding], dict[str, Decision]]:
        decided = {each.scope: each for each in budgets(session, principal.tenant_id)}
        wanted = {*decided, f"user:{principal.user}", "organisation"}
        return month(session, principal.tenant_id, period_of(now), wanted, defaults), decided

    accounts, decided = shell.read(work)
    if as_json:
        told = [_values(shell, each, decided.get(each.key.scope)) for each in accounts]
        say(json.dumps(told, indent=2) + "\n")
        return
    head = (
        *("account", "soft limit", "limit", "spent", "set aside", "left"),
        *("by month's end", "set by", "on"),
    )
    rows = [(*_sums(each), _forecast(shell, each), *_decision(decided, each)) for each in accounts]
    say(table((head, *rows)) + f"\n{period_of(now)} (UTC)\n")


def _values(shell: Shell, each: AccountStanding, decision: Decision | None) -> dict[str, object]:
    expected = None if each.key.period == SESSION_PERIOD else forecast(each.spent, shell.now)
    return {
        "account": each.key.scope,
        "period": each.key.period,
        "limit_nano_usd": each.limit,
        "soft_limit_nano_usd": each.soft_limit,
        "spent_nano_usd": each.spent,
        "reserved_nano_usd": each.reserved,
        "left_nano_usd": each.left,
        "forecast_nano_usd": expected,
        "set_by": None if decision is None else decision.set_by,
        "set_at": None if decision is None else decision.set_at.isoformat(),
    }


def limit_account(shell: Shell, arguments: argparse.Namespace) -> None:
    """Set a budget, if the person's role includes it."""
    scope = _scope(arguments.scope, shell.principal)
    limits = Limits(_nano(arguments.limit), _nano(arguments.soft))
    defaults, now = shell.settings.ledger.limits(), shell.now
    wanted = Budget(scope, limits)
    shell.permitted(lambda session: set_budget(session, shell.principal, wanted, defaults, now))
    say(
        f"From the next call on, {scope} has a limit of {limit(limits.hard)} and a soft limit of"
        f" {limit(limits.soft)}.\n{_doubt(shell, scope)}"
    )


def _doubt(shell: Shell, scope: str) -> str:
    """What to say of a name that may be a slip: its limit would hold for nobody."""
    kind, _, name = scope.partition(":")
    if kind not in ("user", "team"):
        return ""
    people = shell.read(lambda session: everyone(session, shell.principal.tenant_id))
    if not people or name in (each.user if kind == "user" else each.team for each in people):
        return ""
    who = f"is called {name!r}" if kind == "user" else f"belongs to the team {name!r}"
    return f"Nobody {who} yet; see `steward people list`.\n"


def _sums(each: AccountStanding) -> tuple[str, ...]:
    return (
        each.key.scope,
        limit(each.soft_limit),
        limit(each.limit),
        as_usd(each.spent),
        as_usd(each.reserved),
        limit(each.left),
    )


def _forecast(shell: Shell, each: AccountStanding) -> str:
    if each.key.period == SESSION_PERIOD:
        return "-"
    expected = forecast(each.spent, shell.now)
    return "-" if expected is None else as_usd(expected, places=2)


def _decision(decided: dict[str, Decision], each: AccountStanding) -> tuple[str, str]:
    found = decided.get(each.key.scope)
    return ("settings", "-") if found is None else (found.set_by, f"{found.set_at:%Y-%m-%d}")


def _scope(written: str, principal: Principal) -> str:
    if written == "user":
        return f"user:{principal.user}"
    kind, _, name = written.partition(":")
    if kind == "workspace" and name:
        return f"workspace:{Path(name).resolve()}"
    if written == "organisation" or (name and kind_of(written) != "organisation"):
        return written
    raise InvalidInputError(
        f"{written!r} is no account. Name `user`, `user:NAME`, `team:NAME`, `workspace:PATH`,"
        " `session:ID` or `organisation`."
    )


def _nano(usd: str) -> NanoUsd | None:
    return None if usd == "none" else nano_usd(usd)
