"""HTTP to registries: a bounded download at a time, over HTTPS, redirects looked at by us."""

import asyncio
import importlib
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from steward.core.errors import InvalidInputError, LimitError, NotFoundError, UnavailableError
from steward.core.package_limits import (
    REGISTRY_CONNECT_S,
    REGISTRY_REDIRECTS_MAX,
    REGISTRY_URL_CHARS_MAX,
    REGISTRY_WALL_S,
)

if TYPE_CHECKING:
    import httpx

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_REDIRECTS = (301, 302, 303, 307, 308)


def check_url(url: str) -> None:
    """Let a URL pass that a registry may have: https, or http on this machine.

    Raises:
        InvalidInputError: it is another one.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    is_plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    is_whole = bool(parts.hostname) and not (parts.username or parts.password or parts.fragment)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if len(url) > REGISTRY_URL_CHARS_MAX or not (is_plain and is_whole and is_safe):
        raise InvalidInputError(
            f"{url[:200]!r} is no address of a registry. It must be the absolute path of a folder,"
            " or begin with https:// and have no user, password or fragment."
        )


def led_to(url: str, location: str) -> str:
    """Where a redirect leads, if it may be followed.

    Raises:
        InvalidInputError: no registry may lie there, or it leads from HTTPS to what has none:
            a stranger would have us ask a server of this machine.
    """
    try:
        next_url = urljoin(url, location)
    except ValueError:
        next_url = ""  # It is no address at all.
    check_url(next_url)
    if url.startswith("https:") and not next_url.startswith("https:"):
        raise InvalidInputError(
            f"The registry led us from HTTPS to {next_url[:200]!r}, which was not asked. Tell"
            " whoever runs the registry."
        )
    return next_url


@dataclass(slots=True)
class RegistryHttp:
    """Downloads files. Nothing is kept between two of them: they are rare."""

    wall_s: float = REGISTRY_WALL_S

    async def download(self, url: str, bytes_max: int) -> bytes:
        """What lies at the URL.

        Raises:
            InvalidInputError: the URL, or one that it leads to, may not be asked.
            NotFoundError: nothing lies there.
            LimitError: it is larger than this.
            UnavailableError: it cannot be had now.
        """
        # Off the loop: the import takes a tenth of a second.
        await asyncio.to_thread(importlib.import_module, "httpx")
        import httpx

        check_url(url)
        host = urlsplit(url).netloc
        try:
            async with asyncio.timeout(self.wall_s):
                return await self._followed(url, bytes_max)
        except TimeoutError:
            raise UnavailableError(
                f"The registry at {host} did not answer within {self.wall_s:g} seconds."
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise UnavailableError(
                f"The registry at {host} cannot be reached, or the connection broke"
                f" ({type(error).__name__}). Check the network and the address."
            ) from None

    async def _followed(self, url: str, bytes_max: int) -> bytes:
        import httpx

        client = httpx.AsyncClient(
            verify=await asyncio.to_thread(_certificates),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(self.wall_s, connect=REGISTRY_CONNECT_S),
        )
        async with client:
            for _ in range(REGISTRY_REDIRECTS_MAX + 1):
                async with client.stream("GET", url, headers=_HEADERS) as response:
                    if response.status_code not in _REDIRECTS:
                        return await _body(response, bytes_max)
                    url = led_to(url, str(response.headers.get("location", "")))
        raise UnavailableError(
            f"The registry led us elsewhere more than {REGISTRY_REDIRECTS_MAX} times."
        )


# Nothing is compressed, so nothing small unfolds into something huge.
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "steward"}


async def _body(response: "httpx.Response", bytes_max: int) -> bytes:
    if response.status_code == 404:
        raise NotFoundError("The registry has no such file. Run the command again, or ask there.")
    if response.status_code != 200:
        raise UnavailableError(f"The registry answered with status {response.status_code}.")
    content = bytearray()
    async for piece in response.aiter_raw():
        content += piece
        if len(content) > bytes_max:
            raise LimitError(f"The registry sent more than {bytes_max} bytes, which is too much.")
    return bytes(content)


def _certificates() -> ssl.SSLContext:
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
