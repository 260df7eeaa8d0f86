"""What the gateway adds to a call: side by side with a direct call, and with litellm's proxy.

    python -m benchmarks.gateway_speed [--litellm-venv FOLDER]

Everything is on: the token is checked, policy decided, the budget reserved and settled durably,
and the answer streamed from the model. Direct and indirect calls take turns, so both see the same
machine. The model is bytes made beforehand (`stub_model`); the callers, the server and the model
share the machine's processors.
"""

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.memory import resident_mb
from tests.environment import ROOT, clean_environment, steward_environment

CALLS, ROUNDS, CALLERS, SECONDS = 100, 6, 50, 5.0
LONG_STREAM, LONG_STREAMS, CANCELLATIONS = 2_000, 15, 100
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
def child(*command: str, environment: dict[str, str]) -> Generator[subprocess.Popen[str]]:
    """A process, as long as the block lasts."""
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


@contextlib.contextmanager
def steward(folder: Path, stub_port: int) -> Generator[Road]:
    """`steward serve` before the stub."""
    models = [_SHORT, f"stub-{LONG_STREAM}", "stub-endless"]
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
        for name in (_SHORT, f"stub-{LONG_STREAM}", "stub-endless")
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
    with child(*command, "--telemetry", "False", environment=environment) as process:
        until_s = time.monotonic() + 120
        while time.monotonic() < until_s and process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.2)
        yield Road("litellm proxy", port, key, process.pid)


async def one_caller(roads: list[Road]) -> None:
    """Latency, whole and to the first word, each road in turn."""
    callers = [await Caller(road).open() for road in roads]
    wholes: list[list[float]] = [[] for _ in roads]
    firsts: list[list[float]] = [[] for _ in roads]
    for round_ in range(ROUNDS + 1):  # The first warms up.
        for caller, whole, first in zip(callers, wholes, firsts, strict=True):
            taken = [await caller.whole() for _ in range(CALLS)]
            begun = [(await caller.stream(_SHORT))[0] for _ in range(CALLS)]
            if round_:
                whole.extend(taken)
                first.extend(begun)
    direct, direct_first = wholes[0], firsts[0]
    for road, whole, first in zip(roads, wholes, firsts, strict=True):
        print(
            f"{road.name:14} whole p50 {_p50(whole):7.2f} p99 {_p99(whole):7.2f} ms"
            f" (added {_p50(whole) - _p50(direct):6.2f} / {_p99(whole) - _p99(direct):6.2f});"
            f" first word p50 {_p50(first):6.2f} p99 {_p99(first):6.2f} ms"
            f" (added {_p50(first) - _p50(direct_first):5.2f})"
        )
    for caller in callers:
        caller.writer.close()


async def many_callers(road: Road) -> None:
    """Requests a second, and the processor time of each."""
    until_s = time.perf_counter() + SECONDS
    taken: list[float] = []

    async def call() -> None:
        caller = await Caller(road).open()
        while time.perf_counter() < until_s:
            taken.append(await caller.whole())
        caller.writer.close()

    before_s = road.cpu_s() if road.pid else 0.0
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CALLERS):
            tasks.create_task(call())
    print(f"{road.name:14} {CALLERS} callers: {len(taken) / SECONDS:7.0f} requests/s,"
          f" p50 {_p50(taken):6.1f} p99 {_p99(taken):6.1f} ms", end="")  # fmt: skip
    if road.pid:
        each_s = (road.cpu_s() - before_s) / len(taken)
        print(f", {each_s * 1000:.2f} ms CPU each: {1 / each_s:.0f} requests/s per core", end="")
    print()


async def long_streams(road: Road) -> None:
    """Processor time for each streamed piece."""
    caller = await Caller(road).open()
    await caller.stream(f"stub-{LONG_STREAM}")
    before_s = road.cpu_s()
    for _ in range(LONG_STREAMS):
        await caller.stream(f"stub-{LONG_STREAM}")
    each_s = (road.cpu_s() - before_s) / (LONG_STREAMS * LONG_STREAM)
    caller.writer.close()
    print(f"{road.name:14} {each_s * 1e6:.0f} us CPU a piece ({LONG_STREAM} pieces a stream)")


async def cancellations(road: Road, stub: subprocess.Popen[str]) -> None:
    """From a client's hanging up until the provider's connection is closed."""
    assert stub.stdout is not None
    taken: list[float] = []
    for _ in range(CANCELLATIONS):
        caller = await Caller(road).open()
        await caller.first_word("stub-endless")
        left_s = time.perf_counter()
        caller.writer.transport.abort()
        line = await asyncio.to_thread(stub.stdout.readline)
        taken.append((float(line) - left_s) * 1000)
    print(f"{road.name:14} cancellation p50 {_p50(taken):.1f} p99 {_p99(taken):.1f} ms")


async def measure(stub: subprocess.Popen[str], roads: list[Road]) -> None:
    """Everything, and print it."""
    await one_caller(roads)
    for road in roads:
        await many_callers(road)
    for road in roads[1:]:
        await long_streams(road)
        await cancellations(road, stub)
        if road.pid:
            print(f"{road.name:14} {resident_mb(road.pid):.0f} MB resident")


def _p50(taken: list[float]) -> float:
    return statistics.median(taken)


def _p99(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=100)[98]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--litellm-venv", type=Path, help="where litellm[proxy] is installed")
    venv: Path | None = parser.parse_args().litellm_venv
    paths = clean_environment() | {"PYTHONPATH": os.pathsep.join([str(ROOT / "server"), str(ROOT)])}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        command = (sys.executable, "-m", "benchmarks.stub_model")
        stub = stack.enter_context(child(*command, environment=paths))
        assert stub.stdout is not None
        port = int(stub.stdout.readline())
        roads = [Road("direct", port, "none", None), stack.enter_context(steward(folder, port))]
        if venv is not None:
            roads.append(stack.enter_context(litellm(venv, folder, port)))
        asyncio.run(measure(stub, roads))


if __name__ == "__main__":
    main()
