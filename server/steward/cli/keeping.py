"""`steward key`, `token` and `open`: what opens doors, in the hands of a person at a shell."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable

from steward.core.database import Database, open_database
from steward.core.errors import StewardError
from steward.core.login import login_name
from steward.core.principal import Principal
from steward.settings import Settings, load_settings

Done = tuple[int, str]
"""The exit code, and what is said."""
Act = Callable[[argparse.Namespace, Settings, Database, Principal], Awaitable[Done]]


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for; returns the exit code."""
    act: Act
    match arguments.command:
        case "key":
            from steward.cli.key import act
        case "open":
            from steward.cli.open import act
        case _:
            from steward.cli.token import act
    principal = Principal(login_name(), "", "")
    try:
        code, said = asyncio.run(_run(act, arguments, load_settings(), principal))
    except StewardError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(said)
    return code


async def _run(
    act: Act, arguments: argparse.Namespace, settings: Settings, principal: Principal
) -> Done:
    async with open_database(settings.database_place) as database:
        return await act(arguments, settings, database, principal)
