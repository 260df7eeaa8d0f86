"""Extensions in a real worker, for tests: made of a few lines of source, with what they asked."""

import json
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

from wasmtime import wat2wasm

from steward.core.clock import SystemClock
from steward.sandbox.wasm.jail import LAYERS
from steward.sandbox.wasm.worker import Answer, Guest, HostCalls, WasmBounds, Workers

CACHE = Path(__file__).parents[1] / ".runtimes" / "cache"
"""Compiled runtimes; all tests of this checkout share them, since compiling one takes long."""

BOUNDS = WasmBounds()
UNBOUND = WasmBounds(
    call_ms=4_000,
    memory_bytes=512 << 20,
    host_calls=100_000,
    host_bytes=256 << 20,
    answer_bytes=256 << 20,
    log_lines=100_000,
    random_bytes=64 << 20,
)
"""For control runs: an attack that a limit stops gets through with these, and still ends."""

Reply = Answer | Callable[[Sequence[str | None]], Awaitable[Answer]]


class Recorded(HostCalls):
    """Answers host calls as it is told, and remembers them."""

    def __init__(self, replies: Mapping[str, Reply] | None = None) -> None:
        self.replies: dict[str, Reply] = dict(replies or {})
        self.calls: list[tuple[str, str, tuple[str | None, ...]]] = []

    async def answer(self, extension: str, name: str, arguments: Sequence[str | None]) -> Answer:
        """What was set for this call; otherwise an empty text."""
        self.calls.append((extension, name, tuple(arguments)))
        reply = self.replies.get(name, ("ok", ""))
        return await reply(arguments) if callable(reply) else reply

    def named(self, name: str) -> list[tuple[str | None, ...]]:
        """The arguments of each call of this name."""
        return [arguments for _, called, arguments in self.calls if called == name]


class Running:
    """Workers with extensions in them."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self.calls = Recorded()

    async def load(self, guest: Guest, *, is_shipped: bool = False) -> Any:
        """Load it; what it registered."""
        return json.loads(await self.workers.load(guest, self.calls, is_shipped=is_shipped))

    async def run(self, code: str, extension: str = "test.python") -> Any:
        """Evaluate an expression in the extension that `evaluating` makes."""
        payload = json.dumps({"place": {}, "arguments": code})
        answer = await self.workers.handle(extension, "command:run", payload)
        return json.loads(answer)["message"]

    def process_id(self) -> int:
        """Of the only worker."""
        (worker,) = self.workers.standing().workers
        return worker.process_id


@asynccontextmanager
async def running(
    *,
    bounds: WasmBounds = BOUNDS,
    layers: Sequence[Any] = LAYERS,
    cache: Path = CACHE,
) -> AsyncGenerator[Running]:
    """Workers with these limits and this jail; they end with the block."""
    workers = Workers(SystemClock(), cache, bounds=bounds, layers=layers)
    try:
        yield Running(workers)
    finally:
        await workers.aclose()


def python(source: str, extension: str = "test.python", **files: str) -> Guest:
    """An extension of this source; further files by name, `__` for the dot."""
    texts = {name.replace("__", "."): dedent(text) for name, text in files.items()}
    return sources("python", "main.py", {"main.py": dedent(source), **texts}, extension)


def javascript(source: str, extension: str = "test.javascript") -> Guest:
    """An extension of this source."""
    return sources("javascript", "main.js", {"main.js": dedent(source)}, extension)


def sources(runtime: Any, entry: str, files: Mapping[str, str], extension: str) -> Guest:
    """An extension of these files."""
    bundle = {
        "id": extension,
        "version": "1.0.0",
        "api_version": "1.0",
        "entry": entry,
        "files": dict(files),
    }
    return Guest(extension, runtime, json.dumps(bundle))


def evaluating(extension: str = "test.python") -> Guest:
    """An extension whose command `run` evaluates what it is given; state stays in its globals."""
    return python(
        """
        import steward

        kept = {}

        @steward.command("run")
        def run(request):
            code = request["arguments"]
            if "\\n" not in code:
                return repr(eval(code, globals()))
            exec(code, globals())
        """,
        extension,
    )


def component(
    handle: str, *, more: str = "", world: str = "1.0.0", extension: str = "test.component"
) -> Guest:
    """An extension of raw WebAssembly, whose `handle` has this body.

    The body has the parameters `$topic $topic_len $payload $payload_len` and returns an address:
    there a byte (nought: ok), and at 4 and 8 the address and length of a text. At 64 there is such
    an answer, `{}`. `more` stands in the module beside it.
    """
    text = _COMPONENT.replace("HANDLE", handle).replace("MORE", more).replace("WORLD", world)
    return Guest(extension, "component", "{}", bytes(wat2wasm(text)))


def process_is_gone(process_id: int) -> bool:
    """Whether it has ended."""
    try:
        state = Path("/proc", str(process_id), "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


def children_of_this_process() -> list[int]:
    """The processes that this one started and that live."""
    found = Path("/proc/self/task", str(os.getpid()), "children").read_text().split()
    return [int(each) for each in found if not process_is_gone(int(each))]


_COMPONENT = """
(component
  (core module $code
    (memory (export "memory") 4)
    (global $next (mut i32) (i32.const 65536))
    (data (i32.const 64) "\\00\\00\\00\\00\\50\\00\\00\\00\\02\\00\\00\\00")
    (data (i32.const 80) "{}")
    (func (export "realloc") (param i32 i32 i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (local.get $at))
    (func (export "load") (param i32 i32) (result i32) (i32.const 64))
    (func (export "handle")
      (param $topic i32) (param $topic_len i32) (param $payload i32) (param $payload_len i32)
      (result i32)
      (local $i i32)
      HANDLE)
    MORE)
  (core instance $made (instantiate $code))
  (func $load (param "bundle" string) (result (result string (error string)))
    (canon lift (core func $made "load") (memory (core memory $made "memory"))
      (realloc (core func $made "realloc"))))
  (func $handle (param "topic" string) (param "payload" string)
    (result (result string (error string)))
    (canon lift (core func $made "handle") (memory (core memory $made "memory"))
      (realloc (core func $made "realloc"))))
  (instance $guest (export "load" (func $load)) (export "handle" (func $handle)))
  (export "steward:extension/guest@WORLD" (instance $guest)))
"""
