"""What may stand where somebody types: taken from the parser itself, so it is never out of date."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from steward.cli.parser import actions_of, helps_of, options_of, sub_commands

Values = Callable[[str], Iterable[str]]
"""What kind of thing → those that there are, such as `run` → ids."""
FILE = "@file"
"""In place of candidates: the shell knows the files better."""

_KINDS = {
    **dict.fromkeys(("run",), "run"),
    **dict.fromkeys(("model",), "model"),
    **dict.fromkeys(("user",), "user"),
    **dict.fromkeys(("provider",), "provider"),
    **dict.fromkeys(("team",), "team"),
    **dict.fromkeys(("server",), "server"),
}
"""Name of an argument → what it names."""
_BY_COMMAND = {
    ("agent", "name"): "agent",
    ("extension", "id"): "extension",
    ("token", "id"): "token",
}
_FILES = ("file", "folder", "path", "workspace", "against", "export", "out", "package", "to")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that may stand there."""

    word: str
    what: str = ""


def candidates(
    parser: argparse.ArgumentParser, words: Sequence[str], values: Values
) -> list[Candidate]:
    """What the last of the words may become; the words are what stands behind `steward`."""
    *before, begun = words or [""]
    parser, rest, path = _descended(parser, before)
    waiting = _waiting_option(parser, rest)
    if begun.startswith("--") and "=" in begun:
        name, _, part = begun.partition("=")
        found = _values_of(options_of(parser).get(name), path, values)
        return [Candidate(f"{name}={each.word}", each.what) for each in _begun(found, part)]
    if waiting is not None:
        return _begun(_values_of(waiting, path, values), begun)
    if begun.startswith("-"):
        return _begun(_options(parser, rest), begun)
    below = helps_of(parser)
    if below:
        return _begun([Candidate(name, what) for name, what in below.items()], begun)
    return _begun(_values_of(_positional(parser, rest), path, values), begun)


def _descended(
    parser: argparse.ArgumentParser, words: Sequence[str]
) -> tuple[argparse.ArgumentParser, list[str], tuple[str, ...]]:
    """The command that the words lead to, the words behind it, and its name."""
    path: list[str] = []
    rest = list(words)
    while below := sub_commands(parser):
        at = next((n for n, word in enumerate(rest) if word in below), None)
        if at is None:
            break
        path.append(rest[at])
        parser, rest = below[rest[at]], rest[at + 1 :]
    return parser, rest, tuple(path)


def _waiting_option(parser: argparse.ArgumentParser, rest: Sequence[str]) -> argparse.Action | None:
    """The option that the word behind these is the value of."""
    option = options_of(parser).get(rest[-1]) if rest else None
    return option if option is not None and _takes_value(option) else None


def _takes_value(action: argparse.Action) -> bool:
    return action.nargs != 0


def _options(parser: argparse.ArgumentParser, rest: Sequence[str]) -> list[Candidate]:
    said = {id(each) for name, each in options_of(parser).items() if name in rest}
    return [
        Candidate(name, action.help or "")
        for name, action in options_of(parser).items()
        if name.startswith("--") and id(action) not in said
    ]


def _positional(parser: argparse.ArgumentParser, rest: Sequence[str]) -> argparse.Action | None:
    """The argument that the next word is."""
    given, skips = 0, False
    options = options_of(parser)
    for word in rest:
        if skips:
            skips = False
        elif word.startswith("-"):
            option = options.get(word)
            skips = option is not None and _takes_value(option)
        else:
            given += 1
    wanted = [each for each in actions_of(parser) if not each.option_strings]
    if given < len(wanted):
        return wanted[given]
    return wanted[-1] if wanted and wanted[-1].nargs in ("*", "+") else None


def _values_of(
    action: argparse.Action | None, path: tuple[str, ...], values: Values
) -> list[Candidate]:
    if action is None:
        return []
    if action.choices:
        return [Candidate(str(each)) for each in action.choices]
    kind = _BY_COMMAND.get((path[0] if path else "", action.dest)) or _KINDS.get(action.dest)
    if kind is not None:
        return [Candidate(each) for each in values(kind)]
    return [Candidate(FILE)] if action.dest in _FILES else []


def _begun(found: Iterable[Candidate], begun: str) -> list[Candidate]:
    return [each for each in found if each.word.startswith(begun) or each.word == FILE]
