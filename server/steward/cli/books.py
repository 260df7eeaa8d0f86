"""What can be asked of the books at a shell; cheap to import."""

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path

_DIMENSIONS = (
    *("model", "provider", "task", "agent", "day"),
    *("user", "team", "workspace", "session", "extension"),
)
_GHOST_BY = ("language", "model", "kind", "day", "user")
_ROLES = ("owner", "admin", "maintainer", "developer", "viewer")

AddCommand = Callable[..., argparse.ArgumentParser]


def add_books(add_command: AddCommand) -> None:
    """Everything that can be asked of the books."""
    _add_ledger(add_command)
    _add_usage(add_command)
    _add_budget(add_command)
    _add_people(add_command)
    _add_cost(add_command)
    _add_model(add_command)
    _add_ghost(add_command)


def _add_ledger(add_command: AddCommand) -> None:
    ledger = add_command("ledger", help="check the cost ledger")
    verify = ledger.add_subparsers(dest="action", required=True, metavar="ACTION").add_parser(
        "verify", help="recompute every seal, balance and sum; leaves with 1 if one does not fit"
    )
    verify.add_argument(
        "--against", type=Path, metavar="FILE", help="a checkpoint that must still be in the ledger"
    )
    verify.add_argument(
        "--export", type=Path, metavar="FILE", help="write a checkpoint; keep it somewhere else"
    )
    verify.add_argument("--json", action="store_true", help="for a program")


def _add_usage(add_command: AddCommand) -> None:
    usage = add_command("usage", help="what model calls cost, this month or any time")
    usage.add_argument("--by", default="model", choices=_DIMENSIONS, help="default: model")
    for name in ("--since", "--until"):
        usage.add_argument(name, type=day, metavar="DAY", help="such as 2026-11-21 (UTC)")
    form = usage.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="for a spreadsheet")
    form.add_argument("--json", action="store_true", help="for a program")


def _add_budget(add_command: AddCommand) -> None:
    budget = add_command("budget", help="what may be spent")
    actions = budget.add_subparsers(dest="action", required=True, metavar="ACTION")
    shown = actions.add_parser("show", help="this month's accounts, and who limited them")
    shown.add_argument("--json", action="store_true", help="for a program")
    chosen = actions.add_parser("set", help="limit an account, in every period from now on")
    chosen.add_argument("scope", help="user, user:NAME, team:NAME, workspace:PATH, organisation …")
    chosen.add_argument("--limit", required=True, metavar="USD", help="never passed; or `none`")
    chosen.add_argument("--soft", default="none", metavar="USD", help="passing it is told")


def _add_people(add_command: AddCommand) -> None:
    people = add_command("people", help="who belongs to the organisation, and may do what")
    actions = people.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="everybody, with role and team")
    listed.add_argument("--json", action="store_true", help="for a program")
    added = actions.add_parser("add", help="let somebody in; the first must be an owner")
    added.add_argument("user", help="their name at the operating system, or at the server")
    added.add_argument("--role", default="developer", choices=_ROLES, help="default: developer")
    added.add_argument("--team", default="", help="the team that they belong to")
    removed = actions.add_parser("remove", help="let somebody go")
    removed.add_argument("user")
    role = actions.add_parser("role", help="change what somebody may do")
    role.add_argument("user")
    role.add_argument("role", choices=_ROLES)
    team = actions.add_parser("team", help="move somebody to a team")
    team.add_argument("user")
    team.add_argument("team", help="its name, or `none`")
    team.add_argument("--lead", action="store_true", help="to lead it")


def _add_cost(add_command: AddCommand) -> None:
    cost = add_command("cost", help="what a model call would cost")
    actions = cost.add_subparsers(dest="action", required=True, metavar="ACTION")
    estimate = actions.add_parser(
        "estimate",
        help="at most and probably, and who would pay; leaves with 1 if it would be refused",
    )
    estimate.add_argument("file", nargs="?", default="-", help="what is sent; `-`: standard input")
    estimate.add_argument("--model", help="default: the one that the task has")
    estimate.add_argument("--task", default="agent", help="default: agent")
    estimate.add_argument("--output-tokens", type=int, metavar="N", help="at most; as the task has")
    estimate.add_argument("--workspace", type=Path, metavar="FOLDER", help="its account pays too")
    estimate.add_argument("--json", action="store_true", help="for a program")


def _add_model(add_command: AddCommand) -> None:
    model = add_command("model", help="which models are known, and what they cost")
    actions = model.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="all of them, with abilities and prices")
    listed.add_argument("--provider", metavar="NAME", help="only those of this one")
    listed.add_argument("--json", action="store_true", help="for a program")
    shown = actions.add_parser("show", help="everything that is known of one")
    shown.add_argument("model", help="such as anthropic/claude-sonnet-5")
    shown.add_argument("--json", action="store_true", help="for a program")
    priced = actions.add_parser("price", help="say what one costs, for everybody")
    priced.add_argument("model", help="such as anthropic/claude-sonnet-5")
    for rate in ("input", "output", "cached-input", "cache-write"):
        priced.add_argument(f"--{rate}", metavar="USD", help="a million tokens")
    priced.add_argument("--remove", action="store_true", help="take the price back")


def _add_ghost(add_command: AddCommand) -> None:
    ghost = add_command("ghost", help="ghost text: what became of it, and its switches")
    actions = ghost.add_subparsers(dest="action", required=True, metavar="ACTION")
    report = actions.add_parser("report", help="what was offered, accepted and kept")
    report.add_argument("--by", default="language", choices=_GHOST_BY, help="default: language")
    for name in ("--since", "--until"):
        report.add_argument(name, type=day, metavar="DAY", help="such as 2026-11-21 (UTC)")
    report.add_argument(
        "--everybody", action="store_true", help="the whole organisation; for owners and admins"
    )
    report.add_argument("--json", action="store_true", help="for a program")
    shown = actions.add_parser("show", help="where it is switched off, and by whom")
    shown.add_argument("--json", action="store_true", help="for a program")
    for name in ("on", "off"):
        switch = actions.add_parser(name, help=f"switch it {name}, in all your windows")
        where = switch.add_mutually_exclusive_group()
        where.add_argument("--language", metavar="NAME", help="only in this one, such as markdown")
        where.add_argument("--workspace", type=Path, metavar="FOLDER", help="only in this one")


def day(written: str) -> date:
    """A day as it is written at a shell."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{written!r} is not a day such as 2026-11-21") from None
