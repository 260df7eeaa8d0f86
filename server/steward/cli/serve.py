"""`steward serve`: the gateway for other programs, over HTTP."""

import argparse
import asyncio
import gc
import logging
import os
import signal
import socket
import ssl
import sys

from steward.app.house import open_web
from steward.core.errors import InvalidInputError, StewardError
from steward.settings import Settings, load_settings
from steward.web.address import bind, check_reach, hosts_of, tls_context, url_of
from steward.web.announced import Announced, announced
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
        asyncio.run(_serve(settings, bound, tls))
    except StewardError as error:
        _log.error("%s", error)
        return 2
    return 0


def _tls(arguments: argparse.Namespace) -> ssl.SSLContext | None:
    certificate, key = arguments.tls_cert, arguments.tls_key
    if (certificate is None) != (key is None):
        raise InvalidInputError("`--tls-cert` and `--tls-key` go together; give both or neither.")
    return None if certificate is None else tls_context(certificate, key)


async def _serve(settings: Settings, bound: socket.socket, tls: ssl.SSLContext | None) -> None:
    sys.setswitchinterval(_SWITCH_S)
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with open_web(settings) as rooms:
        hosts = hosts_of(bound, settings.web.hosts)
        async with (
            open_door(rooms, ROUTES, hosts) as door,
            open_server(door, bound, WebLimits(), tls),
        ):
            # What is loaded by now stays; looking through it for garbage would hold up answers.
            gc.freeze()
            address = url_of(bound, is_encrypted=tls is not None)
            server = Announced(address, os.getpid(), rooms.clock.now().isoformat())
            sys.stderr.write(
                f"Steward serves OpenAI's and Anthropic's APIs on {address}; clients show a token"
                " that `steward token create` makes.\n"
            )
            sys.stderr.flush()
            with announced(settings.data_dir, server):
                await stop.wait()
