"""What can be asked about agents and trusted folders; importing it is cheap."""

import argparse
from collections.abc import Callable
from pathlib import Path

from steward.cli.work import add_answering, dollars

_MODES = ("normal", "analysis_only", "dry_run", "step")


def add_agents(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands to the command line."""
    _add_agent(add_command)
    _add_trust(add_command)
    _add_mcp(add_command)
    _add_instructions(add_command)
    _add_policy(add_command)


def _add_agent(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    agent = add_command("agent", help="the agents that there are, and yours")
    actions = agent.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="all of them, where they come from, which one counts")
    listed.add_argument("--json", action="store_true", help="for a program")
    shown = actions.add_parser("show", help="one definition, as it was written")
    for name, what in (("create", "keep a new agent in the database"), ("edit", "change one")):
        action = actions.add_parser(name, help=f"{what}; your editor opens, or a file is read")
        action.add_argument("name", help="such as paint; small letters, digits and hyphens")
        action.add_argument(
            "--from", dest="file", metavar="FILE", help="read it from there; `-`: standard input"
        )
    deleted = actions.add_parser("delete", help="throw one away; runs that have begun go on")
    tested = actions.add_parser("test", help="what one may do, and what its prompt takes")
    tested.add_argument("--goal", metavar="TEXT", help="also ask its model for a plan of this")
    begun = actions.add_parser("run", help="begin a run here, without an editor, and follow it")
    for action in (shown, deleted, tested, begun):
        action.add_argument("name", help="as `steward agent list` shows it")
    _add_run(begun)
    for action in (listed, shown, tested, begun):
        action.add_argument(
            "--workspace", type=Path, default=Path(), metavar="DIR", help="default: this folder"
        )


def _add_run(begun: argparse.ArgumentParser) -> None:
    begun.add_argument("task", help="what it should do; `-`: standard input")
    begun.add_argument(
        "--mode",
        default="normal",
        choices=_MODES,
        help="default: the one the agent was written for",
    )
    begun.add_argument(
        "--mention", action="append", default=[], metavar="WHAT", help="PATH, PATH:1-9 or #SYMBOL"
    )
    begun.add_argument("--max-cost", type=dollars, metavar="USD", help="where it ends early")
    add_answering(begun)


def _add_policy(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    policy = add_command("policy", help="what agents may do where nobody is there to be asked")
    checked = policy.add_subparsers(dest="action", required=True, metavar="ACTION").add_parser(
        "check", help="what counts; leaves with 1 if a policy is there and does not count"
    )
    checked.add_argument("file", nargs="?", type=Path, help="default: the one of the settings")
    checked.add_argument(
        "--workspace", type=Path, default=Path(), metavar="DIR", help="default: this folder"
    )
    checked.add_argument("--json", action="store_true", help="for a program")


def _add_trust(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    trust = add_command("trust", help="let a folder bring agents and run commands, or stop it")
    trust.add_argument("path", nargs="?", type=Path, default=Path(), help="default: this folder")
    what = trust.add_mutually_exclusive_group()
    what.add_argument("--revoke", action="store_true", help="do not trust it from now on")
    what.add_argument("--list", action="store_true", help="every folder you were asked about")
    trust.add_argument("--json", action="store_true", help="for a program")


def _add_mcp(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    mcp = add_command("mcp", help="MCP servers, and what you approved of their tools")
    actions = mcp.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="the servers of your settings; starts none of them")
    listed.add_argument("--json", action="store_true", help="for a program")
    shown = actions.add_parser("show", help="what one says of its tools, raw")
    approved = actions.add_parser("approve", help="read what one says, and let agents use it")
    forgotten = actions.add_parser("forget", help="take back every yes to its tools")
    for action in (shown, approved, forgotten):
        action.add_argument("server", help="as `steward mcp list` shows it")
    approved.add_argument("tools", nargs="*", metavar="TOOL", help="default: all of them")


def _add_instructions(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    shown = add_command(
        "instructions", help="the files that tell agents what to do here, and why one does not"
    )
    shown.add_argument("path", nargs="?", type=Path, help="for this file or folder (default: all)")
    shown.add_argument("--json", action="store_true", help="for a program")
    shown.add_argument(
        "--workspace", type=Path, default=Path(), metavar="DIR", help="default: this folder"
    )
