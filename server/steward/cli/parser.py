"""The parser of the command line: it says what was perhaps meant, and what exit codes mean."""

import argparse
import re
import sys
from collections.abc import Collection, Iterator
from typing import Any, NoReturn, cast

_CHOICE = re.compile(r"invalid choice: '([^']*)'")

EXIT_CODES = {
    0: "done",
    1: "the answer is no: something does not fit, was refused, or needs a look; it says what",
    2: "it could not be done; what was said on standard error says why and what to do",
    130: "you stopped it with Ctrl-C",
}
"""Exit code → what it means, of every command."""


class Parser(argparse.ArgumentParser):
    """A parser of which each sub-command has one of its own, of the same kind."""

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride]  It has overloads.
        self, args: Any = None, namespace: Any = None
    ) -> Any:
        """As argparse does it; but a word that nobody knows is refused where it was said."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown and not sub_commands(self):
            self.error(_unknown(unknown[0], options_of(self)))
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, what was perhaps meant, and where help is."""
        wrong = _CHOICE.search(message)
        if wrong is not None:
            message = _not_there(self, message, wrong[1])
        sys.stderr.write(f"{message}\nSee `{self.prog} --help`.\n")
        sys.exit(2)


def sub_commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Name → parser of what stands below a command; empty where nothing does."""
    below = _below(parser)
    return {} if below is None else dict(cast("Any", below.choices))


def helps_of(parser: argparse.ArgumentParser) -> dict[str, str]:
    """Name of a sub-command → what it is for; one that is hidden is not among them."""
    below = _below(parser)
    if below is None:
        return {}
    shown: list[argparse.Action] = getattr(below, "_choices_actions")  # noqa: B009  Nor is this.
    return {each.dest: each.help or "" for each in shown}


def _below(parser: argparse.ArgumentParser) -> argparse.Action | None:
    return next((each for each in actions_of(parser) if each.nargs == argparse.PARSER), None)


def actions_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Every option and argument of a command, in order."""
    return list(getattr(parser, "_actions"))  # noqa: B009  argparse offers no other way to ask.


def options_of(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """How an option is written → the option."""
    return {name: each for each in actions_of(parser) for name in each.option_strings}


def leaves(
    parser: argparse.ArgumentParser, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Every command that does something, with the words that lead to it."""
    below = sub_commands(parser)
    if not below:
        yield path, parser
    for name, each in below.items():
        yield from leaves(each, (*path, name))


def meant(said: str, known: Collection[str]) -> str:
    """A sentence that names what is spelled like it; empty where nothing is."""
    import difflib

    close = difflib.get_close_matches(said, known, n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(f'`{each}`' for each in close)}?" if close else ""


def _unknown(said: str, options: Collection[str]) -> str:
    if said.startswith("-"):
        return f"There is no option `{said}` here.{meant(said.partition('=')[0], options)}"
    return f"`{said}` is one word too many here."


def _not_there(parser: argparse.ArgumentParser, message: str, said: str) -> str:
    below = sub_commands(parser)
    if below and message.startswith("argument "):
        known = [name for name in below if name in helps_of(parser)]
        if said not in below:
            return f"There is no command `{parser.prog} {said}`.{meant(said, known)}"
    named = [each.choices for each in actions_of(parser) if _is_named(each, message)]
    choices = [str(each) for each in (named[0] if named else None) or ()]
    where = message.partition(":")[0].removeprefix("argument ")
    hint = meant(said, choices) or f" Name one of {', '.join(choices)}."
    return f"`{said}` is nothing that {where} can be.{hint}" if choices else message


def _is_named(action: argparse.Action, message: str) -> bool:
    if not action.choices:
        return False
    name = "/".join(action.option_strings) or action.metavar or action.dest
    return message.startswith(f"argument {name}:")
