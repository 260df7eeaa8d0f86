"""What can be asked at a shell of agents at work; cheap to import."""

import argparse
from decimal import Decimal, InvalidOperation

from steward.cli.books import AddCommand, day

_LISTED = 20
_METRICS_BY = ("agent", "user", "team", "model")
_EVENTS_BY = ("name", "day", "agent", "model", "subject", "user")


def add_work(add_command: AddCommand) -> None:
    """Everything that can be asked of runs, and of what happened."""
    run = add_command("run", help="the runs of agents: list, follow, cancel, resume")
    actions = run.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_list(actions.add_parser)
    _add_looks(actions.add_parser)
    _add_wishes(actions.add_parser)
    _add_approvals(add_command)
    _add_events(add_command)
    _add_why(add_command)
    _add_metrics(add_command)


def add_answering(parser: argparse.ArgumentParser) -> None:
    """How a run without an editor is told of, and who answers it."""
    parser.add_argument("--json", action="store_true", help="one object a line; nobody is asked")
    parser.add_argument(
        "--no-input", action="store_true", help="ask nobody, even at a terminal; see `policy`"
    )


def _add_list(add: AddCommand) -> None:
    listed = add("list", help="the newest runs")
    listed.add_argument("--open", action="store_true", help="only those that have not ended")
    listed.add_argument("--workspace", metavar="FOLDER", help="only those in this one")
    listed.add_argument(
        "--limit", type=_count, default=_LISTED, metavar="N", help=f"default: {_LISTED}"
    )
    whose = listed.add_mutually_exclusive_group()
    whose.add_argument("--user", metavar="NAME", help="somebody else's; for owners and admins")
    whose.add_argument("--all", action="store_true", help="everybody's; for owners and admins")
    listed.add_argument("--json", action="store_true", help="for a program")


def _add_looks(add: AddCommand) -> None:
    shown = add("show", help="everything that a run did, and what it took")
    shown.add_argument("run", help="its id")
    shown.add_argument("--json", action="store_true", help="for a program")
    watched = add("watch", help="follow a run until it ends; Ctrl-C only stops watching")
    watched.add_argument("run", nargs="?", help="its id; default: your newest that is under way")
    watched.add_argument("--json", action="store_true", help="one object a line")
    sent = add("sent", help="what a run sent to models, as it left")
    sent.add_argument("run", help="its id")
    sent.add_argument("--step", metavar="NAME", help="only what this one sent, such as think-0")
    sent.add_argument("--json", action="store_true", help="for a program")


def _add_wishes(add: AddCommand) -> None:
    cancelled = add("cancel", help="end a run where it is; what was landed stays")
    cancelled.add_argument("run", help="its id")
    resumed = add("resume", help="let a run go on that failed, was cancelled or reached a limit")
    resumed.add_argument("run", help="its id")
    resumed.add_argument("--cost-limit", type=dollars, metavar="USD", help="what it may cost")
    resumed.add_argument("--token-limit", type=_count, metavar="N", help="in and out, together")
    resumed.add_argument("--step-limit", type=_count, metavar="N", help="turns of its model")
    resumed.add_argument("--minutes", type=_count, metavar="N", help="time at work")
    resumed.add_argument(
        "--here", action="store_true", help="in this process, without a window; also one cut off"
    )
    add_answering(resumed)
    grants = add(
        "grants", help="what a run was granted beyond single answers, and what it was refused"
    )
    grants.add_argument("run", help="its id")
    grants.add_argument("--json", action="store_true", help="for a program")
    revoked = add("revoke", help="take back what a run was granted, or what you refused it")
    revoked.add_argument("run", help="its id")
    revoked.add_argument("grant", nargs="?", help="an id; default: all grants of the run")


def _add_approvals(add: AddCommand) -> None:
    approvals = add("approvals", help="what waits for your yes or no, and what you said")
    actions = approvals.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="your questions in all workspaces, the newest first")
    listed.add_argument(
        "--shown", default="open", choices=("open", "ended", "all"), help="default: open"
    )
    listed.add_argument("--run", metavar="ID", help="only those of this run")
    listed.add_argument(
        "--limit", type=_count, default=_LISTED, metavar="N", help=f"default: {_LISTED}"
    )
    shown = actions.add_parser("show", help="one question, whole")
    answered = actions.add_parser("answer", help="look at one at this terminal, and answer it")
    for action in (shown, answered):
        action.add_argument("question", help="its id")
    for action in (listed, shown):
        action.add_argument("--json", action="store_true", help="for a program")


def _add_events(add: AddCommand) -> None:
    events = add("events", help="what happened, in figures")
    events.add_argument("--by", default="name", choices=_EVENTS_BY, help="default: name")
    events.add_argument("--name", metavar="EVENT", help="only this one, such as AI_REQUEST")
    for name in ("--since", "--until"):
        events.add_argument(name, type=day, metavar="DAY", help="such as 2026-11-21 (UTC)")
    events.add_argument("--newest", type=_count, metavar="N", help="the newest, one by one")
    events.add_argument(
        "--everybody", action="store_true", help="the whole organisation; for owners and admins"
    )
    events.add_argument("--json", action="store_true", help="for a program")


def _add_why(add: AddCommand) -> None:
    why = add("why", help="which run of an agent is behind a line")
    why.add_argument("place", metavar="FILE:LINE", help="or FILE:FIRST-LAST, counted from one")
    why.add_argument("--json", action="store_true", help="for a program")


def _add_metrics(add: AddCommand) -> None:
    metrics = add("metrics", help="how much agents and ghost text help, in figures")
    metrics.add_argument("--by", choices=_METRICS_BY, help="a line for each; default: all together")
    for name in ("--since", "--until"):
        metrics.add_argument(name, type=day, metavar="DAY", help="such as 2026-11-21 (UTC)")
    metrics.add_argument(
        "--everybody", action="store_true", help="the whole organisation; for owners and admins"
    )
    form = metrics.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="for a spreadsheet")
    form.add_argument("--json", action="store_true", help="for a program")


def _count(written: str) -> int:
    if not written.isdecimal() or not 1 <= int(written) <= 10**9:
        raise argparse.ArgumentTypeError(f"{written!r} is not a number from 1 on")
    return int(written)


def dollars(written: str) -> Decimal:
    """A sum as it is written at a shell."""
    try:
        found = Decimal(written)
    except InvalidOperation:
        found = Decimal(-1)
    if not 0 < found <= 10**6:
        raise argparse.ArgumentTypeError(f"{written!r} is no sum in US dollars such as 2.50")
    return found
