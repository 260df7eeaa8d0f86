"""`steward sandbox`: how commands are confined here, why not better, and what would help."""

import argparse
import asyncio
import json
import sys

from steward.app.agents import open_launcher
from steward.cli.said import complain
from steward.core.clock import SystemClock
from steward.core.errors import StewardError
from steward.core.limits import COMMAND_WALL_S_MAX
from steward.sandbox.level import Level, sentence
from steward.settings import load_settings


def run(arguments: argparse.Namespace) -> int:
    """Try the jails out and say what was found; returns the exit code, 1 where there is none."""
    try:
        ladder = open_launcher(load_settings(), SystemClock())
        standing = asyncio.run(ladder.standing())
    except StewardError as error:
        return complain(error, error.code, as_json=getattr(arguments, "json", False))
    said = _as_json if arguments.json else _as_text
    sys.stdout.write(said(standing.level, standing.why_not))
    return 0 if standing.level is not None else 1


def _as_json(level: Level | None, why_not: dict[Level, str]) -> str:
    return json.dumps({"level": level, "why_not": why_not}, indent=2) + "\n"


def _as_text(level: Level | None, why_not: dict[Level, str]) -> str:
    lines = [f"Level: {level or 'none; no command runs'}"]
    if level is not None:
        lines += [
            "",
            f"A command that only reads. {_sentence(level, writes=False)}",
            f"A command that changes files. {_sentence(level, writes=True)}",
        ]
    if why_not:
        lines += ["", "Better ones that are not in force:" if level else "What was tried:"]
        lines += [f"- {name}: {reason}" for name, reason in why_not.items()]
    return "\n".join(lines) + "\n"


def _sentence(level: Level, *, writes: bool) -> str:
    return sentence(level, writes=writes, wall_s=COMMAND_WALL_S_MAX)
