"""HTTP to the forge: one short request at a time, bounded, and never led to another host."""

import asyncio
import importlib
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from steward.core.agent_limits import FORGE_ANSWER_BYTES_MAX, FORGE_CONNECT_S, FORGE_WALL_S
from steward.core.errors import UnavailableError

if TYPE_CHECKING:
    import httpx

_API_VERSION = "2022-11-28"
_KEPT = ("retry-after", "x-ratelimit-remaining", "x-ratelimit-reset")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the forge answered."""

    status: int
    headers: Mapping[str, str]
    """Those about its limits, in small letters."""
    body: object
    """The JSON of its answer; None where it was none."""


@dataclass(slots=True)
class ForgeHttp:
    """Asks the forge. Nothing is kept between two requests: they are rare."""

    wall_s: float = FORGE_WALL_S
    _certificates: ssl.SSLContext | None = field(default=None, init=False)

    async def ask(
        self,
        method: Literal["GET", "POST"],
        url: str,
        token: SecretStr,
        body: Mapping[str, object] | None = None,
    ) -> Reply:
        """One request and its answer, whatever its status.

        Raises:
            UnavailableError: it cannot be reached, is too slow, or answers more than we take. For
                a POST nobody knows then whether it was done.
        """
        host = urlsplit(url).netloc
        # Off the loop: the import takes a tenth of a second.
        await asyncio.to_thread(importlib.import_module, "httpx")
        import httpx

        verify = await self._trusted(url)
        try:
            async with asyncio.timeout(self.wall_s):
                return await self._asked(verify, method, url, _headers(token), body)
        except TimeoutError:
            raise UnavailableError(
                f"The forge at {host} did not answer within {self.wall_s:g} seconds."
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            # Nothing of theirs is repeated or kept: some hold the request with its token.
            raise UnavailableError(
                f"The forge at {host} cannot be reached, or the connection broke"
                f" ({type(error).__name__}). Check the network and `api` in [forge]."
            ) from None

    async def _asked(
        self,
        verify: ssl.SSLContext,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Mapping[str, object] | None,
    ) -> Reply:
        import httpx

        client = httpx.AsyncClient(
            verify=verify,
            # The environment and .netrc do not decide where a token goes.
            trust_env=False,
            # A redirect could carry the token to another host.
            follow_redirects=False,
            timeout=httpx.Timeout(self.wall_s, connect=FORGE_CONNECT_S),
        )
        content = None if body is None else json.dumps(body).encode("ascii")
        async with (
            client,
            client.stream(method, url, headers=headers, content=content) as response,
        ):
            read = await _read(response)
            kept = {name: str(response.headers.get(name, "")) for name in _KEPT}
            return Reply(response.status_code, kept, _parsed(read))

    async def _trusted(self, url: str) -> ssl.SSLContext:
        """Whose certificates we believe; loaded when somebody asks over TLS for the first time."""
        if not url.startswith("https://"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self._certificates is None:
            self._certificates = await asyncio.to_thread(_certificates)
        return self._certificates


def _headers(token: SecretStr) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token.get_secret_value()}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": _API_VERSION,
        "Content-Type": "application/json",
        # Nothing is compressed, so nothing small unfolds into something huge.
        "Accept-Encoding": "identity",
        "User-Agent": "steward",
    }


async def _read(response: "httpx.Response") -> bytes:
    content = bytearray()
    async for piece in response.aiter_raw():
        content += piece
        if len(content) > FORGE_ANSWER_BYTES_MAX:
            raise UnavailableError(
                f"The forge answered more than {FORGE_ANSWER_BYTES_MAX} bytes, which is too much."
            )
    return bytes(content)


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _certificates() -> ssl.SSLContext:
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
