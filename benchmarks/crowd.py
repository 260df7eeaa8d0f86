"""A hundred people typing at once on one machine, each with a server of their own."""

import asyncio
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from benchmarks.client import Client, framed
from benchmarks.memory import resident_mb, used_s
from benchmarks.slow_model import FIRST_PIECE_S, slow_model
from demo.editor import STEWARD
from tests.environment import steward_environment

SESSIONS = 100
KEY_S = 0.15
KEYS, KEYS_A_BURST = 80, 20
PAUSE_S = 0.6
"""After a burst of keys somebody looks at what they have written, and the model is asked."""
AT_ONCE = 8
"""Servers that start at the same time: more would only wait for each other."""
WAIT_S = 300.0
LINES = 200
LINE = "    total = compute(first, second)  # what both are worth together\n"

Json = dict[str, Any]

# The messages of a key, made beforehand: writing JSON would take a good part of the processors.
_CHANGED = (
    b'{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"%b",'
    b'"version":%d},"contentChanges":[{"range":{"start":{"line":%d,"character":%d},'
    b'"end":{"line":%d,"character":%d}},"text":"x"}]}}'
)
_WANTED = (
    b'{"jsonrpc":"2.0","id":%d,"method":"textDocument/inlineCompletion","params":{"textDocument":'
    b'{"uri":"%b"},"position":{"line":%d,"character":%d},"context":{"triggerKind":2}}}'
)
_LISTED = (
    b'{"jsonrpc":"2.0","id":%d,"method":"textDocument/codeAction","params":{"textDocument":'
    b'{"uri":"%b"},"range":{"start":{"line":%d,"character":%d},"end":{"line":%d,"character":%d}},'
    b'"context":{"diagnostics":[],"only":["source"]}}}'
)
_ANSWER = re.compile(rb'\{"jsonrpc":"2\.0","id":(\d+),')


@dataclass
class Crowd:
    """What the crowd saw. Times in ms."""

    trivial: list[float] = field(default_factory=list[float])
    """From a request that needs no model to its answer."""
    ghost_text: list[float] = field(default_factory=list[float])
    """From the cancellation of a request for ghost text to its answer, or to it came by itself."""
    unanswered: int = 0
    processor_ms: float = 0.0
    """Of all servers, for one keystroke with its requests."""
    typist_ms: float = 0.0
    """Of the program that types for everybody, for one keystroke: it has the same processors."""
    memory_mb: float = 0.0
    """Resident memory of one server, the mean."""


def crowd(sessions: int = SESSIONS, keys: int = KEYS) -> Crowd:
    """Start the servers, let everybody type, and see what was answered when."""
    with tempfile.TemporaryDirectory() as name, slow_model() as url:
        folder = Path(name)
        furnish(folder / "template", url)
        for number in range(sessions):
            shutil.copytree(folder / "template", folder / str(number))
        return asyncio.run(_typing(folder, url, sessions, keys))


def furnish(folder: Path, url: str) -> None:
    """Make a data folder with its database, which would load what makes databases."""
    folder.mkdir()
    with Client(STEWARD, steward_environment(folder / "data", url)) as client:
        client.initialize(folder.as_uri())
        client.notify("initialized", {})
        client.request("workspace/executeCommand", {"command": "steward.usage"})


async def _typing(folder: Path, url: str, count: int, keys: int) -> Crowd:
    seen = Crowd()
    gate = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as group, _sessions(folder, url, count, seen) as sessions:
        async with asyncio.timeout(WAIT_S):
            await _all(group, [one.open(gate) for one in sessions])
        before_s, own_s = sum(used_s(one.pid) for one in sessions), time.process_time()
        await _all(group, [one.type(keys, at / count) for at, one in enumerate(sessions)])
        seen.typist_ms = (time.process_time() - own_s) * 1000 / (count * keys)
        after_s = sum(used_s(one.pid) for one in sessions)
        seen.processor_ms = (after_s - before_s) * 1000 / (count * keys)
        seen.memory_mb = sum(resident_mb(one.pid) for one in sessions) / count
        seen.unanswered = sum(len(one.waiting) for one in sessions)
    return seen


async def _all(group: asyncio.TaskGroup, work: "list[Any]") -> None:
    for task in [group.create_task(one) for one in work]:
        await task


@asynccontextmanager
async def _sessions(
    folder: Path, url: str, count: int, seen: Crowd
) -> AsyncGenerator[list["_Session"]]:
    sessions: list[_Session] = []
    try:
        for number in range(count):
            own = folder / str(number)
            sessions.append(_Session(own, steward_environment(own / "data", url), seen))
        yield sessions
    finally:
        for session in sessions:
            session.end()


class _Session:
    """One person, one document, one server; pipes that never block."""

    def __init__(self, folder: Path, environment: Mapping[str, str], seen: Crowd) -> None:
        self.waiting: dict[int, tuple[str, float]] = {}
        """Requests without an answer: id → what kind, and since when it could be answered."""
        self._folder = folder
        self._uri = (folder / "words.py").as_uri()
        self._environment = environment
        self._seen = seen
        self._number = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._input: IO[bytes]
        self._held = b""
        self._answered = asyncio.Event()

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._child is not None
        return self._child.pid

    async def open(self, gate: asyncio.Semaphore) -> None:
        """Start the server, open a document, and wait until the rooms behind it are open."""
        async with gate:
            self._start()
            uri = self._folder.as_uri()
            folders = [{"uri": uri, "name": "bench"}]
            abilities: Json = {"textDocument": {"inlineCompletion": {}}}
            await self._ask(
                "initialize",
                {"processId": None, "workspaceFolders": folders, "capabilities": abilities},
            )
            self._send({"method": "initialized", "params": {}})
            text = LINE * LINES
            item = {"uri": self._uri, "languageId": "python", "version": 1, "text": text}
            self._send({"method": "textDocument/didOpen", "params": {"textDocument": item}})
            await self._ask("workspace/executeCommand", {"command": "steward.usage"})
            await self._first_ghost_text()

    async def type(self, keys: int, place: float) -> None:
        """Type at a steady pace; every key asks for ghost text and for the actions of the line.

        `place` in the crowd, from 0 to 1: people neither begin nor pause together.
        """
        begin = time.perf_counter() + place * KEY_S
        phase = int(place * KEYS_A_BURST)
        for key in range(keys):
            at = begin + key * KEY_S + (key + phase) // KEYS_A_BURST * PAUSE_S
            await asyncio.sleep(at - time.perf_counter())
            self._keystroke(key)
        async with asyncio.timeout(WAIT_S):
            self._cancel()
            await self._all_answered()

    async def _first_ghost_text(self) -> None:
        """Ask the model once: the first question loads the HTTP client, once."""
        place = {"line": LINES, "character": 0}
        wanted: Json = {"position": place, "context": {"triggerKind": 1}}
        params = {"textDocument": {"uri": self._uri}} | wanted
        self._send(self._request("ghost text", "textDocument/inlineCompletion", params))
        await asyncio.sleep(FIRST_PIECE_S * 2)
        self._cancel()
        await self._all_answered()
        self._seen.ghost_text.clear()

    def end(self) -> None:
        """End the server."""
        if self._child is not None:
            asyncio.get_running_loop().remove_reader(cast("IO[bytes]", self._child.stdout))
            self._child.kill()
            self._child.communicate()

    def _keystroke(self, key: int) -> None:
        self._cancel()
        at, uri = (LINES, key + 1), self._uri.encode()
        self._input.write(
            _sent(_CHANGED % (uri, key + 2, LINES, key, LINES, key))
            + _sent(_WANTED % (self._number_for("ghost text"), uri, *at))
            + _sent(_LISTED % (self._number_for("trivial"), uri, *at, *at))
        )
        self._input.flush()

    def _cancel(self) -> None:
        now = time.perf_counter()
        for number in [one for one, (kind, _) in self.waiting.items() if kind == "ghost text"]:
            self.waiting[number] = "cancelled", now
            self._send({"method": "$/cancelRequest", "params": {"id": number}})

    async def _ask(self, method: str, params: Json) -> None:
        self._send(self._request("start", method, params))
        await self._all_answered()

    async def _all_answered(self) -> None:
        while self.waiting:
            self._answered.clear()
            await self._answered.wait()

    def _request(self, kind: str, method: str, params: Json) -> Json:
        return {"id": self._number_for(kind), "method": method, "params": params}

    def _number_for(self, kind: str) -> int:
        self._number += 1
        self.waiting[self._number] = kind, time.perf_counter()
        return self._number

    def _send(self, *messages: Json) -> None:
        self._input.write(b"".join(framed(message) for message in messages))
        self._input.flush()

    def _start(self) -> None:
        self._child = subprocess.Popen(
            STEWARD,
            env=dict(self._environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=1 << 16,
        )
        self._input = cast("IO[bytes]", self._child.stdin)
        output = cast("IO[bytes]", self._child.stdout)
        asyncio.get_running_loop().add_reader(output, self._hear, output)

    def _hear(self, output: IO[bytes]) -> None:
        piece = cast("Any", output).read1(1 << 16)
        assert piece, "a server has ended"
        self._held += piece
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            length = int(self._held[:end].rpartition(b":")[2])
            body = self._held[end + 4 : end + 4 + length]
            if len(body) < length:
                return
            self._held = self._held[end + 4 + length :]
            self._take(body)

    def _take(self, body: bytes) -> None:
        # Of an answer only its number is read: the typist must leave the processors to the servers.
        answer = _ANSWER.match(body)
        if answer is None:
            assert b'"id"' not in body, "the server asks what nobody here can answer"
            return
        kind, since = self.waiting.pop(int(answer[1]))
        took_ms = (time.perf_counter() - since) * 1000
        if kind == "trivial":
            self._seen.trivial.append(took_ms)
        elif kind == "cancelled":
            self._seen.ghost_text.append(took_ms)
        self._answered.set()


def _sent(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
