"""`steward serve`: the gateway for other programs, an API of our own, and pages, over HTTP."""

import argparse
import asyncio
import gc
import logging
import signal
import socket
import ssl
import sys

from steward.app.site import open_site
from steward.core.errors import InvalidInputError, StewardError
from steward.settings import Settings, load_settings
from steward.web.address import bind, check_reach, hosts_of, tls_context, url_of
from steward.web.announced import announced
from steward.web.api import ROUTES
from steward.web.door import open_door
from steward.web.limits import WebLimits
from steward.web.server import open_server

_log = logging.getLogger(__name__)

_SWITCH_S = 0.0005
"""How soon a busy thread (the database's) lets the loop go on; Python's own is ten times as long,
and each of a call's steps may wait for it."""


def serve(arguments: argparse.Namespace) -> int:
    """Serve until told to stop; returns the exit code."""
    try:
        settings = load_settings()
        tls = _tls(arguments)
        is_encrypted = tls is not None or arguments.behind_proxy
        check_reach(arguments.host, settings.web.hosts, is_encrypted=is_encrypted)
        bound = bind(arguments.host, arguments.port)
        public = _public(settings, arguments, bound, is_encrypted=is_encrypted)
        asyncio.run(_serve(settings, bound, tls, public, is_behind_proxy=arguments.behind_proxy))
    except StewardError as error:
        _log.error("%s", error)
        return 2
    return 0


def _tls(arguments: argparse.Namespace) -> ssl.SSLContext | None:
    certificate, key = arguments.tls_cert, arguments.tls_key
    if (certificate is None) != (key is None):
        raise InvalidInputError("`--tls-cert` and `--tls-key` go together; give both or neither.")
    return None if certificate is None else tls_context(certificate, key)


def _public(
    settings: Settings, arguments: argparse.Namespace, bound: socket.socket, *, is_encrypted: bool
) -> str:
    """The address as a browser writes it: by the first of the server's names, where it has one."""
    names = settings.web.hosts
    if not names or not is_encrypted:
        return url_of(bound, is_encrypted=is_encrypted)
    port = "" if arguments.behind_proxy else f":{bound.getsockname()[1]}"
    return f"https://{names[0]}{port}"


async def _serve(
    settings: Settings,
    bound: socket.socket,
    tls: ssl.SSLContext | None,
    public: str,
    *,
    is_behind_proxy: bool,
) -> None:
    sys.setswitchinterval(_SWITCH_S)
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with open_site(settings) as rooms:
        hosts = hosts_of(bound, settings.web.hosts, is_behind_proxy=is_behind_proxy)
        async with (
            open_door(rooms, ROUTES, hosts) as door,
            open_server(door, bound, WebLimits(), tls),
        ):
            # What is loaded by now stays; looking through it for garbage would hold up answers.
            gc.freeze()
            address = url_of(bound, is_encrypted=tls is not None)
            with announced(settings.data_dir, public):
                sys.stderr.write(
                    f"Steward serves OpenAI's and Anthropic's APIs on {address}; clients show a"
                    " token that `steward token create` makes. `steward open` opens its pages.\n"
                )
                sys.stderr.flush()
                await stop.wait()
