"""Every request gets exactly one answer from the real server, whatever is wrong with it."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from steward.core.limits import HEADER_BYTES_MAX
from tests.environment import ROOT, steward_environment
from tests.rooms import DEADLINE_S
from tests.template import up_to_date

Json = Any
INITIALIZE: Json = {"processId": None, "rootUri": None, "capabilities": {}}


URI = "file:///w/a.py"
SECRET = "the-persons-own-text"
HOSTILE_URIS = (
    *(
        "",
        "\0",
        "file:",
        "file:///",
        "file:///etc/passwd",
        "file://[",
        "file://host/a",
        "http://h/a",
    ),
    *("file:///%00", "file:///\ud800", "untitled:x", "file:///" + "a/" * 3_000, "file:///C:/a"),
)
FAR: Json = {"line": 2**31 - 1, "character": 2**31 - 1}
NEAR: Json = {"line": 0, "character": 1}
FAR_RANGES: tuple[Json, ...] = ({"start": NEAR, "end": FAR}, {"start": FAR, "end": NEAR})


class Wire:
    """The two pipes of a server process, with nothing in between."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self.log = log
        self.notified: list[Json] = []
        """What the server said of its own accord."""

    async def send(self, body: bytes | Json) -> None:
        assert self.process.stdin is not None
        if not isinstance(body, bytes):
            body = json.dumps({"jsonrpc": "2.0", **body}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        await self.process.stdin.drain()

    async def receive(self) -> Json:
        """The next answer; what the server says of its own accord is kept aside."""
        assert self.process.stdout is not None
        async with asyncio.timeout(DEADLINE_S):
            while True:
                length = 0
                while line := (await self.process.stdout.readline()).strip():
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                message = json.loads(await self.process.stdout.readexactly(length))
                if "method" not in message:
                    return message
                self.notified.append(message)

    async def ask(self, method: str, params: Json, id_: int | str = 1) -> Json:
        """The answer to a request, which must be the next one and bear its id."""
        await self.send({"id": id_, "method": method, "params": params})
        answer = await self.receive()
        assert answer["id"] == id_
        assert ("error" in answer) != ("result" in answer)
        return answer

    async def code(self, method: str, params: Json, id_: int | str = 1) -> int:
        """The code of the error that a request ends with."""
        return (await self.ask(method, params, id_))["error"]["code"]

    async def is_alive(self) -> None:
        """Fails unless the server still answers what is right, and once."""
        params: Json = {
            "textDocument": {"uri": "file:///w/a.py"},
            "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}},
            "context": {"diagnostics": []},
        }
        assert (await self.ask("textDocument/codeAction", params, "alive"))["result"] == []

    async def ended(self) -> int:
        """The exit code of the process."""
        async with asyncio.timeout(DEADLINE_S):
            return await self.process.wait()


@asynccontextmanager
async def open_wire(folder: Path) -> AsyncGenerator[Wire]:
    log = folder / "log"
    up_to_date(folder / "data" / "steward.db")
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "steward",
            "lsp",
            cwd=ROOT,
            env=steward_environment(folder / "data", "http://127.0.0.1:9/v1"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
    try:
        yield Wire(process, log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        transport: Any = process._transport  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
        transport.close()


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncGenerator[Wire]:
    """A server that was not yet initialized."""
    async with open_wire(tmp_path) as wire:
        yield wire


async def test_a_session_from_its_first_message_to_its_last(wire: Wire) -> None:
    # Before `initialize`: requests are refused, notifications are dropped.
    assert await wire.code("textDocument/codeAction", {}) == -32002
    assert await wire.code("no/such", None, "text id") == -32002
    await wire.send({"method": "textDocument/didOpen", "params": {}})
    assert (await wire.ask("initialize", INITIALIZE))["result"]["serverInfo"]["name"] == "steward"
    await wire.send({"method": "initialized", "params": {}})
    assert await wire.code("initialize", INITIALIZE, "twice") == -32600
    await wire.send({"method": "$/setTrace", "params": {"value": "verbose"}})

    await _hostile_places(wire)
    await _malformed(wire)
    await _wrong_parameters(wire)
    await _ids_and_contents(wire)

    assert (await wire.ask("shutdown", None))["result"] is None
    assert await wire.code("textDocument/codeAction", {}) == -32600
    assert await wire.code("shutdown", None, "again") == -32600
    await wire.send({"method": "exit"})
    assert await wire.ended() == 0
    # However much was wrong, the person was not told of it, nor anybody of the person's text.
    assert [each["method"] for each in wire.notified] == []
    log = wire.log.read_text()
    assert "Traceback" not in log
    assert SECRET not in log


async def _hostile_places(wire: Wire) -> None:
    """Documents that are none of ours, and places that are in no document."""
    for uri in HOSTILE_URIS:
        params: Json = {
            "textDocument": {"uri": uri},
            "position": {"line": 0, "character": 0},
            "context": {"triggerKind": 1},
        }
        assert await wire.code("textDocument/inlineCompletion", params) == -32602
        for method in ("didChange", "didClose", "didSave"):
            named: Json = {"uri": uri, "version": 2}
            sent = {"textDocument": named, "contentChanges": [{"text": SECRET}]}
            await wire.send({"method": f"textDocument/{method}", "params": sent})
    for uri in (*HOSTILE_URIS, URI):
        item = {"uri": uri, "languageId": "python", "version": 1, "text": SECRET}
        await wire.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})
        for version, range_ in enumerate(FAR_RANGES, 2):
            change = {"range": range_, "text": "x"}
            edited = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]}
            await wire.send({"method": "textDocument/didChange", "params": edited})
            asked: Json = {"textDocument": {"uri": uri}, "range": range_}
            asked["context"] = {"diagnostics": [{"range": range_, "message": SECRET}]}
            assert (await wire.ask("textDocument/codeAction", asked))["result"] == []
    await wire.is_alive()


async def _malformed(wire: Wire) -> None:
    """What is no message is answered with a null id, and the session goes on."""
    for body in (b"", b"{", b"\xff\xfe", b'{"id": 1, "method": "x"', b"[" * 100_000, b"9" * 5000):
        await wire.send(body)
        answer = await wire.receive()
        assert (answer["id"], answer["error"]["code"]) == (None, -32700), body[:20]
    for body in (b"[]", b"1", b'"text"', b"null", b"{}", b'[{"jsonrpc": "2.0", "id": 1}]'):
        await wire.send(body)
        answer = await wire.receive()
        assert (answer["id"], answer["error"]["code"]) == (None, -32600), body
    await wire.is_alive()


async def _wrong_parameters(wire: Wire) -> None:
    here = {"line": 0, "character": 0}
    document = {"uri": "file:///w/a.py"}
    wrong: tuple[Json, ...] = (
        {},
        [],
        {"textDocument": 5},
        {"textDocument": document, "range": {"start": here, "end": {"line": -1, "character": 0}}},
        {"textDocument": document, "range": {"start": here, "end": {"line": "x"}}},
    )
    for params in wrong:
        assert await wire.code("textDocument/codeAction", params, "wrong") == -32602, params
    for params in (None, {}, {"command": 5}, "text"):
        assert await wire.code("workspace/executeCommand", params, 7) in (-32602, -32600), params
    assert await wire.code("workspace/executeCommand", {"command": "no.such"}) == -32602
    two_objects = json.loads('{"command": "steward.runs", "arguments": [{}, {}]}')
    assert await wire.code("workspace/executeCommand", two_objects) == -32602
    # Notifications that do not fit are dropped.
    await wire.send({"method": "textDocument/didChange", "params": {"contentChanges": 5}})
    await wire.send({"method": "textDocument/didOpen", "params": None})
    await wire.is_alive()


async def _ids_and_contents(wire: Wire) -> None:
    for id_ in (0, 2**31 - 1, "", "ä", "1"):
        assert await wire.code("no/such/method", {}, id_) == -32601
    # An object with this key anywhere in a message is still only data.
    params = {"command": "steward.runs", "arguments": [{"jsonrpc": "2.0", "id": 3, "method": "x"}]}
    answer = await wire.ask("workspace/executeCommand", params, "nested")
    assert "Open a folder first" in answer["error"]["message"]
    # Answers to questions that nobody asked, and a request for nothing.
    await wire.send({"id": 99, "result": {"jsonrpc": "2.0"}})
    await wire.send({"id": 99, "error": {"code": 1, "message": "x"}})
    await wire.send({"method": "$/cancelRequest", "params": {"id": "nobody's"}})
    await wire.send({"id": 98})
    await wire.is_alive()


@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: 1000000000000\r\n\r\n",
        b"x" * (HEADER_BYTES_MAX * 20),
        b"x" * (64 * 1024 * 1024),
        b"No-Length: 5\r\n\r\n{}",
        b"Content-Length: 5\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=["negative", "huge", "endless header", "endless header of 64 MB", "none", "two"],
)
async def test_a_stream_that_cannot_be_read_on_ends_the_server(wire: Wire, sent: bytes) -> None:
    await wire.ask("initialize", INITIALIZE)
    assert wire.process.stdin is not None
    wire.process.stdin.write(sent)
    answer = await wire.receive()
    assert (answer["id"], answer["error"]["code"]) == (None, -32700)
    assert await wire.ended() == 1


@pytest.mark.parametrize("wrong_by", [-1, 1])
async def test_a_length_that_is_wrong_by_one_ends_in_order(wire: Wire, wrong_by: int) -> None:
    await wire.ask("initialize", INITIALIZE)
    assert wire.process.stdin is not None
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "no/such"}'
    frame = b"Content-Length: %d\r\n\r\n%b" % (len(body) + wrong_by, body)
    wire.process.stdin.write(frame * 3)
    answer = await wire.receive()
    assert (answer["id"], answer["error"]["code"]) == (None, -32700)
    assert await wire.ended() == 1


async def test_a_client_that_leaves_without_a_word_ends_the_server(wire: Wire) -> None:
    await wire.ask("initialize", INITIALIZE)
    assert wire.process.stdin is not None
    wire.process.stdin.close()
    assert await wire.ended() == 1


async def test_exit_before_anything_else_ends_the_server(wire: Wire) -> None:
    await wire.send({"method": "exit"})
    assert await wire.ended() == 1
