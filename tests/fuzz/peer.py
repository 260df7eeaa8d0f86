"""A client that sends whatever it is told to, and keeps exact books of what comes back."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.person import DEADLINE_S
from tests.template import up_to_date

Json = Any
Id = int | str
Reply = Callable[[Json], list[Json]]
"""What to send when the server asks something: nothing, an answer, or several."""


class Peer:
    """One server process, spoken to in raw frames."""

    def __init__(self, process: asyncio.subprocess.Process, reply: Reply) -> None:
        self.process = process
        self.answers: dict[Id, Json] = {}
        """The answer to each request."""
        self.count: Counter[Id | None] = Counter()
        """How many answers each id has got; `None` is for what had no id that could be read."""
        self.notified: Counter[str] = Counter()
        self.awaited: set[Id] = set()
        """Requests without an answer."""
        self.heard = 0
        """Bytes so far."""
        self.log = bytearray()
        self._reply = reply
        self._news = asyncio.Condition()
        self.fault: BaseException | None = None

    async def send(self, body: bytes) -> None:
        """Send one frame."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        await self.process.stdin.drain()

    async def say(self, message: Json) -> None:
        """Send a message of ours."""
        await self.send(json.dumps({"jsonrpc": "2.0", **message}).encode())

    async def ask(self, id_: Id, method: str, params: Json) -> Json:
        """Send a request and wait for its answer."""
        self.awaited.add(id_)
        await self.say({"id": id_, "method": method, "params": params})
        await self.until(lambda: id_ not in self.awaited, f"{method} was not answered")
        return self.answers[id_]

    async def until(self, is_so: Callable[[], bool], otherwise: str) -> None:
        """Wait until something is so; fails at once where the server has broken the protocol."""
        async with self._news:
            try:
                async with asyncio.timeout(DEADLINE_S):
                    await self._news.wait_for(lambda: self.fault is not None or is_so())
            except TimeoutError:
                raise AssertionError(otherwise) from None
        if self.fault is not None:
            raise AssertionError(str(self.fault)) from self.fault

    async def listen(self) -> None:
        """Take in everything that the server says, until it ends."""
        try:
            while (message := await self._read()) is not None:
                await self._take(message)
        except BaseException as error:
            self.fault = error
            raise
        finally:
            async with self._news:
                self._news.notify_all()

    async def keep_log(self) -> None:
        """Take in the log, until the server ends."""
        assert self.process.stderr is not None
        while data := await self.process.stderr.read(65536):
            self.log += data

    async def _take(self, message: Json) -> None:
        if "method" in message and "id" in message:
            for answer in self._reply(message):
                await self.say(answer)
        elif "method" in message:
            self.notified[message["method"]] += 1
        else:
            assert ("error" in message) != ("result" in message), message
            id_ = message["id"]
            self.count[id_] += 1
            if id_ is not None:
                assert self.count[id_] == 1, f"{id_!r} was answered twice"
                assert id_ in self.awaited, f"{id_!r} was never asked"
                self.answers[id_] = message
                self.awaited.discard(id_)
        async with self._news:
            self._news.notify_all()

    async def _read(self) -> Json | None:
        """The next message; fails where standard output holds anything else."""
        assert self.process.stdout is not None
        head = await self.process.stdout.readline()
        if not head:
            return None
        name, _, length = head.strip().partition(b": ")
        assert name == b"Content-Length", f"not the protocol: {head!r}"
        assert await self.process.stdout.readline() == b"\r\n"
        body = await self.process.stdout.readexactly(int(length))
        self.heard += len(body)
        message = json.loads(body, parse_constant=_no_json)
        assert message["jsonrpc"] == "2.0"
        return message


STEWARD = (sys.executable, "-m", "steward", "lsp")


@asynccontextmanager
async def open_peer(
    folder: Path,
    environment: Mapping[str, str],
    reply: Reply,
    command: Sequence[str] = STEWARD,
) -> AsyncGenerator[Peer]:
    """A server that was not initialized yet."""
    up_to_date(Path(environment["STEWARD_DATA_DIR"]) / "steward.db")
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=dict(environment),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**26,
    )
    peer = Peer(process, reply)
    listening = asyncio.create_task(peer.listen())
    logging = asyncio.create_task(peer.keep_log())
    try:
        yield peer
    finally:
        assert process.stdin is not None
        process.stdin.close()  # Where a server is not our own child, this is what ends it.
        if process.returncode is None:
            process.kill()
        await process.wait()
        await asyncio.wait([listening, logging])
        listening.exception()
        transport: Any = process._transport  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
        transport.close()


def _no_json(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")
