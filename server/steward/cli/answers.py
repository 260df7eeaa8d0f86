"""Which module answers which command; each is loaded when it is asked for."""

import argparse
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import cast

from steward.cli.shell import Shell
from steward.core.clock import Clock, SystemClock
from steward.core.errors import StewardError
from steward.core.login import login_name
from steward.core.principal import Principal
from steward.settings import load_settings

_Answer = Callable[..., int | None]

_WITH_ACTION: Mapping[str, str] = {
    "agent": "agent:answer",
    "approvals": "approvals:answer",
    "extension": "extension:answer",
    "ghost": "ghost:answer",
    "mcp": "mcp:answer",
    "model": "model:answer",
    "people": "people:answer",
    "run": "run:answer",
}
"""Command → module and function that is told the action, too."""
_WITHOUT: Mapping[str, str] = {
    "budget": "budget:answer",
    "changes": "undo:answer",
    "cost": "cost:estimate_cost",
    "events": "events:show_events",
    "instructions": "instructions:show",
    "ledger": "ledger:answer",
    "metrics": "metrics:show_metrics",
    "policy": "policy:check",
    "redo": "undo:answer",
    "trust": "trust:answer",
    "undo": "undo:answer",
    "usage": "usage:show_usage",
    "why": "why:show_why",
}


def run(arguments: argparse.Namespace, user: str | None = None, clock: Clock | None = None) -> int:
    """Do what was asked for; returns the exit code.

    Who asks is whom the operating system says, and not what their environment says.
    """
    try:
        asking = Principal(user or login_name(), "", "")
        shell = Shell(load_settings(), asking, clock or SystemClock())
        name = str(arguments.command)
        if name in _WITH_ACTION:
            return _of(_WITH_ACTION[name])(shell, str(arguments.action), arguments) or 0
        return _of(_WITHOUT[name])(shell, arguments) or 0
    except StewardError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _of(place: str) -> _Answer:
    module, _, function = place.partition(":")
    return cast(_Answer, getattr(import_module(f"steward.cli.{module}"), function))
