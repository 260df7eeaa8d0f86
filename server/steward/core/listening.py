"""Sockets that wait for connections."""

import socket

_BACKLOG = 128


def listen(address: str, port: int, backlog: int = _BACKLOG) -> socket.socket:
    """A listening TCP socket; port 0 takes a free one.

    It says that it is TCP, which `socket.create_server` leaves open: asyncio sends small writes at
    once only on sockets that say so. On others the second of two waits up to forty milliseconds
    for the client to confirm the first.

    Raises:
        OSError: the port is taken, or the address is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bound = socket.create_server((address, port), family=family, backlog=backlog)
    return socket.socket(family, bound.type, socket.IPPROTO_TCP, bound.detach())
