"""Where a listener can be reached: on this machine, and nowhere else."""

import socket

from steward.core.errors import InvalidInputError, UnavailableError
from steward.core.listening import listen

_HOSTS = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1", "[::1]": "::1"}


def bind(host: str, port: int) -> socket.socket:
    """A listening socket on this machine's own address; port 0 takes a free one.

    Raises:
        InvalidInputError: the address is one that other machines can reach.
        UnavailableError: the port is taken.
    """
    if host not in _HOSTS:
        raise InvalidInputError(
            f"Steward listens on 127.0.0.1 or ::1 only, not on {host!r}, because what passes is"
            " not encrypted. For an editor on another machine, let it open a tunnel:"
            " `ssh -L 4321:127.0.0.1:4321 THIS_MACHINE`."
        )
    own = _HOSTS[host]
    try:
        return listen(own, port)
    except OSError as error:
        raise UnavailableError(
            f"Steward cannot listen on port {port} of {own}: {error.strerror}. Another program"
            " may use it; choose another port, or none to get a free one."
        ) from error


def authority(bound: socket.socket) -> str:
    """Host and port as a URL writes them."""
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def authorities(port: int) -> frozenset[str]:
    """Every `Host` that a client on this machine can mean."""
    return frozenset(f"{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]"))
