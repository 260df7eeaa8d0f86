"""`steward lsp --tcp` and `--websocket`: a door for editors that cannot start a process here."""

import asyncio
import logging
import secrets
import signal
import socket
import sys
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Literal

from steward.core.errors import StewardError
from steward.lsp.listen.address import authority, bind
from steward.lsp.listen.admission import Admission
from steward.lsp.listen.channel import ListenerLimits
from steward.lsp.listen.relay import serve_editor
from steward.lsp.listen.tcp import open_tcp
from steward.lsp.listen.token import load_token, token_file
from steward.settings import load_settings

_log = logging.getLogger(__name__)

Transport = Literal["tcp", "websocket"]

_SCHEMES: dict[Transport, str] = {"tcp": "tcp", "websocket": "ws"}
_TOKEN_BYTES = 32


def listen(transport: Transport, host: str, port: int, log_level: str) -> int:
    """Serve editors until told to stop; returns the exit code."""
    try:
        # The address first: a wrong one leaves no token behind.
        bound = bind(host, port)
        folder = load_settings().data_dir
        token = load_token(folder, partial(secrets.token_urlsafe, _TOKEN_BYTES))
    except StewardError as error:
        _log.error("%s", error)
        return 2
    # -P: the folder in which the listener was started is no place to import from.
    command = (sys.executable, "-P", "-m", "steward", "--log-level", log_level, "lsp")
    ready = (
        f"Steward listens on {_SCHEMES[transport]}://{authority(bound)}; the token is in"
        f" {str(token_file(folder))!r}.\n"
    )
    asyncio.run(_serve(transport, bound, token, command, ready))
    return 0


async def _serve(
    transport: Transport, bound: socket.socket, token: str, command: tuple[str, ...], ready: str
) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with _open(transport, bound, token, command):
        sys.stderr.write(ready)
        sys.stderr.flush()
        await stop.wait()


def _open(
    transport: Transport, bound: socket.socket, token: str, command: tuple[str, ...]
) -> AbstractAsyncContextManager[None]:
    limits = ListenerLimits()
    admission = Admission(token, limits)
    attend = partial(serve_editor, command=command, limits=limits)
    if transport == "tcp":
        return open_tcp(bound, admission, limits, attend)
    from steward.lsp.listen.websocket import open_websocket

    return open_websocket(bound, admission, limits, attend)
