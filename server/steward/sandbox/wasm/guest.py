"""What an extension is to the sandbox, and what the sandbox asks of whoever answers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from steward.core.wasm_limits import (
    WASM_ANSWER_BYTES_MAX,
    WASM_CALL_MS_MAX,
    WASM_HOST_BYTES_MAX,
    WASM_HOST_CALLS_MAX,
    WASM_LOAD_MS_MAX,
    WASM_LOG_LINES_MAX,
    WASM_MEMORY_MAX,
    WASM_RANDOM_BYTES_MAX,
    WASM_STACK_MAX,
    WASM_WORKER_BYTES_MAX,
)

Runtime = Literal["python", "javascript", "component"]
"""What runs it: our CPython, our QuickJS, or the extension is a component itself."""

Refusal = Literal["denied", "not-found", "invalid", "limit", "unavailable"]
"""Why a host call has no result, as the interface names it."""

Answer = tuple[Literal["ok"], str | None] | tuple[Refusal, str]
"""What a host call gives: its result, or why there is none."""


class HostCalls(Protocol):
    """Answers what extensions ask of Steward."""

    async def answer(self, extension: str, name: str, arguments: Sequence[str | None]) -> Answer:
        """The answer to one call.

        Args:
            extension: who calls. The sandbox knows it, no extension says it.
            name: of the call, as the interface has it: `read-file`, …
            arguments: texts of a stranger, bounded in size and nothing else.
        """
        ...


@dataclass(frozen=True, slots=True)
class Guest:
    """One extension as the sandbox sees it."""

    id: str
    runtime: Runtime
    bundle: str
    """JSON of `payloads.LoadRequest`."""
    component: bytes | None = None
    """Of the runtime `component`: its WebAssembly."""


@dataclass(frozen=True, slots=True)
class WasmBounds:
    """How much of everything an extension may have, and its worker."""

    call_ms: int = WASM_CALL_MS_MAX
    load_ms: int = WASM_LOAD_MS_MAX
    memory_bytes: int = WASM_MEMORY_MAX
    stack_bytes: int = WASM_STACK_MAX
    host_calls: int = WASM_HOST_CALLS_MAX
    host_bytes: int = WASM_HOST_BYTES_MAX
    answer_bytes: int = WASM_ANSWER_BYTES_MAX
    log_lines: int = WASM_LOG_LINES_MAX
    random_bytes: int = WASM_RANDOM_BYTES_MAX
    worker_bytes: int = WASM_WORKER_BYTES_MAX
    """All extensions of a worker together, and the worker."""


@dataclass(frozen=True, slots=True)
class WorkerStanding:
    """One worker process."""

    process_id: int
    is_shipped: bool
    extensions: tuple[str, ...]
    own_bytes: int
    """Its memory when it was last looked at, which is while it has something to do."""


@dataclass(frozen=True, slots=True)
class WasmStanding:
    """How extensions are kept apart here."""

    jail: Literal["landlock+seccomp", "seccomp", "landlock", "wasm only", "unknown"]
    """What is around the WebAssembly; `unknown` until a worker was started."""
    sentence: str
    """The same in words, and why it is not more."""
    workers: tuple[WorkerStanding, ...]
