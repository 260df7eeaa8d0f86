"""A listener inside the test, with limits of the test's choosing, and raw sockets to it."""

import asyncio
import base64
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from steward.lsp.listen.address import bind
from steward.lsp.listen.admission import Admission
from steward.lsp.listen.channel import ListenerLimits
from steward.lsp.listen.relay import serve_editor
from steward.lsp.listen.tcp import open_tcp
from steward.lsp.listen.websocket import open_websocket
from tests.person import DEADLINE_S
from tests.remote import Transport, framed, initialize, until

TOKEN = "Zq3-" + "a" * 38 + "_"

FOREVER = ListenerLimits(stranger_s=DEADLINE_S * 3)
"""Nothing ends because of these in the time of a test."""
SOON = 0.2
"""A limit in seconds that a test waits for."""

SERVER = """
import os, pathlib, sys
def frame(body): return b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body
def read():
    head = b""
    while not head.endswith(b"\\r\\n\\r\\n"):
        byte = sys.stdin.buffer.read(1)
        if not byte: sys.exit(0)
        head += byte
    return sys.stdin.buffer.read(int(head.split(b":")[1].split(b"\\r")[0]))
def write(body):
    sys.stdout.buffer.write(frame(body)); sys.stdout.buffer.flush()
pathlib.Path(sys.argv[1], str(os.getpid())).touch()
"""
"""The start of a server process that leaves a file to tell that it was started."""
ECHO = SERVER + "while True: write(read())"
"""Sends back whatever it gets."""
DEAF = SERVER + "import signal; signal.alarm(60); signal.pause()"
"""Never reads and never ends by itself."""
FLOOD = (
    SERVER
    + """
read()
for _ in range(32): write(b"x" * 1_000_000)
while True: read()
"""
)
"""Says more than all buffers between it and an editor hold."""


UPGRADE = {
    "Host": "127.0.0.1:{port}",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(b"k" * 16).decode(),
    "Authorization": f"Bearer {TOKEN}",
}
"""What a client of ours sends."""


def upgrade(line: str = "GET / HTTP/1.1", more: str = "", **changed: str | None) -> str:
    """The request with some headers changed, left out (`None`) or added."""
    headers = UPGRADE | {name.replace("_", "-"): value for name, value in changed.items()}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([line, *lines]) + "\r\n" + more + "\r\n"


class Listening:
    """A listener and the server processes that it has started."""

    def __init__(self, port: int, started: Path) -> None:
        self.port = port
        self._started = started

    @property
    def servers(self) -> list[int]:
        """The id of every server process that was ever started."""
        return sorted(int(file.name) for file in self._started.iterdir())

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A raw connection."""
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def said(self, sent: bytes) -> bytes:
        """Everything that is answered to these bytes until the listener hangs up."""
        reader, writer = await self.connect()
        try:
            writer.write(sent)
            return await rest(reader)
        finally:
            writer.transport.abort()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """What still comes until the other side hangs up."""
    heard = b""
    async with asyncio.timeout(DEADLINE_S):
        try:
            while more := await reader.read(1 << 20):
                heard = (heard + more)[-(1 << 20) :]
        except ConnectionError:
            pass
    return heard


@asynccontextmanager
async def listening(
    transport: Transport, folder: Path, server: str = ECHO, limits: ListenerLimits | None = None
) -> AsyncGenerator[Listening]:
    """A listener whose servers run this program."""
    limits = limits or ListenerLimits()
    started = folder / "started"
    started.mkdir()
    bound = bind("127.0.0.1", 0)
    port = bound.getsockname()[1]
    command = (sys.executable, "-S", "-c", server, str(started))
    attend = partial(serve_editor, command=command, limits=limits)
    opened = open_tcp if transport == "tcp" else open_websocket
    async with opened(bound, Admission(TOKEN, limits), limits, attend):
        yield Listening(port, started)


async def entered(
    transport: Transport, listener: Listening
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A raw connection that has shown the token and whose server has started."""
    before = len(listener.servers)
    reader, writer = await listener.connect()
    if transport == "tcp":
        writer.write(framed(initialize(TOKEN)))
    else:
        writer.write(upgrade().replace("{port}", str(listener.port)).encode())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x81\x82\0\0\0\0{}")
    await until(lambda: len(listener.servers) > before)
    return reader, writer
