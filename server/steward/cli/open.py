"""`steward open`: the pages in a browser, signed in as whoever is at the shell."""

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
import webbrowser
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from html import escape
from pathlib import Path

from steward.core.clock import SystemClock
from steward.core.database import Database
from steward.core.errors import InvalidInputError, UnavailableError
from steward.core.ids import random_id
from steward.core.principal import Principal
from steward.permissions.sessions import Sessions
from steward.permissions.tokens import TOKEN_BYTES
from steward.settings import Settings
from steward.web.announced import Running, link_address, running

_LOOK_S = 0.2
# The link is not an argument of the browser's command, which every user of the machine can read,
# but stands in a file that only this one can.
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0;url={address}">
<title>Steward</title>
<p><a href="{address}">Go on to Steward</a></p>
</html>
"""


async def act(
    arguments: argparse.Namespace, settings: Settings, database: Database, principal: Principal
) -> tuple[int, str]:
    """The exit code, and what is said."""
    fresh = partial(secrets.token_urlsafe, TOKEN_BYTES)
    sessions = Sessions(database, SystemClock(), random_id, fresh)
    if arguments.sign_out:
        ended = await sessions.end_all(principal)
        return 0, f"{ended} {'session is' if ended == 1 else 'sessions are'} over.\n"
    server = _server(settings, arguments.path)
    secret = await sessions.link(principal)
    address = link_address(server, secret, arguments.path)
    if arguments.print or _has_no_screen():
        sys.stderr.write(
            "Open this in a browser; it signs you in once, within a minute.\n"
            if arguments.print
            else "There is no screen here. Open this in a browser on your own machine; it signs"
            " you in once, within a minute.\n"
        )
        return 0, f"{address}\n"
    with _file(settings.data_dir, address) as file:
        if not await asyncio.to_thread(webbrowser.open, file.as_uri()):
            sys.stderr.write("No browser could be started. Open this in one, within a minute:\n")
            return 0, f"{address}\n"
        while await sessions.is_waiting(secret):  # noqa: ASYNC110  It is another process that uses it.
            await asyncio.sleep(_LOOK_S)
    return 0, "The link was used, or its minute is over. `steward open` makes another.\n"


def _server(settings: Settings, path: str) -> Running:
    if not path.startswith("/") or path.startswith("//"):
        raise InvalidInputError(f"{path!r} is no page. Name one of this server's, such as /usage.")
    found = running(settings.data_dir)
    if found is None:
        raise UnavailableError(
            "No server runs with this data folder. Start one with `steward serve`, in another"
            " window or as a service, and run `steward open` again."
        )
    return found


def _has_no_screen() -> bool:
    if "SSH_CONNECTION" in os.environ:
        return True
    is_x = any(os.environ.get(each) for each in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    return sys.platform.startswith("linux") and not is_x


@contextmanager
def _file(folder: Path, address: str) -> Generator[Path]:
    """A page that goes on to the address, readable for nobody else; gone after the block."""
    opened, name = tempfile.mkstemp(prefix="open-", suffix=".html", dir=folder)
    try:
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.write(_PAGE.format(address=escape(address)))
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
