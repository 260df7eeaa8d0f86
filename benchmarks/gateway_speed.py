"""What the gateway adds to a call: side by side with a direct call, and with litellm's proxy.

Everything is on: the token is checked, policy decided, the budget reserved and settled durably,
and the answer streamed from the model. Direct and indirect calls take turns, so both see the same
machine. The model is bytes made beforehand (`stub_model`); the callers, the server and the model
share the machine's processors.
"""

import asyncio
import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.memory import resident_mb
from tests.environment import ROOT, clean_environment, steward_environment

CALLERS = 50
_CALLS, _ROUNDS, _SECONDS = 100, 4, 4.0
_LONG_STREAM, _LONG_STREAMS, _CANCELLATIONS = 2_000, 10, 100
_TICKS = os.sysconf("SC_CLK_TCK")
_SHORT = "stub-20"


@dataclass(frozen=True)
class Road:
    """One way to the model."""

    name: str
    port: int
    token: str
    pid: int | None
    prefix: str = ""
    """What stands before the name of the stub's model."""

    def request(self, model: str, *, stream: bool) -> bytes:
        """A request as bytes."""
        asked = {
            "model": self.prefix + model,
            "messages": [{"role": "user", "content": "say something " * 20}],
            "max_tokens": 5000,
            "stream": stream,
        }
        body = json.dumps(asked).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def cpu_s(self) -> float:
        """The processor time that its process has used."""
        stat = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / _TICKS


class Caller:
    """One connection, used again and again."""

    def __init__(self, road: Road) -> None:
        self._road = road

    async def open(self) -> "Caller":
        """Connect."""
        self._reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", self._road.port, limit=2**20
        )
        return self

    async def whole(self) -> float:
        """Milliseconds for one answer in one piece."""
        begun_s = time.perf_counter()
        self.writer.write(self._road.request(_SHORT, stream=False))
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head, head + await self._reader.read(2000)
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
        await self._reader.readexactly(int(length))
        return (time.perf_counter() - begun_s) * 1000

    async def stream(self, model: str) -> tuple[float, float]:
        """Milliseconds to the first word and to the end of a stream."""
        begun_s = time.perf_counter()
        await self.first_word(model)
        first_ms = (time.perf_counter() - begun_s) * 1000
        await self._reader.readuntil(b"\r\n0\r\n\r\n")
        return first_ms, (time.perf_counter() - begun_s) * 1000

    async def first_word(self, model: str) -> None:
        """Ask for a stream, and wait for its first word."""
        self.writer.write(self._road.request(model, stream=True))
        assert b" 200 " in await self._reader.readuntil(b"\r\n\r\n")
        await self._reader.readuntil(b'"content":"word')


@contextlib.contextmanager
def child(
    *command: str, environment: dict[str, str], says: int = subprocess.PIPE
) -> Generator[subprocess.Popen[str]]:
    """A process, as long as the block lasts."""
    process = subprocess.Popen(command, env=environment, stdout=says, stderr=says, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


@contextlib.contextmanager
def steward(folder: Path, stub_port: int) -> Generator[Road]:
    """`steward serve` before the stub."""
    models = [_SHORT, f"stub-{_LONG_STREAM}", "stub-endless"]
    environment = steward_environment(
        folder,
        f"http://127.0.0.1:{stub_port}/v1",
        {
            "STEWARD_MODEL": _SHORT,
            "STEWARD_GATEWAY__PRICES": json.dumps(
                {name: {"input": "0.15", "output": "0.60"} for name in models}
            ),
            "STEWARD_LEDGER__LIMIT_USD": "100000",
        },
    )
    environment.pop("STEWARD_MODEL_PRICE")
    command = (sys.executable, "-m", "steward")
    made = subprocess.run(
        (*command, "token", "create", "benchmark"),
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True,
    )  # fmt: skip
    with child(*command, "serve", "--port", "0", environment=environment) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "://" in line, line
        port = int(line.partition("127.0.0.1:")[2].partition(";")[0])
        yield Road("steward serve", port, made.stdout.strip(), process.pid)


@contextlib.contextmanager
def litellm(venv: Path, folder: Path, stub_port: int) -> Generator[Road]:
    """The litellm proxy before the stub, without a database."""
    models = [
        {
            "model_name": name,
            "litellm_params": {
                "model": f"openai/{name}",
                "api_base": f"http://127.0.0.1:{stub_port}/v1",
                "api_key": "none",
            },
        }
        for name in (_SHORT, f"stub-{_LONG_STREAM}", "stub-endless")
    ]
    config = folder / "litellm.json"
    config.write_text(json.dumps({"model_list": models}), "utf-8")
    port = 18_000 + os.getpid() % 1000
    key = f"sk-{secrets.token_hex(16)}"
    environment = clean_environment() | {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MASTER_KEY": key,
    }
    command = (str(venv / "bin" / "litellm"), "--config", str(config), "--port", str(port))
    # It logs every request; a pipe that nobody reads would stop it.
    quiet = subprocess.DEVNULL
    command = (*command, "--telemetry", "False")
    with child(*command, environment=environment, says=quiet) as process:
        until_s = time.monotonic() + 120
        while time.monotonic() < until_s and process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.2)
        yield Road("litellm proxy", port, key, process.pid)


@dataclass(slots=True)
class Found:
    """What one road was measured at; lists are in milliseconds."""

    name: str
    whole: list[float] = field(default_factory=list[float])
    first_word: list[float] = field(default_factory=list[float])
    a_second: float = 0.0
    """Answers, with `CALLERS` callers."""
    cpu_ms: float = 0.0
    """Processor time of its process for each of those; nought for the direct road."""
    piece_us: float = 0.0
    """Processor time for a streamed piece; nought for the direct road."""
    cancelled: list[float] = field(default_factory=list[float])
    resident_mb: float = 0.0


def measured(litellm_venv: Path | None) -> list[Found]:
    """The direct road, ours, and litellm's if it is installed in `litellm_venv`."""
    paths = clean_environment() | {"PYTHONPATH": os.pathsep.join([str(ROOT / "server"), str(ROOT)])}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        command = (sys.executable, "-m", "benchmarks.stub_model")
        stub = stack.enter_context(child(*command, environment=paths))
        assert stub.stdout is not None
        port = int(stub.stdout.readline())
        roads = [Road("direct", port, "none", None), stack.enter_context(steward(folder, port))]
        if litellm_venv is not None:
            roads.append(stack.enter_context(litellm(litellm_venv, folder, port)))
        return asyncio.run(_measured(stub, roads))


async def _measured(stub: subprocess.Popen[str], roads: list[Road]) -> list[Found]:
    found = [Found(road.name) for road in roads]
    await _one_caller(roads, found)
    for road, each in zip(roads, found, strict=True):
        await _many_callers(road, each)
    ours, each = roads[1], found[1]
    await _long_streams(ours, each)
    await _cancellations(ours, each, stub)
    for road, each in zip(roads[1:], found[1:], strict=True):
        assert road.pid is not None
        each.resident_mb = resident_mb(road.pid)
    return found


async def _one_caller(roads: list[Road], found: list[Found]) -> None:
    """Latency, whole and to the first word, each road in turn."""
    callers = [await Caller(road).open() for road in roads]
    for round_ in range(_ROUNDS + 1):  # The first warms up.
        for caller, each in zip(callers, found, strict=True):
            taken = [await caller.whole() for _ in range(_CALLS)]
            begun = [(await caller.stream(_SHORT))[0] for _ in range(_CALLS)]
            if round_:
                each.whole += taken
                each.first_word += begun
    for caller in callers:
        caller.writer.close()


async def _many_callers(road: Road, found: Found) -> None:
    """Answers a second, and the processor time of each."""
    until_s = time.perf_counter() + _SECONDS
    answers = 0

    async def call() -> None:
        nonlocal answers
        caller = await Caller(road).open()
        while time.perf_counter() < until_s:
            await caller.whole()
            answers += 1
        caller.writer.close()

    before_s = road.cpu_s() if road.pid else 0.0
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CALLERS):
            tasks.create_task(call())
    found.a_second = answers / _SECONDS
    if road.pid:
        found.cpu_ms = (road.cpu_s() - before_s) / answers * 1000


async def _long_streams(road: Road, found: Found) -> None:
    caller = await Caller(road).open()
    await caller.stream(f"stub-{_LONG_STREAM}")
    before_s = road.cpu_s()
    for _ in range(_LONG_STREAMS):
        await caller.stream(f"stub-{_LONG_STREAM}")
    found.piece_us = (road.cpu_s() - before_s) / (_LONG_STREAMS * _LONG_STREAM) * 1e6
    caller.writer.close()


async def _cancellations(road: Road, found: Found, stub: subprocess.Popen[str]) -> None:
    """From a client's hanging up until the provider's connection is closed."""
    assert stub.stdout is not None
    for _ in range(_CANCELLATIONS):
        caller = await Caller(road).open()
        await caller.first_word("stub-endless")
        left_s = time.perf_counter()
        caller.writer.transport.abort()
        line = await asyncio.to_thread(stub.stdout.readline)
        found.cancelled.append((float(line) - left_s) * 1000)
