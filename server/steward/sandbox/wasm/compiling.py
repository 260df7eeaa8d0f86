"""Has a component compiled, by a process that ends with it and can do nothing else."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from steward.core.errors import InvalidInputError, LimitError, SandboxUnavailableError
from steward.core.wasm_limits import WASM_COMPILE_S_MAX, WASM_TROUBLE_BYTES_MAX
from steward.sandbox.wasm.compiled import CompiledFolder

_TOLD_AFTER_S = 1.0
_TOLD_EVERY_S = 2.0
_REFUSED = 3
"""How the program ends where the component is at fault and not we."""


class Telling:
    """Says in words how far the compilation is; of what is quick nothing is said."""

    def __init__(self, what: str, told: Callable[[str], None]) -> None:
        self.what = what
        self._told = told
        self._seconds = 0.0

    async def go_on(self) -> None:
        """Say every other second that it still goes on, until cancelled."""
        await asyncio.sleep(_TOLD_AFTER_S)
        self._seconds = _TOLD_AFTER_S
        self._told(f"Compiling {self.what} for this machine; this is done once.")
        while True:
            await asyncio.sleep(_TOLD_EVERY_S)
            self._seconds += _TOLD_EVERY_S
            self._told(f"Compiling {self.what} for this machine: {self._seconds:.0f} seconds.")

    def end(self) -> None:
        """Say that it is done, where something was said before."""
        if self._seconds:
            self._told(f"Compiled {self.what}.")


async def compile_component(
    folder: CompiledFolder, name: str, wasm: bytes, argv: Sequence[str], telling: Telling
) -> None:
    """Compile `wasm` and keep it in the folder under `name`.

    Raises:
        InvalidInputError: it is no component that can run here.
        LimitError: it takes too long or too much memory to compile.
        SandboxUnavailableError: the process cannot be started.
    """
    opened, draft = await asyncio.to_thread(folder.draft)
    try:
        with open(opened, "wb") as into:  # noqa: ASYNC230  It is open already; this wraps it.
            code, said = await _compiled(argv, wasm, into.fileno(), telling)
        if code == _REFUSED:
            raise InvalidInputError(f"{telling.what} cannot be run: {said}".capitalize())
        if code < 0:
            raise LimitError(
                f"{telling.what} takes too long or too much memory to compile"
                f" (signal {-code}).".capitalize()
            )
        if code != 0:
            raise SandboxUnavailableError(
                f"Compiling {telling.what} failed, so it cannot run: {said or code}. Install"
                " Steward anew."
            )
        await asyncio.to_thread(folder.keep, name, draft)
        telling.end()
    finally:
        await asyncio.to_thread(_remove, draft)


async def _compiled(
    argv: Sequence[str], wasm: bytes, into: int, telling: Telling
) -> tuple[int, str]:
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=into,
            stderr=asyncio.subprocess.PIPE,
            env={},
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxUnavailableError(
            f"The compiler for extensions cannot be started ({error}), so none runs. Check that"
            f" {argv[0]!r} can be run."
        ) from error
    try:
        async with asyncio.timeout(2 * WASM_COMPILE_S_MAX), asyncio.TaskGroup() as tasks:
            ticking = tasks.create_task(telling.go_on())
            _, errors = await process.communicate(wasm)
            ticking.cancel()
    except TimeoutError:
        return -9, ""
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    said = errors[-WASM_TROUBLE_BYTES_MAX:].decode("utf-8", "replace").strip()
    return process.returncode or 0, said


def _remove(draft: Path) -> None:
    with suppress(FileNotFoundError):
        draft.unlink()
