"""The page of the command line, as the parser would have it."""

import argparse

from steward.cli.main import build_parser
from steward.cli.parser import EXIT_CODES, actions_of, helps_of, leaves, sub_commands

_OWN_CODES = {
    ("doctor",): "0 in order, 1 with warnings, 2 with a fault",
    ("health",): "0 healthy, 1 degraded, 2 unhealthy",
}
"""Commands whose exit code says how something stands."""


def cli_page() -> str:
    """Every command of `steward`, with what it takes."""
    lines = [
        "# The command line",
        "",
        "Generated from the parser in `server/steward/cli/main.py`; do not edit"
        " (`make regenerate`).",
        "",
        "Every command takes `--help`, and every one but `lsp`, `serve`, `completion` and `help`"
        " takes `--json`. What lists or shows writes its values then; what does something writes"
        ' `{"exit_code", "said"}`; what could not be done writes `{"error": {"code", "message"}}`'
        " on standard error. With `--json` nobody is asked anything. `steward help TOPIC` explains"
        " a word; the [commands of editors](commands.md) are on a page of their own.",
        "",
        "| Exit code | What it means |",
        "| --- | --- |",
        *(f"| {code} | {what} |" for code, what in EXIT_CODES.items()),
        "",
        *(f"`steward {' '.join(path)}` leaves with {what}." for path, what in _OWN_CODES.items()),
        "",
        "Colours and progress bars are for terminals; `NO_COLOR` and `TERM=dumb` switch colours"
        " off. Tables are as wide as the terminal where their prose can give way; an id is never"
        " cut.",
        "",
        "| Command | What it does | What it takes |",
        "| --- | --- | --- |",
    ]
    parser = build_parser()
    for path, leaf in leaves(parser):
        if path[0] in helps_of(parser):
            lines.append(f"| `steward {' '.join(path)}` | {_what(parser, path)} | {_takes(leaf)} |")
    return "\n".join(lines) + "\n"


def _what(parser: argparse.ArgumentParser, path: tuple[str, ...]) -> str:
    said = ""
    for word in path:
        said, parser = helps_of(parser)[word], sub_commands(parser)[word]
    return _cell(said[:1].upper() + said[1:])


def _takes(leaf: argparse.ArgumentParser) -> str:
    return _cell(" ".join(filter(None, map(_form, actions_of(leaf))))) or "nothing"


def _form(action: argparse.Action) -> str:
    if action.dest in ("help", "json"):
        return ""
    value = str(action.metavar or "").upper()
    if not value and action.nargs != 0:
        value = "\\|".join(map(str, action.choices)) if action.choices else action.dest.upper()
    if not action.option_strings:
        form = f"{value} …" if action.nargs in ("*", "+") else value
        return f"`[{form}]`" if action.nargs in ("?", "*") else f"`{form}`"
    form = f"{action.option_strings[-1]} {value}".strip()
    return f"`{form}`" if action.required else f"`[{form}]`"


def _cell(text: str) -> str:
    return text.replace("%%", "%").replace("\n", " ")
