"""The provider for every OpenAI-compatible endpoint; the only file that knows httpx."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import aclosing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from pydantic import SecretStr

from steward.core.errors import (
    LimitError,
    ProviderRefusedError,
    RateLimitedError,
    UnavailableError,
)
from steward.core.limits import (
    ERROR_BODY_BYTES_MAX,
    PROVIDER_CONNECT_S,
    PROVIDER_IDLE_S,
    PROVIDER_WALL_S,
    STREAM_TAIL_S,
)
from steward.gateway import openai_wire
from steward.gateway.provider import Finished, Piece
from steward.gateway.request import ModelRequest
from steward.gateway.settings import is_openai
from steward.gateway.sse import events

if TYPE_CHECKING:
    import httpx

_DONE = "[DONE]"
_RETRY_AFTER_S_MAX = 3600.0


class OpenAIProvider:
    """Streams chat completions from one endpoint."""

    def __init__(self, base_url: str, key: SecretStr | None) -> None:
        self._base_url = base_url
        self._key = key
        self._host = urlsplit(base_url).netloc
        self._is_openai = is_openai(base_url)
        self._opening = asyncio.Lock()
        self._client: httpx.AsyncClient | None = None

    def encode(self, model: str, request: ModelRequest) -> bytes:
        """The exact body that would be sent."""
        return openai_wire.encode(model, request, is_openai=self._is_openai)

    async def stream(self, body: bytes, on_sent: Callable[[], None]) -> AsyncGenerator[Piece]:
        """Send the body and read the answer; see `Provider.stream` for what is raised."""
        client = await self._opened()
        deadline_s = asyncio.get_running_loop().time() + PROVIDER_WALL_S
        request = client.build_request("POST", f"{self._base_url}/chat/completions", content=body)
        request.extensions["trace"] = _watch_sending(on_sent)
        with self._translated():
            async with asyncio.timeout_at(deadline_s):
                response = await client.send(request, stream=True)
        try:
            with self._translated():
                async with asyncio.timeout_at(deadline_s):
                    await self._check(response)
            async with aclosing(self._pieces(response, deadline_s)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            # Leaving early is how a caller hangs up: the connection is closed, not drained.
            await response.aclose()

    async def close(self) -> None:
        """Let go of the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _opened(self) -> "httpx.AsyncClient":
        async with self._opening:
            if self._client is None:
                # Off the loop: the import and the certificates take a tenth of a second.
                self._client = await asyncio.to_thread(self._open)
            return self._client

    def _open(self) -> "httpx.AsyncClient":
        import httpx

        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            # Nothing is compressed, so nothing small unfolds into something huge.
            "Accept-Encoding": "identity",
            "User-Agent": "steward",
        }
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        return httpx.AsyncClient(
            headers=headers,
            # A redirect could carry the prompt and the key to another host.
            follow_redirects=False,
            # The environment and .netrc do not decide where a key goes.
            trust_env=False,
            # Plain http has nothing to verify, and loading the certificates costs memory.
            verify=self._base_url.startswith("https:"),
            timeout=httpx.Timeout(PROVIDER_IDLE_S, connect=PROVIDER_CONNECT_S),
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=8),
        )

    async def _pieces(self, response: "httpx.Response", deadline_s: float) -> AsyncGenerator[Piece]:
        is_finished = False
        async with aclosing(events(response.aiter_raw())) as stream:
            while True:
                with self._translated():
                    async with asyncio.timeout_at(deadline_s):
                        data = await anext(stream, None)
                if data is None or data == _DONE:
                    break
                for piece in openai_wire.decode(data):
                    is_finished = is_finished or isinstance(piece, Finished)
                    yield piece
            if not is_finished:
                raise UnavailableError(
                    f"The model at {self._host} broke off in the middle of its answer. Try again."
                )
            await _read_tail(stream)

    async def _check(self, response: "httpx.Response") -> None:
        """Return if an answer follows.

        Raises:
            UnavailableError: of the kind that fits the status, if the provider refused.
        """
        kind = response.headers.get("content-type", "text/event-stream")
        if response.status_code == 200 and "event-stream" not in kind:
            raise UnavailableError(
                f"{self._host} answers, but not with a stream. Check that STEWARD_MODEL_URL is the"
                " base address of an OpenAI-compatible API, usually ending in /v1."
            )
        if response.status_code != 200:
            raise self._refusal(response, await _error_body(response))

    def _refusal(self, response: "httpx.Response", body: dict[str, Any]) -> UnavailableError:
        status = response.status_code
        said = f"{self._host} answers {status}{openai_wire.said(body)}"
        if "insufficient_quota" in said:
            return ProviderRefusedError(f"{said}: the account there has no credit left. Top it up.")
        match status:
            case 401 | 403:
                setting = "OPENAI_API_KEY" if self._is_openai else "STEWARD_MODEL_KEY"
                return ProviderRefusedError(
                    f"{said}: it does not accept the key. Check {setting}, then restart."
                )
            case 404:
                return ProviderRefusedError(
                    f"{said}: it knows no such model or address. Check STEWARD_MODEL and"
                    " STEWARD_MODEL_URL, which usually ends in /v1."
                )
            case 429 | 503 | 529:
                return _limited(said, response.headers.get("retry-after"))
            case _ if status >= 500:
                return UnavailableError(f"{said}: it has a fault of its own. Try again later.")
            case _ if status < 400:
                return ProviderRefusedError(
                    f"{said}: it sends us elsewhere, and redirects are not followed, because they"
                    " could carry your code to another host. Set STEWARD_MODEL_URL to the final"
                    " address."
                )
            case _:
                return ProviderRefusedError(
                    f"{said}: it does not take this request. Another model may; see STEWARD_MODEL."
                )

    @contextmanager
    def _translated(self) -> Generator[None]:
        """Turn the transport's errors into ours. No message of its own is repeated."""
        import httpx

        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise UnavailableError(
                f"The model at {self._host} cannot be reached ({type(error).__name__}). Check the"
                " network, and that STEWARD_MODEL_URL names a server that runs."
            ) from error
        except (httpx.TimeoutException, TimeoutError) as error:
            raise UnavailableError(
                f"The model at {self._host} was silent for {PROVIDER_IDLE_S:.0f} seconds, or took"
                f" more than {PROVIDER_WALL_S:.0f} in all. Try again, or choose a faster model."
            ) from error
        except httpx.HTTPError as error:
            raise UnavailableError(
                f"The connection to the model at {self._host} broke ({type(error).__name__})."
                " Try again."
            ) from error


def _watch_sending(on_sent: Callable[[], None]) -> Callable[[str, object], Any]:
    async def trace(name: str, _info: object) -> None:
        if name.endswith(".send_request_headers.started"):
            on_sent()

    return trace


async def _error_body(response: "httpx.Response") -> dict[str, Any]:
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > ERROR_BODY_BYTES_MAX:
            return {}
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}


async def _read_tail(stream: AsyncIterator[str]) -> None:
    """Read to the very end, which is usually there already, so that the connection can be kept."""
    import httpx

    with suppress(TimeoutError, httpx.HTTPError, LimitError):
        async with asyncio.timeout(STREAM_TAIL_S):
            async for _ in stream:
                pass


def _limited(said: str, retry_after: str | None) -> RateLimitedError:
    seconds = float(retry_after) if retry_after and retry_after.isdecimal() else None
    if seconds is None:
        return RateLimitedError(f"{said}: it takes no more calls now. Try again in a minute.")
    seconds = min(seconds, _RETRY_AFTER_S_MAX)
    return RateLimitedError(
        f"{said}: it takes no more calls now. Try again in {seconds:.0f} seconds.", seconds
    )
