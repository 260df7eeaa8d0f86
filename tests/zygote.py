"""A process that has imported what servers import, and forks servers that begin where `main` does.

Half of what a story over the wire costs is its server's imports, the same ones hundreds of times.
What is forked is a server as any other: with its own arguments, environment, folder and pipes, a
process id of its own, and whoever asked for it as its parent. The process that forks has only
imported: it has one thread, no loop, and no file but its socket and those it was born with.

Stories about the start, and whatever looks at a server from outside, take one that was started.
"""

import gc
import json
import os
import runpy
import socket
import sys
import time
from importlib import import_module
from typing import Any

IMPORTED = (
    # What a server loads when an editor comes, when it is idle then, and when a run begins.
    *("steward.cli.lsp", "steward.app.house", "steward.app.agents", "steward.app.ghost"),
    *("aiohttp", "dbos", "git", "yaml", "sqlalchemy.dialects.sqlite"),
)
ORDER_BYTES_MAX = 128 * 1024


def main() -> None:
    """Fork a server for each order, until the one who gives them is gone."""
    orders = socket.socket(fileno=int(sys.argv[1]))
    for name in IMPORTED:
        import_module(name)
    # What is here now stays; a server that searched it for garbage would copy all of it.
    gc.freeze()
    orders.send(b"ready")
    while True:
        order, pipes, _, _ = socket.recv_fds(orders, ORDER_BYTES_MAX, 3)
        if not order:
            return None
        assert len(os.listdir("/proc/self/task")) == 1, "a thread would not be forked"
        if _fork_for(orders, pipes):
            return _become(json.loads(order))


def _fork_for(orders: socket.socket, pipes: list[int]) -> bool:
    """Whether this is the server now.

    The one between forks and ends, and the server is given to whoever asked: it adopts.
    """
    between = os.fork()
    if between == 0:
        between = os.getpid()
        server = os.fork()
        if server != 0:
            orders.send(str(server).encode())
            os._exit(0)
        for number, pipe in enumerate(pipes):
            os.dup2(pipe, number)
        os.closerange(3, max(*pipes, orders.detach()) + 1)
        while os.getppid() == between:
            time.sleep(0.001)
        return True
    for pipe in pipes:
        os.close(pipe)
    os.waitpid(between, 0)
    orders.send(b"adopt")
    return False


def _become(order: Any) -> None:
    """Begin as `python -m` does."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.path[0] = os.getcwd()
    # As the interpreter opens them: those that are here are for what was open at its start.
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    module, *arguments = order["arguments"]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
