"""Editors that reach a listener over TCP or WebSocket, and the listener as a process."""

import asyncio
import json
import os
import re
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from demo.editor import CAPABILITIES, Document
from steward.core.limits import MESSAGE_BYTES_MAX
from tests.person import DEADLINE_S

Json = Any
Transport = Literal["tcp", "websocket"]
TRANSPORTS: tuple[Transport, ...] = ("tcp", "websocket")

_READY = re.compile(r"listens on (?:tcp|ws)://(\S+):(\d+); the token is in '(.+)'\.")


def framed(message: Json | bytes) -> bytes:
    """A message as it goes over a stream."""
    body = message if isinstance(message, bytes) else _body(message)
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def initialize(token: object, folder: Path | None = None, id_: Json = 1) -> Json:
    """The request that begins a conversation."""
    uri = None if folder is None else folder.as_uri()
    params = {
        "processId": os.getpid(),
        "rootUri": uri,
        "capabilities": CAPABILITIES,
        "initializationOptions": {"theirs": 1, "steward": {"token": token, "other": 2}},
    }
    return {"id": id_, "method": "initialize", "params": params}


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that no event tells."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.01)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [child for child in map(int, listed) if is_running(child)]


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Remote(ABC):
    """One editor's end of a conversation, and every byte it was sent."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self._numbers = iter(range(1, 1_000_000))

    @abstractmethod
    async def send(self, message: Json | bytes) -> None: ...

    @abstractmethod
    async def next_body(self) -> bytes | None:
        """The next message; `None` when the other side has hung up."""

    @abstractmethod
    async def close(self) -> None: ...

    async def receive(self) -> Json:
        """The next answer or request, decoded; `None` when the other side has hung up."""
        async with asyncio.timeout(DEADLINE_S):
            body = await self.next_body()
        self.heard += body or b""
        return None if body is None else json.loads(body)

    async def answer(self, id_: Json) -> Json:
        """The answer to a request; questions of the server are put away."""
        while (message := await self.receive()) is not None:
            if "method" in message and "id" in message:
                await self.send({"id": message["id"], "result": None})
            elif message.get("id") == id_ and "method" not in message:
                return message
        raise ConnectionResetError("the listener hung up")

    async def request(self, method: str, params: Json) -> Json:
        """The result."""
        number = f"n{next(self._numbers)}"
        await self.send({"id": number, "method": method, "params": params})
        return (await self.answer(number))["result"]

    async def introduce(self, token: str, folder: Path | None = None) -> None:
        """Say the first word. Until `work` the server loads nothing heavy."""
        await self.send(initialize(token, folder))
        assert "result" in await self.answer(1)

    async def work(self) -> None:
        """Let the server open everything."""
        await self.send({"method": "initialized", "params": {}})

    async def type(self, path: Path, text: str) -> Document:
        """Open a file with unsaved text."""
        document = Document(path, path.read_text("utf-8") + text)
        item = {"uri": document.uri, "languageId": "python", "version": 1, "text": document.text}
        await self.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})
        return document

    async def ghost_text(self, document: Document) -> str:
        """What is suggested at the document's end."""
        params = {
            "textDocument": {"uri": document.uri},
            "position": document.end(),
            "context": {"triggerKind": 1},
        }
        found = await self.request("textDocument/inlineCompletion", params)
        return found["items"][0]["insertText"]

    async def is_hung_up_on(self) -> bool:
        """Whether nothing more comes."""
        try:
            while await self.receive() is not None:
                pass
        except ConnectionError:
            return True
        return True


class _TcpRemote(Remote):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self.reader = reader
        self.writer = writer

    async def send(self, message: Json | bytes) -> None:
        self.writer.write(framed(message))
        await self.writer.drain()

    async def next_body(self) -> bytes | None:
        length = 0
        while line := (await self.reader.readline()).strip():
            length = int(line.partition(b":")[2])
        try:
            return await self.reader.readexactly(length) if length else None
        except asyncio.IncompleteReadError:
            return None

    async def close(self) -> None:
        self.writer.transport.abort()


class _WebSocketRemote(Remote):
    def __init__(self, connection: ClientConnection) -> None:
        super().__init__()
        self.connection = connection

    async def send(self, message: Json | bytes) -> None:
        body = message if isinstance(message, bytes) else _body(message)
        try:
            await self.connection.send(body, text=True)
        except ConnectionClosed as error:
            raise ConnectionResetError from error

    async def next_body(self) -> bytes | None:
        try:
            return await self.connection.recv(decode=False)
        except ConnectionClosed:
            return None

    async def close(self) -> None:
        self.connection.transport.abort()


@asynccontextmanager
async def remote(transport: Transport, port: int, token: str) -> AsyncGenerator[Remote]:
    """An editor that is connected; over TCP it has yet to show the token."""
    if transport == "tcp":
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=MESSAGE_BYTES_MAX)
        try:
            yield _TcpRemote(reader, writer)
        finally:
            writer.transport.abort()
        return
    async with connect(
        f"ws://127.0.0.1:{port}/",
        additional_headers={"Authorization": f"Bearer {token}"},
        proxy=None,
        max_size=MESSAGE_BYTES_MAX,
        close_timeout=1,
    ) as connection:
        yield _WebSocketRemote(connection)


class ListenerProcess:
    """`steward lsp --tcp` or `--websocket`, as a person starts it."""

    def __init__(self, process: asyncio.subprocess.Process, ready: str) -> None:
        found = _READY.search(ready)
        assert found, ready
        self.process = process
        self.ready = ready
        self.host = found[1]
        self.port = int(found[2])
        self.token_file = Path(found[3])
        self.token = self.token_file.read_text("ascii").strip()

    @property
    def servers(self) -> list[int]:
        """The processes of the editors."""
        return children(self.process.pid)

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """The exit code, and what was written to standard error."""
        self.process.send_signal(how)
        async with asyncio.timeout(DEADLINE_S):
            _, written = await self.process.communicate()
        return self.process.returncode or 0, self.ready + written.decode()


@asynccontextmanager
async def listener_process(
    transport: Transport,
    environment: Mapping[str, str],
    *options: str,
    folder: Path,
    log_level: str = "warning",
) -> AsyncGenerator[ListenerProcess]:
    """A listener on a free port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "steward", "--log-level", log_level),
        *("lsp", f"--{transport}", *options),
        env=dict(environment),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(DEADLINE_S):
            written = b""
            while b"listens on" not in written:
                line = await process.stderr.readline()
                assert line, written.decode()
                written += line
        yield ListenerProcess(process, written.decode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def _body(message: Json) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **message}).encode()
