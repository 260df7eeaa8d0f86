"""HTTP to providers; the only file that knows the HTTP client.

It is aiohttp and not httpx: with 64 calls at once it answers 25 times as many of them in a second,
and three times as many as httpx with aiohttp's transport.
"""

import asyncio
import importlib
import ssl
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steward.core.errors import UnavailableError
from steward.core.limits import (
    PROVIDER_CONNECT_S,
    PROVIDER_CONNECTIONS_MAX,
    PROVIDER_FIRST_PIECE_S,
    PROVIDER_IDLE_S,
    PROVIDER_WALL_S,
)

if TYPE_CHECKING:
    import aiohttp

_KEEP_S = 60.0
"""How long a connection without use is kept: a pause in typing costs no new handshake."""
_HEADERS = {
    "Content-Type": "application/json",
    # Nothing is compressed, so nothing small unfolds into something huge.
    "Accept-Encoding": "identity",
    "User-Agent": "steward",
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each part of a call may take, in seconds."""

    connect_s: float = PROVIDER_CONNECT_S
    first_piece_s: float = PROVIDER_FIRST_PIECE_S
    """From the beginning until something has been answered."""
    idle_s: float = PROVIDER_IDLE_S
    """Between two sendings of the provider, from then on."""
    whole_s: float = PROVIDER_WALL_S


class Response:
    """A provider's answer while it arrives."""

    def __init__(
        self, response: "aiohttp.ClientResponse", host: str, patience: Patience, began_s: float
    ) -> None:
        self._response = response
        self._host = host
        self._patience = patience
        self._whole_until_s = began_s + patience.whole_s
        self._until_s = began_s + min(patience.first_piece_s, patience.whole_s)
        self._has_begun = False
        self.status = response.status

    def header(self, name: str) -> str | None:
        """A header's value; None if it was not sent."""
        return self._response.headers.get(name)

    def note_piece(self) -> None:
        """The model has begun to answer: from now on only silence is too slow."""
        self._has_begun = True

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The body as it arrives.

        Raises:
            UnavailableError: the provider is too slow, or the connection broke.
        """
        content = self._response.content
        loop = asyncio.get_running_loop()
        while True:
            if self._has_begun:
                self._until_s = min(self._whole_until_s, loop.time() + self._patience.idle_s)
            with translated(self._host, self._patience):
                async with asyncio.timeout_at(self._until_s):
                    chunk = await content.readany()
            if not chunk:
                return
            yield chunk


class HttpClient:
    """The connections to all providers. It is opened by the first call, in a thread."""

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._opening = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None
        self._certificates: ssl.SSLContext | None = None

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        on_sent: Callable[[], None] = lambda: None,
    ) -> AsyncGenerator[Response]:
        """Ask, and read the answer inside the block; leaving it early hangs up at once.

        `on_sent` is called when there is a connection and the first byte is about to leave.

        Raises:
            UnavailableError: nobody could be reached, or the connection broke.
        """
        from yarl import URL

        target = URL(url, encoded=True)
        host = target.authority
        session = await self._opened()
        certificates = await self._trusted() if target.scheme == "https" else True
        began_s = asyncio.get_running_loop().time()
        with translated(host, self._patience):
            async with asyncio.timeout(min(self._patience.first_piece_s, self._patience.whole_s)):
                response = await session.request(
                    method,
                    target,
                    headers=headers,
                    data=body,
                    ssl=certificates,
                    # A redirect could carry the prompt and the key to another host.
                    allow_redirects=False,
                    trace_request_ctx=on_sent,
                )
        try:
            yield Response(response, host, self._patience, began_s)
        finally:
            # Nothing happens here if the answer was read to its end: its connection is kept then.
            response.close()

    async def close(self) -> None:
        """Let go of the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _opened(self) -> "aiohttp.ClientSession":
        async with self._opening:
            if self._session is None:
                # Off the loop: the import takes a tenth of a second.
                await asyncio.to_thread(importlib.import_module, "aiohttp")
                self._session = _open(self._patience)
            return self._session

    async def _trusted(self) -> ssl.SSLContext:
        """Whose certificates we believe; loaded when somebody asks over TLS for the first time."""
        async with self._opening:
            if self._certificates is None:
                self._certificates = await asyncio.to_thread(_certificates)
            return self._certificates


@contextmanager
def translated(host: str, patience: Patience) -> Generator[None]:
    """Turn the client's errors into ours.

    Nothing of theirs is repeated or kept: some hold the request with its key.

    Raises:
        UnavailableError: whenever the client raises.
    """
    import aiohttp

    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise UnavailableError(
            f"The model at {host} cannot be reached ({type(error).__name__}). Check the network,"
            " and that the address in the settings (STEWARD_MODEL_URL, or `url`) names a server"
            " that runs."
        ) from None
    except TimeoutError:
        raise UnavailableError(
            f"The model at {host} is too slow: it may take {patience.first_piece_s:g} seconds to"
            f" begin, be silent for {patience.idle_s:g}, and take {patience.whole_s:g} in all. Try"
            " again, or choose a faster model."
        ) from None
    except (aiohttp.ClientError, OSError) as error:
        raise UnavailableError(
            f"The connection to the model at {host} broke ({type(error).__name__}). Try again."
        ) from None


def _open(patience: Patience) -> "aiohttp.ClientSession":
    import aiohttp

    return aiohttp.ClientSession(
        headers=_HEADERS,
        connector=aiohttp.TCPConnector(
            limit=PROVIDER_CONNECTIONS_MAX,
            keepalive_timeout=_KEEP_S,
            resolver=aiohttp.ThreadedResolver(),
        ),
        timeout=aiohttp.ClientTimeout(
            total=None, connect=patience.connect_s, sock_connect=patience.connect_s
        ),
        # The environment and .netrc do not decide where a key goes, and nobody leaves cookies.
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trace_configs=[_watch_sending()],
    )


def _watch_sending() -> "aiohttp.TraceConfig":
    """Tells `on_sent` when a request has its connection, which is just before it is written."""
    import aiohttp

    async def tell(_session: object, context: Any, _details: object) -> None:
        context.trace_request_ctx()

    config = aiohttp.TraceConfig()
    config.on_connection_create_end.append(tell)
    config.on_connection_reuseconn.append(tell)
    return config


def _certificates() -> ssl.SSLContext:
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
