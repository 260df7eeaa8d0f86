"""A server that sends exactly what a test says, to a provider of ours."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from steward.core.errors import StewardError
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import KeySource, Piece
from steward.gateway.reach.http import HttpClient, Patience
from steward.gateway.reach.http_provider import HttpProvider
from steward.gateway.reach.keys import SettingsKeys
from steward.gateway.reach.providers import COMPATIBLE
from steward.gateway.request import EmbeddingRequest, ModelRequest
from steward.gateway.settings import GatewaySettings
from steward.gateway.wire.wire import Dialect
from tests.gateway.desk import KEY, asked

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


@asynccontextmanager
async def server(
    response: bytes,
    *,
    gone: asyncio.Event | None = None,
    endless: bytes = b"",
    one_by_one: bool = False,
    seen: list[tuple[str, bytes]] | None = None,
) -> AsyncGenerator[str]:
    """A server that sends exactly these bytes to everybody; gives its base URL.

    With `gone` it then waits until the client hangs up, and says so; with `endless` it goes on
    sending that until the client does; `one_by_one` sends every byte for itself. Head and body of
    each request are put into `seen`.
    """

    writers: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        size = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-l"))
        body = await reader.readexactly(int(size.split(b":")[1]))
        if seen is not None:
            seen.append((head.decode(), body))
        try:
            for byte in response if one_by_one else ():
                writer.write(bytes([byte]))
                await writer.drain()
            if not one_by_one:
                writer.write(response)
            await writer.drain()
            while endless:
                writer.write(endless)
                await writer.drain()
            if gone is not None:
                await reader.read()
                gone.set()
        except ConnectionError:
            pass
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    for writer in writers:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def stream(*events: str, kind: str = "text/event-stream") -> bytes:
    body = "".join(f"data: {event}\n\n" for event in events)
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n{body}".encode()


def delta(content: object, finish: str | None = None) -> str:
    return json.dumps({"choices": [{"index": 0, "delta": content, "finish_reason": finish}]})


END = delta({}, "stop")


MODEL = Model("custom", "m")


@asynccontextmanager
async def provider_at(
    url: str,
    dialect: Dialect = COMPATIBLE,
    keys: KeySource | None = None,
    patience: Patience | None = None,
) -> AsyncGenerator[HttpProvider]:
    client = HttpClient(patience)
    keys = keys or SettingsKeys(GatewaySettings())
    try:
        yield HttpProvider("custom", url, dialect, keys, client)
    finally:
        await client.close()


async def pieces(
    url: str,
    request: ModelRequest | EmbeddingRequest | None = None,
    *,
    dialect: Dialect = COMPATIBLE,
    model: Model = MODEL,
    on_sent: Callable[[], None] = lambda: None,
    keys: KeySource | None = None,
    patience: Patience | None = None,
) -> list[Piece]:
    async with provider_at(url, dialect, keys, patience) as provider:
        prepared = provider.encode(model, request or asked())
        return [piece async for piece in provider.stream(prepared, on_sent)]


async def failure(
    response: bytes,
    request: ModelRequest | EmbeddingRequest | None = None,
    *,
    dialect: Dialect = COMPATIBLE,
) -> StewardError:
    async with server(response) as url:
        with pytest.raises(StewardError) as error:
            await pieces(url, request, dialect=dialect)
    assert KEY not in str(error.value)
    return error.value
