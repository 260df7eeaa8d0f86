"""Many who follow: `python -m benchmarks.live_clients PORT SOCKETS TOKEN…`, so many for each token.

Says `ready` when all are told where they stand, reads until its standard input ends, and prints how
long each happening took to each of them, in ms: its subject is when it was handed in.
"""

import asyncio
import json
import re
import sys
import time

_SUBJECT = re.compile(rb'"subject":"at-([0-9.]+)"')
_SHAKE = (
    "GET /api/v1/live?kinds=run HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}"
    "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_PONG = b"\x8a\x80\x00\x00\x00\x00"


class _Client(asyncio.Protocol):
    """Reads frames without looking at more than it must: many share these processors."""

    def __init__(self, late: list[float]) -> None:
        self._late = late
        self._greeted = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None

    async def greeted(self) -> None:
        await self._greeted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._late += [1000 * (now - float(at)) for at in _SUBJECT.findall(data)]
        if b"\x89\x00" in data and self.transport is not None:
            self.transport.write(_PONG)
        if not self._greeted.done() and b'"hello"' in data:
            self._greeted.set_result(None)


async def _main(port: int, sockets: int, tokens: list[str]) -> None:
    loop, late = asyncio.get_running_loop(), list[float]()
    for token in tokens:
        for _ in range(sockets):
            transport, client = await loop.create_connection(
                lambda: _Client(late), "127.0.0.1", port
            )
            transport.write(_SHAKE.format(port=port, token=token).encode("ascii"))
            await client.greeted()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(late))


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
