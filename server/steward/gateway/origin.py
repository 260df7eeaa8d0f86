"""Where a key may go: a scheme, a host and a port, written in one way only."""

import re
from urllib.parse import urlsplit

from steward.core.errors import InvalidInputError

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?|[0-9a-f:.]{2,45}")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_URL = re.compile(r"[!-~]{1,2000}")
"""Visible ASCII: a host with other letters has a name in ASCII too, and looks like no other."""


def origin_of(url: str) -> str:
    """The origin of a base URL, such as `https://api.example.com:443`.

    Two URLs have the same origin only if a key for the one may be sent to the other.

    Raises:
        InvalidInputError: it is no plain URL, or a key would travel unencrypted.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        raise _refused("it cannot be taken apart") from None
    if _URL.fullmatch(url) is None or "\\" in url or parts.scheme not in _PORTS:
        raise _refused("it is no plain http or https URL")
    if "@" in parts.netloc or parts.query or parts.fragment or not _HOST.fullmatch(host):
        raise _refused("it must hold a host, and no user, password, query or fragment")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise _refused("a key would travel unencrypted; it must begin with https://")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}:{port if port is not None else _PORTS[parts.scheme]}"


def is_loopback(url: str) -> bool:
    """Whether the URL names this machine."""
    return urlsplit(url).hostname in _LOOPBACK


def _refused(why: str) -> InvalidInputError:
    # The URL is not repeated: somebody may have written a key into it.
    return InvalidInputError(
        f"This base URL cannot have a key: {why}. Name one such as https://api.example.com/v1."
    )
