"""What a worker is started with: the program, its orders, and the components it may make."""

import asyncio
import hashlib
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Callable, Collection
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from steward.core.errors import InvalidInputError, LimitError, SandboxUnavailableError
from steward.core.wasm_limits import (
    WASM_COMPONENT_BYTES_MAX,
    WASM_FAULT_CHARS_MAX,
    WASM_INSTANCES_MAX,
    WASM_LOG_CHARS_MAX,
    WASM_MEMORIES_MAX,
    WASM_TABLE_ELEMENTS_MAX,
    WASM_TABLES_MAX,
    WASM_TICK_MS,
    WASM_WALL_MORE_MS,
)
from steward.sandbox.wasm.compiled import CompiledFolder, digest_of
from steward.sandbox.wasm.compiling import Telling, compile_component
from steward.sandbox.wasm.guest import Guest, WasmBounds
from steward.sandbox.wasm.jail import (
    Layer,
    compiler_orders,
    in_words,
    judged,
    worker_orders,
)
from steward.sandbox.wasm.process import Process
from steward.sandbox.wasm.runtimes import RUNTIMES, runtime_file

WASMTIME_LEAST = (50, 0, 1)
"""Older versions let extensions out; see docs/decisions/0034."""

_FOLDER = Path(__file__).parent
_PROGRAM = (
    "import sys; sys.path[:0] = sys.argv[1:3]; from child.{0} import main; del sys.path[0];"
    " main(sys.argv[3])"
)
_NAME_CHARS = 32

Jail = Literal["landlock+seccomp", "seccomp", "landlock", "wasm only", "unknown"]


class Starter:
    """Starts workers, and has components compiled for them."""

    def __init__(
        self,
        folder: CompiledFolder,
        bounds: WasmBounds,
        layers: Collection[Layer],
        told: Callable[[str], None],
    ) -> None:
        self._compiled = folder
        self._bounds = bounds
        self._layers = tuple(layers)
        self._told = told
        self._names: dict[str, tuple[tuple[int, int], str]] = {}
        """Runtime → size and time of its file, and the name that follows from its bytes."""
        self._compiling = asyncio.Lock()
        self.jail: Jail = "unknown"
        self.sentence = "No extension was started yet."

    def missing(self) -> str | None:
        """Why nothing can run here; None: it can. Blocks."""
        if sys.platform not in ("linux", "darwin"):
            return "Extensions run on Linux and macOS only, and this is neither."
        if find_spec("wasmtime") is None:
            return (
                "Extensions need the package 'wasmtime', which is not installed; there are none for"
                " this processor perhaps. Install Steward anew."
            )
        found = importlib.metadata.version("wasmtime")
        if _numbers(found) < WASMTIME_LEAST:
            least = ".".join(map(str, WASMTIME_LEAST))
            return (
                f"Extensions need wasmtime {least} or newer, because older ones have holes, and"
                f" {found} is installed. Install Steward anew."
            )
        if not runtime_file("python").is_file():
            return (
                f"The runtime for extensions, {str(runtime_file('python'))!r}, is not there. In a"
                " checkout run `make runtimes`; otherwise install Steward anew."
            )
        return None

    async def start(self, guest: Guest) -> Process:
        """A worker that is ready, with all runtimes that are compiled.

        Args:
            guest: what it is started for; its component is compiled meanwhile if need be.

        Raises:
            SandboxUnavailableError: there is none to be had.
        """
        missing = await asyncio.to_thread(self.missing)
        if missing is not None:
            raise SandboxUnavailableError(missing)
        process = Process(self._bounds.worker_bytes)
        try:
            await process.start(await asyncio.to_thread(program, "main"))
            await self.component(guest)
            orders = await asyncio.to_thread(worker_orders, self._layers)
            given = await asyncio.to_thread(self._opened)
            try:
                words = {**orders, **self._terms(), "components": list(given)}
                await process.begin(words, list(given.values()))
            finally:
                for descriptor in given.values():
                    os.close(descriptor)
            process.components.update(given)
            self._note(await process.ready, orders)
        except BaseException:
            process.kill("was not needed any more")
            await process.end()
            raise
        return process

    async def component(self, guest: Guest) -> str:
        """The name of what the guest is made of, which is compiled by now.

        Raises:
            InvalidInputError: it is no component.
            LimitError: it is too large.
            SandboxUnavailableError: it cannot be compiled here.
        """
        if guest.runtime != "component":
            runtime = guest.runtime
            name = await asyncio.to_thread(self._name_of_runtime, runtime)
            what = f"the {runtime} runtime"
            await self._ensure(name, lambda: runtime_file(runtime).read_bytes(), what, shares=True)
            return name
        wasm = guest.component
        if wasm is None:
            raise InvalidInputError(f"The extension {guest.id!r} brings no component.")
        if len(wasm) > WASM_COMPONENT_BYTES_MAX:
            raise LimitError(
                f"The component of {guest.id!r} has more than {WASM_COMPONENT_BYTES_MAX >> 20} MB,"
                " which is the most."
            )
        name = await asyncio.to_thread(_name_of_bytes, wasm)
        await self._ensure(name, lambda: wasm, f"the extension {guest.id!r}", shares=False)
        return name

    async def code(self, guest: Guest) -> tuple[str, bytes]:
        """The name of what the guest is made of, and its code, compiled.

        Raises:
            SandboxUnavailableError: it was compiled and is gone again.
        """
        for _ in range(2):
            name = await self.component(guest)
            code = await asyncio.to_thread(self._compiled.read, name)
            if code is not None:
                return name, code
        raise SandboxUnavailableError(
            f"What was compiled for the extension {guest.id!r} was removed at once. Check who"
            f" writes to {str(self._compiled.folder)!r}, and try again."
        )

    async def _ensure(
        self, name: str, wasm: Callable[[], bytes], what: str, *, shares: bool
    ) -> None:
        if await asyncio.to_thread(self._compiled.has, name):
            return
        async with self._compiling, self._compiled.alone():
            if await asyncio.to_thread(self._compiled.has, name):
                return
            orders = await asyncio.to_thread(compiler_orders, self._layers)
            orders |= {"stack_bytes": self._bounds.stack_bytes, "shares": shares}
            argv = await asyncio.to_thread(program, "compile", json.dumps(orders))
            code = await asyncio.to_thread(wasm)
            await compile_component(self._compiled, name, code, argv, Telling(what, self._told))

    def _opened(self) -> dict[str, int]:
        """Name of each runtime that is compiled → an open file with it, whose seal was checked."""
        opened: dict[str, int] = {}
        for runtime in RUNTIMES:
            if not runtime_file(runtime).is_file():
                continue
            name = self._name_of_runtime(runtime)
            descriptor = self._compiled.open(name)
            if descriptor is not None:
                opened[name] = descriptor
        return opened

    def _name_of_runtime(self, runtime: str) -> str:
        path = runtime_file(runtime)
        try:
            found = path.stat()
        except OSError as error:
            raise SandboxUnavailableError(
                f"The {runtime} runtime for extensions, {str(path)!r}, is not there. In a checkout"
                " run `make runtimes`; otherwise install Steward anew."
            ) from error
        known = self._names.get(runtime)
        if known is None or known[0] != (found.st_size, found.st_mtime_ns):
            known = ((found.st_size, found.st_mtime_ns), _name(digest_of(path), "shared"))
            self._names[runtime] = known
        return known[1]

    def _terms(self) -> dict[str, Any]:
        """What the worker holds extensions to."""
        return {
            **asdict(self._bounds),
            "tick_ms": WASM_TICK_MS,
            "wall_more_ms": WASM_WALL_MORE_MS,
            "log_chars": WASM_LOG_CHARS_MAX,
            "fault_chars": WASM_FAULT_CHARS_MAX,
            "table_elements": WASM_TABLE_ELEMENTS_MAX,
            "instances": WASM_INSTANCES_MAX,
            "tables": WASM_TABLES_MAX,
            "memories": WASM_MEMORIES_MAX,
        }

    def _note(self, report: dict[str, Any], orders: dict[str, Any]) -> None:
        holding, why = judged(report, orders)
        jails: dict[int, Jail] = {2: "landlock+seccomp", 0: "wasm only"}
        self.jail = jails.get(len(holding)) or next(iter(holding))
        self.sentence = in_words(holding, why)


def program(name: str, orders: str = "") -> list[str]:
    """The command of one of the two programs: an interpreter, cut off from all but wasmtime."""
    found = find_spec("wasmtime")
    packages = str(Path(found.origin).parents[1]) if found and found.origin else ""
    return [sys.executable, "-I", "-S", "-c", _PROGRAM.format(name), str(_FOLDER), packages, orders]


def _name_of_bytes(wasm: bytes) -> str:
    return _name(hashlib.sha256(wasm).hexdigest(), "copied")


def _name(digest: str, kind: str) -> str:
    """What its compiled form is called: other bytes, versions and processors have another name."""
    version = importlib.metadata.version("wasmtime")
    return f"{digest[:_NAME_CHARS]}-{version}-{sys.platform}-{platform.machine()}-{kind}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
