"""A hook on save in an extension's worker, beside the same function in a child without a jail."""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.memory import resident_mb
from steward.core.clock import SystemClock
from steward.core.errors import ExtensionKilledError
from steward.sandbox.memory import own_bytes
from steward.sandbox.wasm.worker import Answer, Guest, Workers

CACHE = Path(__file__).parents[1] / ".runtimes" / "cache"
_WARM, _BLOCK, _BLOCKS, _STARTS = 200, 250, 8, 9
MANY = 50

_FUNCTION = """
def find(event):
    return [
        diagnostic(number, 0, len(line), "something is left to do")
        for number, line in enumerate(event["text"].split("\\n"))
        if "TODO" in line
    ]
"""
_EXTENSION = f"""
import steward
from steward import diagnostic
{_FUNCTION}
steward.hook("onFileSave")(find)

@steward.command("spin")
def spin(request):
    while True:
        pass
"""
_PLAIN = f"""
import json, sys

def diagnostic(line, start, end, message):
    return {{"path": None, "range": {{"start": {{"line": line, "character": start}},
        "end": {{"line": line, "character": end}}}}, "message": message,
        "severity": "warning", "code": ""}}
{_FUNCTION}
for line in sys.stdin.buffer:
    answer = json.dumps({{"diagnostics": find(json.loads(line))}})
    sys.stdout.buffer.write(answer.encode() + b"\\n")
    sys.stdout.buffer.flush()
"""
_EVENT = json.dumps(
    {
        "path": "src/main.py",
        "language": "python",
        "text": "".join(f"x = {number}  # TODO\n" for number in range(20)),
        "version": 1,
    }
)


@dataclass(frozen=True, slots=True)
class Host:
    """All that was measured; times are of whole round trips."""

    ours_ms: list[float]
    plain_ms: list[float]
    beside_ms: list[float]
    """Ours, while a neighbour computes for ever."""
    cold_ms: list[float]
    many_ms: list[float]
    worker_mb: float
    each_mb: float


class _Silent:
    """Answers nothing; the hook asks for nothing."""

    async def answer(self, extension: str, name: str, arguments: Sequence[str | None]) -> Answer:
        """Never called."""
        raise AssertionError((extension, name, arguments))


async def host() -> Host:
    """Measure everything once."""
    async with _workers() as workers:
        await _load(workers, "bench.first")  # Compiled, if it was not.
    cold = [await _cold_ms() for _ in range(_STARTS)]
    async with _workers() as workers, _plain() as plain:
        await _load(workers, "bench.first")
        ours, plain_ms, beside = await _warm(workers, plain)
    async with _workers() as workers:
        await _load(workers, "bench.0")
        await _save(workers, "bench.0")
        process = workers.standing().workers[0].process_id
        first_mb, first_bytes = resident_mb(process), own_bytes(process)
        for number in range(1, MANY):
            await _load(workers, f"bench.{number}")
        many = [await _many_ms(workers) for _ in range(20)]
        each_mb = (own_bytes(process) - first_bytes) / 2**20 / (MANY - 1)
    return Host(ours, plain_ms, beside, cold, many[2:], first_mb, each_mb)


async def _cold_ms() -> float:
    begin = time.perf_counter()
    async with _workers() as workers:
        await _load(workers, "bench.first")
        return _ms(begin)


async def _warm(
    workers: Workers, plain: Callable[[], Awaitable[object]]
) -> tuple[list[float], list[float], list[float]]:
    """Ours, the plain one's, and ours beside a neighbour."""

    async def save() -> object:
        return await _save(workers, "bench.first")

    await _block(save, _WARM)
    await _block(plain, _WARM)
    ours: list[float] = []
    others: list[float] = []
    for _ in range(_BLOCKS):
        ours += await _block(save, _BLOCK)
        others += await _block(plain, _BLOCK)
    await _load(workers, "bench.neighbour")
    is_over = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_spin(workers, is_over))
        beside = await _block(save, 4 * _BLOCK)
        is_over.set()
    return ours, others, beside


async def _spin(workers: Workers, is_over: asyncio.Event) -> None:
    """Compute until stopped, again and again."""
    while not is_over.is_set():
        try:
            await workers.handle("bench.neighbour", "command:spin", '{"arguments": null}')
        except ExtensionKilledError:
            continue


async def _many_ms(workers: Workers) -> float:
    begin = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(MANY):
            tasks.create_task(_save(workers, f"bench.{number}"))
    return _ms(begin)


async def _block(act: Callable[[], Awaitable[object]], times: int) -> list[float]:
    taken: list[float] = []
    for _ in range(times):
        begin = time.perf_counter()
        await act()
        taken.append(_ms(begin))
    return taken


async def _save(workers: Workers, extension: str) -> str:
    return await workers.handle(extension, "onFileSave", _EVENT)


async def _load(workers: Workers, extension: str) -> None:
    bundle = {
        "id": extension,
        "version": "1.0.0",
        "api_version": "1.0",
        "entry": "main.py",
        "files": {"main.py": _EXTENSION},
    }
    await workers.load(Guest(extension, "python", json.dumps(bundle)), _Silent(), is_shipped=False)


@asynccontextmanager
async def _workers() -> AsyncGenerator[Workers]:
    workers = Workers(SystemClock(), CACHE)
    try:
        yield workers
    finally:
        await workers.aclose()


@asynccontextmanager
async def _plain() -> AsyncGenerator[Callable[[], Awaitable[object]]]:
    """The same function in a child that nothing confines, over its pipes."""
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _PLAIN),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=folder,
        )
        given, said = process.stdin, process.stdout
        assert given is not None
        assert said is not None
        line = _EVENT.encode() + b"\n"

        async def save() -> object:
            given.write(line)
            return json.loads(await said.readline())

        yield save
        given.close()
        await process.wait()


def _ms(begin: float) -> float:
    return (time.perf_counter() - begin) * 1000
