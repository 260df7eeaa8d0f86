"""What can be asked at a shell of the trail and of teams; cheap to import."""

import argparse

from steward.cli.books import AddCommand, day

_GROUPS = (
    *("sign-ins", "refused changes", "denied tools"),
    *("extensions", "foreign hands", "keys and tokens"),
)
_LISTED = 20


def add_trail(add_command: AddCommand) -> None:
    """Everything that can be asked of what was decided and done, and of teams."""
    _add_audit(add_command)
    _add_security(add_command)
    _add_activity(add_command)
    _add_team(add_command)


def _add_audit(add_command: AddCommand) -> None:
    audit = add_command("audit", help="the trail of what was decided and done")
    actions = audit.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser(
        "list", help="the newest entries: yours; for owners and admins, all"
    )
    listed.add_argument("--json", action="store_true", help="for a program")
    _add_count(listed)
    exported = actions.add_parser("export", help="everything that fits, oldest first")
    exported.add_argument("--csv", action="store_true", help="for a spreadsheet; else JSON Lines")
    for each in (listed, exported):
        each.add_argument("--actor", default="", metavar="NAME", help="only what this one did")
        each.add_argument(
            "--doing", default="", metavar="ACTION", help="only what begins so, such as approval."
        )
        each.add_argument("--subject", default="", metavar="WHAT", help="only about exactly this")
        for name in ("--since", "--until"):
            each.add_argument(name, type=day, metavar="DAY", help="such as 2026-11-21 (UTC)")
    shown = actions.add_parser("show", help="one entry, whole")
    shown.add_argument("seq", type=_count, metavar="NUMBER", help="as `steward audit list` has it")
    shown.add_argument("--json", action="store_true", help="for a program")
    verified = actions.add_parser(
        "verify", help="read the whole chain and recompute it; leaves with 1 if it does not hold"
    )
    verified.add_argument(
        "--against", default="", metavar="HEAD", help="a head that was kept: NUMBER:HASH"
    )
    verified.add_argument("--json", action="store_true", help="for a program")


def _add_security(add_command: AddCommand) -> None:
    security = add_command("security", help="attempts, refusals and foreign hands, day by day")
    security.add_argument(
        "--days", type=_count, default=14, metavar="N", help="so many, up to today (default: 14)"
    )
    security.add_argument("--group", choices=_GROUPS, help="its newest entries, one by one")
    security.add_argument("--json", action="store_true", help="for a program")


def _add_activity(add_command: AddCommand) -> None:
    activity = add_command("activity", help="what happened lately, in words")
    activity.add_argument(
        "--whose", choices=["own", "team", "all"], help="default: the most that you may see"
    )
    _add_count(activity)
    activity.add_argument("--json", action="store_true", help="for a program")


def _add_team(add_command: AddCommand) -> None:
    team = add_command("team", help="the teams that people belong to")
    actions = team.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="each with its lead, its members and its budget")
    shown = actions.add_parser("show", help="one team and its members")
    shown.add_argument("team", help="its name")
    for each in (listed, shown):
        each.add_argument("--json", action="store_true", help="for a program")


def _add_count(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit", type=_count, default=_LISTED, metavar="N", help=f"default: {_LISTED}"
    )


def _count(written: str) -> int:
    if not written.isdecimal() or not 1 <= int(written[:10]) <= 10**9:
        raise argparse.ArgumentTypeError(f"{written!r} is not a number from 1 on")
    return int(written)
