"""A server that is killed whenever the test says so, and begins again: `… PORT`.

The settings come from the environment. Each server lives in a fork of this process, so that a life
costs no start. A line on standard input kills the one that lives; the end of it, all.
"""

import asyncio
import logging
import os
import signal
import sys

from steward.app.site import open_site
from steward.settings import load_settings
from steward.web.address import bind, hosts_of
from steward.web.api import ROUTES
from steward.web.door import open_door
from steward.web.limits import WebLimits
from steward.web.server import open_server


async def _serve(port: int) -> None:
    bound = bind("127.0.0.1", port)
    async with open_site(load_settings()) as rooms:
        hosts = hosts_of(bound, ())
        async with open_door(rooms, ROUTES, hosts) as door, open_server(door, bound, WebLimits()):
            await asyncio.Event().wait()


def main(port: int) -> None:
    """Serve, be killed, and serve again."""
    logging.disable()
    is_over = False
    while not is_over:
        child = os.fork()
        if child == 0:
            asyncio.run(_serve(port))
            os._exit(0)
        is_over = not sys.stdin.readline()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
