"""A server that is asked over streamable HTTP: one place, bounded answers, no detours."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx2
from anyio import BrokenResourceError, ClosedResourceError, create_memory_object_stream
from mcp.client.streamable_http import streamable_http_client
from pydantic import SecretStr

from steward.core.agent_limits import MCP_LISTENS_MAX, MCP_MESSAGE_BYTES_MAX
from steward.core.errors import LimitError
from steward.tools.mcp.wire.bounds import Item, Sieve
from steward.tools.mcp.wire.session import Failure, Streams

_CONNECT_S = 10.0


@asynccontextmanager
async def over_http(
    url: str, headers: Mapping[str, SecretStr], call_s: float, failure: Failure
) -> AsyncGenerator[Streams]:
    """The two streams that the SDK reads from and writes to."""
    # Certificates are read from the disk.
    client = await asyncio.to_thread(_client, headers, call_s)
    inward, heard = create_memory_object_stream[Any](0)
    async with (
        client,
        streamable_http_client(
            url, http_client=client, max_sse_event_size=MCP_MESSAGE_BYTES_MAX
        ) as (told, spoken),
        inward,
        heard,
        asyncio.TaskGroup() as group,
    ):
        passing = group.create_task(_pass(cast("AsyncIterator[Item]", told), inward, failure))
        try:
            yield heard, spoken
        finally:
            passing.cancel()


async def _pass(told: AsyncIterator[Item], inward: Any, failure: Failure) -> None:
    sieve = Sieve(inward, counts_answers=False)
    try:
        async for item in told:
            await sieve.take(item)
    except LimitError as error:
        failure.reason = str(error)
    except (ClosedResourceError, BrokenResourceError):
        return
    await inward.aclose()


def _client(headers: Mapping[str, SecretStr], call_s: float) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        # A small answer that unpacks into a large one is none that we take.
        headers={
            **{name: value.get_secret_value() for name, value in headers.items()},
            "Accept-Encoding": "identity",
        },
        timeout=httpx2.Timeout(_CONNECT_S, read=call_s),
        transport=_Bounded(),
        # No proxy, no netrc: nothing of the environment says where this goes, or adds to it.
        trust_env=False,
    )


class _Bounded(httpx2.AsyncBaseTransport):
    """The network, and so much of each answer as we take."""

    def __init__(self) -> None:
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False)
        self._listened = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, whose content ends with an error where it is too long or packed."""
        # A server that hangs up on whoever listens has the SDK come back as soon as it says, and
        # without an end; what it would tell unasked is not passed on anyway.
        if request.method == "GET":
            self._listened += 1
            if self._listened > MCP_LISTENS_MAX:
                return httpx2.Response(405, request=request)
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx2.DecodingError("The answer is packed, and was not to be.", request=request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Counted(response.stream, request),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, request: httpx2.Request) -> None:
        self._stream = stream
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MCP_MESSAGE_BYTES_MAX
        async for piece in self._stream:
            left -= len(piece)
            if left < 0:
                raise httpx2.ReadError("The answer is larger than we take.", request=self._request)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
