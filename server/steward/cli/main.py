"""The command line. Importing it is cheap; what a command needs is imported when it is chosen."""

import argparse
import asyncio
import gc
import resource
import sys
from pathlib import Path

from steward import __version__
from steward.cli.agent_arguments import add_agents
from steward.cli.books import add_books
from steward.cli.credentials import CREDENTIALS, add_credentials
from steward.cli.extension_arguments import add_extensions
from steward.cli.log import log_to_stderr
from steward.cli.trail_arguments import add_trail
from steward.cli.undo_arguments import add_undo
from steward.cli.work import add_work


def main() -> None:
    """Run what the user asked for; the process ends with its exit code."""
    arguments = build_parser().parse_args()
    log_to_stderr(arguments.log_level)
    # A crash must not write the keys that are in memory to a disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Almost nothing of what loads is garbage: with the usual steps, a search through all of it
    # takes a twentieth of the start.
    gc.set_threshold(3_000, 10, 10)
    if arguments.command in CREDENTIALS:
        from steward.cli.keeping import run as keep

        sys.exit(keep(arguments))
    if arguments.command == "serve":
        from steward.cli.serve import serve as serve_web

        sys.exit(serve_web(arguments))
    if arguments.command == "sandbox":
        from steward.cli.sandbox import run as show_sandbox

        sys.exit(show_sandbox(arguments))
    if arguments.command != "lsp":
        from steward.cli.answers import run

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
    sandbox = commands.add_parser(
        "sandbox", help="how commands are confined here; leaves with 1 if they are not and none run"
    )
    sandbox.add_argument("--json", action="store_true", help="for a program")
    add_books(commands.add_parser)
    add_credentials(commands.add_parser)
    add_agents(commands.add_parser)
    add_extensions(commands.add_parser)
    add_work(commands.add_parser)
    add_undo(commands.add_parser)
    add_trail(commands.add_parser)
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


def _port(written: str) -> int:
    if not written.isdecimal() or int(written) > 65535:
        raise argparse.ArgumentTypeError(f"{written!r} is not a port from 0 to 65535")
    return int(written)
