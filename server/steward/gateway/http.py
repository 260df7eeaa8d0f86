"""Providers that speak HTTP; the only file that knows the HTTP client."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import aclosing, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from steward.core.errors import (
    InvalidInputError,
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
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import Finished, KeySource, Piece, Prepared
from steward.gateway.request import EmbeddingRequest, ModelRequest
from steward.gateway.sse import events
from steward.gateway.wire.untrusted import JsonObject, parsed, said
from steward.gateway.wire.wire import Dialect, Wire

if TYPE_CHECKING:
    import httpx

_RETRY_AFTER_S_MAX = 3600.0


class HttpClient:
    """The connections to all providers. It is opened by the first call, in a thread."""

    def __init__(self) -> None:
        self._opening = asyncio.Lock()
        self._client: httpx.AsyncClient | None = None

    async def opened(self) -> "httpx.AsyncClient":
        """The client itself."""
        async with self._opening:
            if self._client is None:
                # Off the loop: the import and the certificates take a tenth of a second.
                self._client = await asyncio.to_thread(_open)
            return self._client

    async def close(self) -> None:
        """Let go of the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


class HttpProvider:
    """One provider: an address, what it speaks, and where its key comes from."""

    def __init__(
        self, name: str, base_url: str, dialect: Dialect, keys: KeySource, client: HttpClient
    ) -> None:
        self._name = name
        self._base_url = base_url
        self._dialect = dialect
        self._keys = keys
        self._client = client
        self._host = urlsplit(base_url).netloc

    def encode(self, model: Model, request: ModelRequest | EmbeddingRequest) -> Prepared:
        """What would be sent; see `Provider.encode`."""
        if isinstance(request, EmbeddingRequest):
            vectors = self._dialect.embedding
            if vectors is None:
                raise self._cannot("make embeddings")
            return Prepared(vectors.encode(model, request), "embedding", vectors.path(model))
        if request.fill is None:
            chat = self._dialect.chat
            return Prepared(chat.encode(model, request), "chat", chat.path(model))
        fill = self._dialect.fill
        if fill is None:
            raise self._cannot("fill in the middle")
        return Prepared(fill.encode(model, request), "fill", fill.path(model))

    async def stream(
        self, prepared: Prepared, on_sent: Callable[[], None]
    ) -> AsyncGenerator[Piece]:
        """Send what was prepared and read the answer; see `Provider.stream` for what is raised."""
        client = await self._client.opened()
        headers = self._dialect.headers(await self._keys.key(self._name, self._base_url))
        deadline_s = asyncio.get_running_loop().time() + PROVIDER_WALL_S
        request = client.build_request(
            "POST", f"{self._base_url}{prepared.path}", content=prepared.body, headers=headers
        )
        request.extensions["trace"] = _watch_sending(on_sent)
        with self._translated():
            async with asyncio.timeout_at(deadline_s):
                response = await client.send(request, stream=True)
        try:
            with self._translated():
                async with asyncio.timeout_at(deadline_s):
                    await self._check(response)
            async with aclosing(self._pieces(prepared, response, deadline_s)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            # Leaving early is how a caller hangs up: the connection is closed, not drained.
            await response.aclose()

    async def close(self) -> None:
        """Nothing of its own is open; see `HttpClient.close`."""

    async def _pieces(
        self, prepared: Prepared, response: "httpx.Response", deadline_s: float
    ) -> AsyncGenerator[Piece]:
        is_finished = False
        decoder = self._wire(prepared).decoder()
        async with aclosing(events(response.aiter_raw())) as stream:
            while not decoder.is_over:
                with self._translated():
                    async with asyncio.timeout_at(deadline_s):
                        event = await anext(stream, None)
                if event is None:
                    break
                for piece in decoder.feed(event.name, event.data):
                    is_finished = is_finished or isinstance(piece, Finished)
                    yield piece
            if not is_finished:
                raise UnavailableError(
                    f"The model at {self._host} broke off in the middle of its answer. Try again."
                )
            await _read_tail(stream)

    def _wire(self, prepared: Prepared) -> "Wire[Any]":
        match prepared.form:
            case "chat":
                return self._dialect.chat
            case "fill":
                return self._dialect.fill or self._dialect.chat
            case "embedding":
                return self._dialect.embedding or self._dialect.chat

    def _cannot(self, what: str) -> InvalidInputError:
        return InvalidInputError(
            f"The provider {self._name!r} is not known to {what}, so nothing was sent. Choose a"
            " model of another provider for this."
        )

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

    def _refusal(self, response: "httpx.Response", body: JsonObject) -> UnavailableError:
        status = response.status_code
        words = f"{self._host} answers {status}{said(body)}"
        if "insufficient_quota" in words:
            return ProviderRefusedError(
                f"{words}: the account there has no credit left. Top it up."
            )
        match status:
            case 401 | 403:
                setting = "OPENAI_API_KEY" if self._name == "openai" else "STEWARD_MODEL_KEY"
                return ProviderRefusedError(
                    f"{words}: it does not accept the key. Check {setting}, then restart; a key"
                    f" in the vault is replaced by `steward key rotate {self._name}`."
                )
            case 404:
                return ProviderRefusedError(
                    f"{words}: it knows no such model or address. Check STEWARD_MODEL and"
                    " STEWARD_MODEL_URL, which usually ends in /v1."
                )
            case 429 | 503 | 529:
                return _limited(words, response.headers.get("retry-after"))
            case _ if status >= 500:
                return UnavailableError(f"{words}: it has a fault of its own. Try again later.")
            case _ if status < 400:
                return ProviderRefusedError(
                    f"{words}: it sends us elsewhere, and redirects are not followed, because they"
                    " could carry your code to another host. Set STEWARD_MODEL_URL to the final"
                    " address."
                )
            case _:
                return ProviderRefusedError(
                    f"{words}: it does not take this request. Another model may; see STEWARD_MODEL."
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
            # Its message quotes what came, and a key may be said back in that.
            raise UnavailableError(
                f"The connection to the model at {self._host} broke ({type(error).__name__})."
                " Try again."
            ) from None


def _open() -> "httpx.AsyncClient":
    import httpx

    return httpx.AsyncClient(
        headers={
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            # Nothing is compressed, so nothing small unfolds into something huge.
            "Accept-Encoding": "identity",
            "User-Agent": "steward",
        },
        # A redirect could carry the prompt and the key to another host.
        follow_redirects=False,
        # The environment and .netrc do not decide where a key goes.
        trust_env=False,
        timeout=httpx.Timeout(PROVIDER_IDLE_S, connect=PROVIDER_CONNECT_S),
        limits=httpx.Limits(max_connections=32, max_keepalive_connections=8),
    )


def _watch_sending(on_sent: Callable[[], None]) -> Callable[[str, object], Any]:
    async def trace(name: str, _info: object) -> None:
        if name.endswith(".send_request_headers.started"):
            on_sent()

    return trace


async def _error_body(response: "httpx.Response") -> JsonObject:
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > ERROR_BODY_BYTES_MAX:
            return {}
    try:
        return parsed(body.decode("utf-8", "replace"))
    except UnavailableError:
        return {}


async def _read_tail(stream: AsyncIterator[object]) -> None:
    """Read to the very end, which is usually there already, so that the connection can be kept."""
    import httpx

    with suppress(TimeoutError, httpx.HTTPError, LimitError):
        async with asyncio.timeout(STREAM_TAIL_S):
            async for _ in stream:
                pass


def _limited(words: str, retry_after: str | None) -> RateLimitedError:
    seconds = float(retry_after) if retry_after and retry_after.isdecimal() else None
    if seconds is None:
        return RateLimitedError(f"{words}: it takes no more calls now. Try again in a minute.")
    seconds = min(seconds, _RETRY_AFTER_S_MAX)
    return RateLimitedError(
        f"{words}: it takes no more calls now. Try again in {seconds:.0f} seconds.", seconds
    )
