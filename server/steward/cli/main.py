"""The command line. Importing it is cheap; what a command needs is imported when it is chosen."""

import argparse
import asyncio
import gc
import sys
from collections.abc import Callable
from pathlib import Path

from steward import __version__
from steward.cli.books import add_books
from steward.cli.log import log_to_stderr

_SECRETS = ("key", "token")


def main() -> None:
    """Run what the user asked for; the process ends with its exit code."""
    arguments = build_parser().parse_args()
    log_to_stderr(arguments.log_level)
    # Almost nothing of what loads is garbage: with the usual steps, a search through all of it
    # takes a twentieth of the start.
    gc.set_threshold(3_000, 10, 10)
    if arguments.command in _SECRETS:
        from steward.cli.keeping import run as keep

        sys.exit(keep(arguments))
    if arguments.command == "serve":
        from steward.cli.serve import serve as serve_web

        sys.exit(serve_web(arguments))
    if arguments.command != "lsp":
        from steward.cli.ledger import run

        sys.exit(run(arguments))
    for transport in ("tcp", "websocket"):
        port: int | None = getattr(arguments, transport)
        if port is not None:
            from steward.cli.listen import listen

            sys.exit(listen(transport, arguments.host, port, arguments.log_level))
    from steward.cli.lsp import serve

    sys.exit(asyncio.run(serve()))


def build_parser() -> argparse.ArgumentParser:
    """Everything that can be asked for."""
    parser = argparse.ArgumentParser(
        prog="steward",
        description="A language server with governed AI behind it: it asks before it acts and"
        " accounts for what it spends.",
    )
    parser.add_argument("--version", action="version", version=f"steward {__version__}")
    parser.add_argument(
        "--log-level",
        default="warning",
        choices=["debug", "info", "warning", "error"],
        help="what is written to standard error (default: warning)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    lsp = commands.add_parser("lsp", help="serve editors, by default one over standard input")
    _add_transports(lsp)
    _add_serve(commands.add_parser("serve", help="serve OpenAI's and Anthropic's APIs over HTTP"))
    add_books(commands.add_parser)
    _add_keys(commands.add_parser)
    _add_tokens(commands.add_parser)
    return parser


def _add_transports(lsp: argparse.ArgumentParser) -> None:
    transports = lsp.add_mutually_exclusive_group()
    transports.add_argument(
        "--stdio",
        action="store_true",
        help="one editor over standard input and output (the default)",
    )
    for name, what in (("tcp", "TCP"), ("websocket", "WebSocket")):
        transports.add_argument(
            f"--{name}",
            nargs="?",
            type=_port,
            const=0,
            metavar="PORT",
            help=f"listen for editors on this machine over {what} (default: a free port)",
        )
    lsp.add_argument(
        "--host",
        default="127.0.0.1",
        help="where to listen: 127.0.0.1 (the default) or ::1",
    )


def _add_serve(serve: argparse.ArgumentParser) -> None:
    local = "127.0.0.1"
    serve.add_argument(
        "--host", default=local, help=f"where to listen (default: {local}, this machine only)"
    )
    serve.add_argument("--port", type=_port, default=8484, help="default: 8484; 0 takes a free one")
    for name, what in (("cert", "the certificate and its chain"), ("key", "its private key")):
        serve.add_argument(f"--tls-{name}", type=Path, metavar="FILE", help=f"{what}, in PEM")
    serve.add_argument(
        "--behind-proxy",
        action="store_true",
        help="a proxy in between ends TLS, and nobody else reaches the port",
    )


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
        action.add_argument("provider", help="such as openai or anthropic")
        action.add_argument("--url", help="the base URL, where it is not the provider's own")
        if name in ("add", "rotate"):
            action.add_argument(
                "--unchecked", action="store_true", help="do not ask the provider about it"
            )
    actions.add_parser("list", help="what there is, masked, with its age and last use")
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
    for action in (create, shown):
        action.add_argument("--user", metavar="NAME", help="whose (default: your own)")
    revoke = actions.add_parser("revoke", help="let a token open nothing any more, at once")
    revoke.add_argument("id", help="as `steward token list` shows it")


def _days(written: str) -> int:
    if not written.isdecimal() or not 0 < int(written[:5]) <= 3650:
        raise argparse.ArgumentTypeError(f"{written!r} is not a number of days from 1 to 3650")
    return int(written)


def _port(written: str) -> int:
    if not written.isdecimal() or int(written) > 65535:
        raise argparse.ArgumentTypeError(f"{written!r} is not a port from 0 to 65535")
    return int(written)
