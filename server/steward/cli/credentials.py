"""What can be asked about keys, tokens and sessions; doing it is `keeping.py`, this is cheap."""

import argparse
from collections.abc import Callable

CREDENTIALS = ("key", "token", "open")
"""The commands."""


def add_credentials(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands to the command line."""
    _add_keys(add_command)
    _add_tokens(add_command)
    _add_open(add_command)


def _add_keys(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    key = add_command("key", help="the keys of providers, kept sealed")
    actions = key.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, what in (
        ("add", "put a key in; it is read from standard input and not shown"),
        ("rotate", "replace a key; the old one serves until the new one is accepted"),
        ("validate", "ask the provider whether it accepts the key; leaves with 1 if not"),
        ("remove", "throw a key away"),
    ):
        action = actions.add_parser(name, help=what)
        action.add_argument("provider", help="such as openai or anthropic; or forge, for its token")
        action.add_argument("--url", help="the base URL, where it is not the provider's own")
        if name in ("add", "rotate"):
            action.add_argument(
                "--unchecked", action="store_true", help="do not ask the provider about it"
            )
    listed = actions.add_parser("list", help="what there is, masked, with its age and last use")
    listed.add_argument("--json", action="store_true", help="for a program")
    actions.add_parser("reseal", help="seal all keys anew, with a new key of the vault")


def _add_tokens(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    token = add_command("token", help="personal tokens for `steward serve`")
    actions = token.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a token; it is shown this once")
    create.add_argument("name", help="what it is for, such as laptop")
    create.add_argument(
        "--scope",
        action="append",
        choices=["models", "reports", "manage"],
        help="what it may be used for, at the most (default: models); may be repeated",
    )
    create.add_argument("--days", type=_days, metavar="N", help="how long it lives (default: on)")
    shown = actions.add_parser("list", help="the tokens in force; never the tokens themselves")
    shown.add_argument("--all", action="store_true", help="also those that are not")
    shown.add_argument("--json", action="store_true", help="for a program")
    for action in (create, shown):
        action.add_argument("--user", metavar="NAME", help="whose (default: your own)")
    revoke = actions.add_parser("revoke", help="let a token open nothing any more, at once")
    revoke.add_argument("id", help="as `steward token list` shows it")


def _add_open(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    opened = add_command("open", help="the pages of `steward serve` in a browser, signed in as you")
    opened.add_argument("path", nargs="?", default="/", help="such as /usage (default: /)")
    how = opened.add_mutually_exclusive_group()
    how.add_argument(
        "--print", action="store_true", help="only print the link, good once within a minute"
    )
    how.add_argument("--sign-out", action="store_true", help="end all your sessions in browsers")


def _days(written: str) -> int:
    if not written.isdecimal() or not 0 < int(written[:5]) <= 3650:
        raise argparse.ArgumentTypeError(f"{written!r} is not a number of days from 1 to 3650")
    return int(written)
