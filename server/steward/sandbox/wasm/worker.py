"""Extensions at work: who runs in which worker, loaded again after whatever befell them.

There are two workers at most, one for the extensions that come with Steward and one for all
others, and each is started when its first extension is loaded. An extension that was stopped, or
whose worker died, is loaded anew when its next event comes; nobody has to know.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from steward.core.clock import Clock
from steward.core.errors import (
    ExtensionBusyError,
    ExtensionKilledError,
    ExtensionRaisedError,
    InvalidInputError,
    LimitError,
    NotFoundError,
)
from steward.core.key_file import KEY_BYTES
from steward.core.wasm_limits import (
    WASM_BUNDLE_BYTES_MAX,
    WASM_CALL_MS_WALL,
    WASM_EVENT_BYTES_MAX,
    WASM_EXTENSIONS_MAX,
    WASM_WAIT_S_MAX,
    WASM_WAITING_MAX,
)
from steward.sandbox.wasm.compiled import CompiledFolder
from steward.sandbox.wasm.guest import (
    Answer,
    Guest,
    HostCalls,
    WasmBounds,
    WasmStanding,
    WorkerStanding,
)
from steward.sandbox.wasm.jail import LAYERS, Layer
from steward.sandbox.wasm.line import Asked, Done, Line, Logged
from steward.sandbox.wasm.process import Process
from steward.sandbox.wasm.starting import Starter

__all__ = [
    "Answer",
    "Guest",
    "HostCalls",
    "WasmBounds",
    "WasmStanding",
    "Workers",
]

_FRESH = partial(secrets.token_hex, KEY_BYTES)
_ANSWERED: dict[str, str] = {
    "deadline": "took longer than it may and was stopped",
    "memory": "used more memory than it may and was stopped",
    "stack": "called itself too deeply and was stopped",
    "quota": "asked for more than it may and was stopped",
    "answer": "answered more than it may and was stopped",
    "trap": "crashed",
    "cancelled": "was stopped, since nobody waits for it any more",
    "gone": "was stopped together with its worker",
}


class _Resident:
    """An extension, and where it runs at the moment."""

    def __init__(self, guest: Guest, calls: HostCalls, room: "_Room") -> None:
        self.guest = guest
        self.calls = calls
        self.room = room
        self.turn = asyncio.Lock()
        self.waiting = 0
        self.process: Process | None = None
        """The worker that holds a living instance of it."""


class _Room:
    """One of the two workers, whichever process it is just now."""

    def __init__(self, *, is_shipped: bool) -> None:
        self.is_shipped = is_shipped
        self.process: Process | None = None
        self.starting = asyncio.Lock()


class Workers:
    """All extensions that run."""

    def __init__(
        self,
        clock: Clock,
        cache: Path,
        *,
        bounds: WasmBounds = WasmBounds(),  # noqa: B008  It is frozen.
        layers: Collection[Layer] = LAYERS,
        told: Callable[[str], None] | None = None,
        fresh: Callable[[], str] = _FRESH,
    ) -> None:
        """Nothing is started yet.

        Args:
            clock: says which compiled component was used least recently.
            cache: the folder for compiled components; made at need, for this account alone.
            bounds: how much of everything an extension may have.
            layers: what is put around the WebAssembly; fewer only in tests of what each is for.
            told: hears in words when something takes long, such as compiling a runtime.
            fresh: gives the key that seals the folder.
        """
        self._bounds = bounds
        folder = CompiledFolder(cache, clock, fresh)
        self._starter = Starter(folder, bounds, layers, told or _nothing)
        self._rooms = {each: _Room(is_shipped=each) for each in (True, False)}
        self._residents: dict[str, _Resident] = {}

    def is_possible(self) -> str | None:
        """Why no extension can run here; None: they can. Blocks for a moment."""
        return self._starter.missing()

    async def load(self, guest: Guest, calls: HostCalls, *, is_shipped: bool) -> str:
        """Start an extension, in place of an earlier one of its id; what its `load` answers.

        Raises:
            ExtensionRaisedError: its code failed.
            ExtensionKilledError: it was stopped.
            InvalidInputError: it is no component that can run here.
            LimitError: it is too large, or too many run already.
            SandboxUnavailableError: none can run here.
        """
        if len(guest.bundle) > WASM_BUNDLE_BYTES_MAX:
            raise LimitError(
                f"The files of the extension {guest.id!r} have more than"
                f" {WASM_BUNDLE_BYTES_MAX >> 20} MB together. Leave out what it does not read."
            )
        await self.unload(guest.id)
        if len(self._residents) >= WASM_EXTENSIONS_MAX:
            raise LimitError(
                f"{WASM_EXTENSIONS_MAX} extensions run already, which is the most. Disable one"
                " before you enable another."
            )
        resident = _Resident(guest, calls, self._rooms[is_shipped])
        self._residents[guest.id] = resident
        try:
            async with self._turn(resident):
                return await self._loaded_anew(resident)
        except BaseException:
            if self._residents.get(guest.id) is resident:
                del self._residents[guest.id]
            raise

    async def handle(
        self, extension: str, topic: str, payload: str, *, within_ms: int | None = None
    ) -> str:
        """Give an extension an event; what its `handle` answers, a stranger's text.

        Raises:
            ExtensionRaisedError: its code failed.
            ExtensionKilledError: it was stopped; its next event finds a fresh instance.
            ExtensionBusyError: too many events wait for it already.
            LimitError: the event is too large.
            NotFoundError: no such extension runs.
            SandboxUnavailableError: none can run here.
        """
        resident = self._residents.get(extension)
        if resident is None:
            raise NotFoundError(f"No extension {extension!r} runs. Enable it first.")
        if len(payload) > WASM_EVENT_BYTES_MAX:
            raise LimitError(
                f"The event {topic!r} has more than {WASM_EVENT_BYTES_MAX >> 20} MB, so"
                f" {extension!r} is not told of it."
            )
        ms = min(within_ms or self._bounds.call_ms, WASM_CALL_MS_WALL)
        async with self._turn(resident):
            for is_last in (False, True):
                process = await self._ready(resident)
                line = process.handle(extension, topic, payload, ms)
                try:
                    return await self._ended(resident, process, line)
                except ExtensionKilledError as error:
                    # Its worker was dead, or died of something else: whoever had asked for
                    # nothing has done nothing, and may be given the event again.
                    if is_last or line.has_asked or error.reason != "gone":
                        raise
        raise AssertionError

    async def unload(self, extension: str) -> None:
        """Stop an extension and forget it; what it does just now is broken off."""
        resident = self._residents.pop(extension, None)
        if resident is None or resident.process is None:
            return
        resident.process.send(["unload", extension])
        resident.process = None

    async def aclose(self) -> None:
        """End both workers and all that is in them."""
        self._residents.clear()
        for room in self._rooms.values():
            async with room.starting:
                process, room.process = room.process, None
                if process is not None:
                    await process.end()

    def standing(self) -> WasmStanding:
        """How extensions are kept apart here, and which run where."""
        workers = tuple(
            WorkerStanding(
                room.process.process_id,
                room.is_shipped,
                tuple(
                    each.guest.id
                    for each in self._residents.values()
                    if each.process is room.process
                ),
                room.process.own_bytes,
            )
            for room in self._rooms.values()
            if room.process is not None and room.process.lost is None
        )
        return WasmStanding(self._starter.jail, self._starter.sentence, workers)

    @asynccontextmanager
    async def _turn(self, resident: _Resident) -> AsyncGenerator[None]:
        """One event at a time for each extension, and not too many behind it."""
        if resident.waiting >= WASM_WAITING_MAX:
            raise ExtensionBusyError(
                f"The extension {resident.guest.id!r} is busy: {WASM_WAITING_MAX} events wait for"
                " it. This one was left out."
            )
        resident.waiting += 1
        try:
            async with resident.turn:
                yield
        finally:
            resident.waiting -= 1

    async def _ready(self, resident: _Resident) -> Process:
        """The worker in which it lives, once it does."""
        if resident.process is None or not resident.process.takes_calls:
            await self._loaded_anew(resident)
        assert resident.process is not None
        return resident.process

    async def _loaded_anew(self, resident: _Resident) -> str:
        guest = resident.guest
        process = await self._running(resident.room, guest)
        component = await self._starter.component(guest)
        if component not in process.components and guest.runtime != "component":
            # A runtime is shared by all that run on it, which only a file can be: another worker
            # begins with it, and the extensions of this one follow with their next events.
            process.retire()
            process = await self._running(resident.room, guest)
        if component not in process.components:
            component, code = await self._starter.code(guest)
            process.components.add(component)
            process.send(["component", component], code)
        line = process.load(guest.id, component, guest.bundle, self._bounds.load_ms)
        text = await self._ended(resident, process, line)
        resident.process = process
        return text

    async def _running(self, room: _Room, guest: Guest) -> Process:
        async with room.starting:
            if room.process is None or not room.process.takes_calls:
                room.process = await self._starter.start(guest)
            return room.process

    async def _ended(self, resident: _Resident, process: Process, line: Line) -> str:
        """What comes of a call, its questions answered on the way."""
        try:
            while True:
                match await line.next():
                    case Asked(name, arguments):
                        line.has_asked = True
                        process.answer(line, await self._answer(resident, name, arguments))
                    case Logged(level, text):
                        await self._answer(resident, "log", (level, text))
                    case Done("ok", text):
                        return text
                    case Done("raised", text):
                        raise ExtensionRaisedError(text)
                    case Done("refused", text):
                        raise InvalidInputError(text)
                    case Done(reason, text):
                        resident.process = None
                        raise _killed(resident.guest.id, reason, text)
        finally:
            if not line.is_done:
                resident.process = None
                process.hang_up(line)

    async def _answer(
        self, resident: _Resident, name: str, arguments: tuple[str | None, ...]
    ) -> Answer:
        try:
            async with asyncio.timeout(WASM_WAIT_S_MAX):
                answer = await resident.calls.answer(resident.guest.id, name, arguments)
        except TimeoutError:
            return "unavailable", f"{name} was not answered within {WASM_WAIT_S_MAX:.0f} seconds."
        if answer[1] is not None and len(answer[1]) > self._bounds.host_bytes:
            return "limit", f"What {name} found is larger than an extension may be told."
        return answer


def _nothing(_sentence: str) -> None:
    """Nobody wants to hear it."""


def _killed(extension: str, reason: str, text: str) -> ExtensionKilledError:
    what = _ANSWERED.get(reason, "was stopped")
    why = f" ({text})" if text else ""
    return ExtensionKilledError(
        reason, f"The extension {extension!r} {what}{why}. Its next event finds it started anew."
    )
