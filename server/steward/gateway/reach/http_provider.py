"""A provider that is reached over HTTP: an address, a format, and where its key comes from."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    ProviderRefusedError,
    StewardError,
    UnavailableError,
)
from steward.core.limits import ERROR_BODY_BYTES_MAX, STREAM_TAIL_S, VECTORS_BYTES_MAX
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import Finished, KeySource, Piece, Prepared
from steward.gateway.reach.http import HttpClient, Response
from steward.gateway.reach.sse import events
from steward.gateway.request import EmbeddingRequest, ModelRequest
from steward.gateway.settings import is_private
from steward.gateway.wire.refusal import Place
from steward.gateway.wire.untrusted import JsonObject, parsed
from steward.gateway.wire.wire import Dialect, Wire


class HttpProvider:
    """One provider behind one base URL."""

    def __init__(
        self,
        name: str,
        base_url: str,
        dialect: Dialect,
        keys: KeySource,
        client: HttpClient,
        place: Place | None = None,
    ) -> None:
        self._name = name
        self._base_url = base_url
        self._dialect = dialect
        self._keys = keys
        self._client = client
        self._host = urlsplit(base_url).netloc
        self._place = place or Place("STEWARD_MODEL_URL", "STEWARD_MODEL_KEY")

    @property
    def address(self) -> str:
        """Where it is; see `Provider.address`."""
        return self._host.rpartition("@")[2]

    def encode(self, model: Model, request: ModelRequest | EmbeddingRequest) -> Prepared:
        """What would be sent; see `Provider.encode`."""
        if isinstance(request, EmbeddingRequest):
            if self._dialect.embedding is None:
                raise self._cannot("make embeddings")
            return self._dialect.embedding.prepare(model, request)
        if request.fill is None:
            return self._dialect.chat.prepare(model, request)
        if self._dialect.fill is None:
            raise self._cannot("fill in the middle")
        return self._dialect.fill.prepare(model, request)

    async def stream(
        self, prepared: Prepared, on_sent: Callable[[], None]
    ) -> AsyncGenerator[Piece]:
        """Send what was prepared and read the answer; see `Provider.stream` for what is raised."""
        wire = self._wire(prepared)
        headers = dict(prepared.headers) | self._dialect.headers(self._safe(await self._key()))
        headers["Accept"] = "text/event-stream" if wire.is_streamed else "application/json"
        url = f"{self._base_url}{prepared.path}"
        async with self._client.request("POST", url, headers, prepared.body, on_sent) as response:
            await self._check(response, wire)
            read = self._streamed if wire.is_streamed else self._whole
            async with aclosing(read(response, wire)) as pieces:
                async for piece in pieces:
                    yield piece

    async def has_key(self) -> bool:
        """Whether there is a key for it; see `Provider.has_key`."""
        return await self._key() is not None

    async def close(self) -> None:
        """Nothing of its own is open; see `HttpClient.close`."""

    async def _streamed(self, response: Response, wire: Wire[Any]) -> AsyncGenerator[Piece]:
        is_finished = False
        decoder = wire.decoder()
        async with aclosing(response.chunks()) as chunks, aclosing(events(chunks)) as stream:
            while not decoder.is_over:
                event = await anext(stream, None)
                if event is None:
                    break
                for piece in decoder.feed(event.name, event.data):
                    response.note_piece()
                    is_finished = is_finished or isinstance(piece, Finished)
                    yield piece
            if not is_finished:
                raise UnavailableError(
                    f"The model at {self._host} broke off in the middle of its answer. Try again."
                )
            await _read_tail(stream)

    async def _whole(self, response: Response, wire: Wire[Any]) -> AsyncGenerator[Piece]:
        body = await limited_body(response, VECTORS_BYTES_MAX)
        if body is None:
            raise LimitError(
                f"The answer of {self._host} is larger than {VECTORS_BYTES_MAX} bytes; it was cut"
                " off there. Send fewer texts at once."
            )
        decoder = wire.decoder()
        # Vectors are long lists of numbers: reading them takes a while.
        for piece in await asyncio.to_thread(lambda: list(decoder.feed("", body))):
            yield piece

    async def _key(self) -> SecretStr | None:
        return await self._keys.key(self._name, self._base_url)

    def _safe(self, key: SecretStr | None) -> SecretStr | None:
        """The key, if it can be sent to where it would go."""
        if key is None:
            return None
        if not is_private(self._base_url):
            raise ProviderRefusedError(
                f"The key for {self._host} would travel unencrypted, so nothing was sent. Let"
                f" {self._place.url} begin with https://."
            )
        if not (written := key.get_secret_value()).isascii() or not written.isprintable():
            raise ProviderRefusedError(
                f"The key for {self._host} holds characters that no key has, so nothing was sent."
                f" Set {self._place.key} again, without line breaks."
            )
        return key

    def _wire(self, prepared: Prepared) -> Wire[Any]:
        wires = {
            "chat": self._dialect.chat,
            "fill": self._dialect.fill,
            "embedding": self._dialect.embedding,
        }
        wire = wires[prepared.form]
        if wire is None:
            raise self._cannot(f"take a request of the form {prepared.form!r}")
        return wire

    def _cannot(self, what: str) -> StewardError:
        return InvalidInputError(
            f"The provider {self._name!r} is not known to {what}, so nothing was sent. Choose a"
            " model of another provider for this."
        )

    async def _check(self, response: Response, wire: Wire[Any]) -> None:
        """Return if an answer follows.

        Raises:
            UnavailableError: of the kind that fits the status, if the provider refused.
        """
        if response.status != 200:
            said = await _error_body(response)
            retry_after = response.header("Retry-After")
            raise self._dialect.refused(self._host, self._place, response.status, said, retry_after)
        kind = response.header("Content-Type")
        if wire.is_streamed and kind is not None and "event-stream" not in kind:
            raise UnavailableError(
                f"{self._host} answers, but not with a stream. Check that {self._place.url} is the"
                " base address of an API of the kind that the settings say, usually ending in /v1."
            )


async def _error_body(response: Response) -> JsonObject:
    try:
        return parsed(await limited_body(response, ERROR_BODY_BYTES_MAX) or "")
    except UnavailableError:
        return {}


async def limited_body(response: Response, most: int) -> str | None:
    """The whole body; None if it is larger than that."""
    body = bytearray()
    async with aclosing(response.chunks()) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > most:
                return None
    return body.decode("utf-8", "replace")


async def _read_tail(stream: AsyncIterator[object]) -> None:
    """Read to the very end, which is usually there already, so that the connection can be kept."""
    with suppress(TimeoutError, UnavailableError, LimitError):
        async with asyncio.timeout(STREAM_TAIL_S):
            async for _ in stream:
                pass
