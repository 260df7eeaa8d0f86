"""The server: a listening socket, its connections, and an orderly end."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from steward.web.connection import Connection
from steward.web.crowd import Crowd
from steward.web.limits import WebLimits

_BACKLOG = 512


@asynccontextmanager
async def open_server(
    application: Any, bound: socket.socket, limits: WebLimits, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[None]:
    """Serve an ASGI application. On the way out answers under way get a while to end, no more.

    Leaving the block returns when every request is over: finished, or cancelled and booked.
    """
    # What it logs quotes clients; what matters we log ourselves.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    config = Config(
        application,
        interface="asgi3",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=round(limits.idle_s),
    )
    config.load()
    state = ServerState()
    crowd = Crowd(limits.connections_max)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(config, state, limits, crowd), sock=bound, ssl=tls, backlog=_BACKLOG
    )
    try:
        yield
    finally:
        server.close()
        await _end(state, limits)


async def _end(state: ServerState, limits: WebLimits) -> None:
    for connection in list(state.connections):
        connection.shutdown()
    tasks = set(state.tasks)
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=limits.stop_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
    for connection in list(state.connections):
        if isinstance(connection, Connection):
            connection.show_out()
