"""The command line. Importing it is cheap; what a command needs is imported when it is chosen."""

import argparse
import asyncio
import gc
import os
import resource
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from steward import __version__
from steward.cli.agent_arguments import add_agents
from steward.cli.books import AddCommand, add_books
from steward.cli.credentials import CREDENTIALS, add_credentials
from steward.cli.extension_arguments import add_extensions
from steward.cli.log import log_to_stderr
from steward.cli.parser import EXIT_CODES, Parser, leaves, options_of
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
    try:
        code = run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever read it has seen enough. What is still to be written goes nowhere, quietly.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE
    sys.exit(code)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for; returns the exit code."""
    if getattr(arguments, "says_only", False) and arguments.json:
        from steward.cli.said import said_as_json

        return said_as_json(arguments, _run)
    return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    place = _OWN.get(arguments.command)
    if place is not None:
        module, _, function = place.partition(":")
        found: Callable[[argparse.Namespace], int] = getattr(
            import_module(f"steward.cli.{module}"), function
        )
        return found(arguments)
    if arguments.command != "lsp":
        from steward.cli.answers import run as answer

        return answer(arguments)
    for transport in ("tcp", "websocket"):
        port: int | None = getattr(arguments, transport)
        if port is not None:
            from steward.cli.listen import listen

            return listen(transport, arguments.host, port, arguments.log_level)
    from steward.cli.lsp import serve

    return asyncio.run(serve())


INTERRUPTED, BROKEN_PIPE = 130, 141
"""As a shell tells of a program that SIGINT, or SIGPIPE, has ended."""
_OWN: Mapping[str, str] = {
    **dict.fromkeys(CREDENTIALS, "keeping:run"),
    "complete": "complete:complete",
    "completion": "completion:print_script",
    "doctor": "examine:examine",
    "help": "topics:show",
    "sandbox": "sandbox:run",
    "serve": "serve:serve",
    "status": "status:show_status",
}
"""Command → module and function, of those that stand on no shell."""


def build_parser() -> argparse.ArgumentParser:
    """Everything that can be asked for."""
    parser = Parser(
        prog="steward",
        description="A language server with governed AI behind it: it asks before it acts and"
        " accounts for what it spends.",
        epilog="exit codes:\n"
        + "\n".join(f"  {code:<5} {what}" for code, what in EXIT_CODES.items())
        + "\n\n`steward COMMAND --help` says more of each. `steward doctor` finds what is wrong.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"steward {__version__}")
    parser.add_argument(
        "--log-level",
        default="warning",
        choices=["debug", "info", "warning", "error"],
        help="what is written to standard error (default: warning)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_first(commands.add_parser)
    lsp = commands.add_parser("lsp", help="serve editors, by default one over standard input")
    _add_transports(lsp)
    served = "serve pages, their API, and OpenAI's and Anthropic's, over HTTP"
    _add_serve(commands.add_parser("serve", help=served))
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
    _add_last(commands.add_parser)
    _add_json_everywhere(parser)
    return parser


def _add_first(add_command: AddCommand) -> None:
    """What somebody looks for who does not know what to look for."""
    status = add_command("status", help="everything that matters now, in one screen")
    status.add_argument("--json", action="store_true", help="for a program")
    doctor = add_command(
        "doctor", help="find what is wrong and how to mend it; leaves with 1 or 2 if something is"
    )
    doctor.add_argument("--online", action="store_true", help="also ask providers, for nothing")
    doctor.add_argument("--json", action="store_true", help="for a program")
    health = add_command(
        "health", help="how every part stands; leaves with 1 if degraded, 2 if unhealthy"
    )
    health.add_argument("--json", action="store_true", help="for a program")


def _add_last(add_command: AddCommand) -> None:
    completion = add_command("completion", help="print what makes a shell complete `steward`")
    completion.add_argument("shell", choices=["bash", "zsh", "fish"])
    # What that asks while somebody types: it is of no use to a person, so it is not listed.
    complete = add_command("complete", add_help=False, prefix_chars="\0")
    complete.add_argument("words", nargs="*")
    topics = add_command("help", help="what a word means, or how something is done")
    topics.add_argument("topic", nargs="*", help="default: list them; or a command")


def _add_json_everywhere(parser: argparse.ArgumentParser) -> None:
    """What has no form of its own for programs is told to them as a sentence in an object."""
    for path, leaf in leaves(parser):
        if path[0] in _FOR_OTHERS or "--json" in options_of(leaf):
            continue
        leaf.add_argument("--json", action="store_true", help="for a program: what it says")
        leaf.set_defaults(says_only=True)


_FOR_OTHERS = ("complete", "completion", "help", "lsp", "serve")
"""Commands whose output is not for people in the first place, or is a page."""


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
