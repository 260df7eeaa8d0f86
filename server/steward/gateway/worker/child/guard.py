"""Whom the worker's process may speak to, and what it really sent."""

import contextlib
import ipaddress
import os
import sys
from collections.abc import Generator
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

_CONNECT_S = 10.0
_IDLE_S = 60.0
_ANY = "*"
_METADATA = ("metadata", "metadata.google.internal", "instance-data")
"""Where clouds hand out the credentials of the machine; so do link-local addresses."""


class Guard:
    """Lets this process speak to the provider's host only.

    It is a net against what libraries do by themselves (prices, tokenizers, telemetry, a cloud's
    credentials), and no wall: compiled code could step around it.
    """

    def __init__(self) -> None:
        self._hosts: set[str] = set()

    def watch(self) -> None:
        """Look at every name that is resolved and every address that is connected to."""
        sys.addaudithook(self._look)

    def allow(self, url: str | None) -> None:
        """Allow the host of this URL; None allows any, because litellm knows where to go."""
        self._hosts.add(_ANY if url is None else (urlsplit(url).hostname or ""))

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        host: object
        match event, arguments:
            case "socket.getaddrinfo", (host, *_):
                pass
            case "socket.connect", (_, (host, *_)):
                pass
            case _:
                return
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
        if not self._is_allowed(name.casefold().rstrip(".")):
            os.write(2, f"refused a connection to {name[:200]!r}\n".encode())
            raise PermissionError("this host is not the provider's")

    def _is_allowed(self, name: str) -> bool:
        if name in self._hosts:
            return True
        address = _address(name)
        if name in _METADATA or (address is not None and address.is_link_local):
            return False
        # An address was found under a name that was allowed, unless only addresses are.
        return _ANY in self._hosts or (
            address is not None and any(_address(host) is None for host in self._hosts)
        )


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return None


class RepeatedError(Exception):
    """A library wants to send the same request again; it may be billed twice."""


class Traffic:
    """What one call really sent and got, whatever litellm makes of it."""

    def __init__(self) -> None:
        self._sent: set[tuple[str, str]] = set()
        self.status = 0
        """Of the last answer; nought before there is one."""
        self.retry_after: str | None = None
        self.is_unreachable = False

    @property
    def is_sent(self) -> bool:
        """Whether a request was about to leave."""
        return bool(self._sent)

    def note_request(self, request: Any) -> None:
        """A request is about to leave.

        Raises:
            RepeatedError: it left before; each may be billed, and retries are our own decision.
        """
        address = (request.method, str(request.url))
        if address in self._sent:
            raise RepeatedError
        self._sent.add(address)
        # Nothing is compressed, so nothing small unfolds into something huge.
        request.headers["accept-encoding"] = "identity"

    def note_response(self, response: Any) -> None:
        """The head of an answer is here."""
        self.status = response.status_code
        self.retry_after = response.headers.get("retry-after")


traffic: ContextVar[Traffic] = ContextVar("traffic")
"""The traffic of the call that this code runs for."""


def timeouts() -> Any:
    """How long a connection and a silence may take."""
    import httpx

    return httpx.Timeout(_IDLE_S, connect=_CONNECT_S)


def watch_http() -> None:
    """Note every request, and follow no redirect: it could carry prompt and key elsewhere."""
    import httpx

    plain: Any = httpx.Client
    awaited: Any = httpx.AsyncClient
    send, send_soon = plain.send, awaited.send

    def sending(client: Any, request: Any, **options: Any) -> Any:
        with _noted(request) as noted:
            response = send(client, request, **{**options, "follow_redirects": False})
            noted.note_response(response)
        return response

    async def sending_soon(client: Any, request: Any, **options: Any) -> Any:
        with _noted(request) as noted:
            response = await send_soon(client, request, **{**options, "follow_redirects": False})
            noted.note_response(response)
        return response

    plain.send, awaited.send = sending, sending_soon


@contextlib.contextmanager
def _noted(request: Any) -> Generator[Traffic]:
    import httpx

    noted = traffic.get()
    noted.note_request(request)
    try:
        yield noted
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        noted.is_unreachable = True
        raise
