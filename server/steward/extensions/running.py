"""The extensions that run for one person and open folder, and the events they are given.

What is enabled is loaded, what is not goes; both as soon as a change is noticed, whichever process
made it. An event goes to one extension, with a deadline: its fault is never another's. What it
answers is a stranger's data and checked before anybody looks at it; a fault is counted, and where
there were enough of them the extension is disabled.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from sqlmodel import Session

from steward.core.errors import (
    ExtensionKilledError,
    ExtensionRaisedError,
    InvalidInputError,
    LimitError,
    NotFoundError,
    NotPermittedError,
    StaleError,
    StewardError,
)
from steward.core.events import ExtensionsChanged
from steward.core.extension_limits import EXTENSION_ANSWER_CHARS_MAX
from steward.core.store import Mark
from steward.core.timings import OK
from steward.extensions.activity import Activity
from steward.extensions.bundle import guest_of
from steward.extensions.faults import FaultKind, Faults
from steward.extensions.host.arguments import payload_read
from steward.extensions.host.host import Host, HostParts
from steward.extensions.packages.installed import Installed
from steward.extensions.packages.rows import Books
from steward.extensions.packages.store import PackageStore
from steward.extensions.payloads import EditDecided, LoadResponse, Nothing, Payload
from steward.extensions.registered import why_not_registered
from steward.extensions.sifting import for_extension
from steward.extensions.telling import ms_for, permitted
from steward.extensions.turns import Turns
from steward.permissions.seal import Seal
from steward.sandbox.wasm.worker import Workers

_log = logging.getLogger(__name__)

P = TypeVar("P", bound=Payload)

_TRIED_AGAIN_S = 60.0
"""So long is not tried again what could not be loaded, and was not at fault."""
_LOOK_S = 1.0
"""How soon a change of what is installed is noticed that another process made."""
_KILLS: Mapping[str, FaultKind] = {
    "deadline": "deadline",
    "memory": "memory",
    "quota": "quota",
    "answer": "answer",
    "trap": "trap",
    "stack": "trap",
    "gone": "gone",
}
"""Why the sandbox stopped an extension → the fault; for another reason it is not at fault."""


class WrongAnswerError(InvalidInputError):
    """What an extension answered is not what the API says."""

    code = "steward.wrong_answer"


class Extensions:
    """Loads what is enabled, gives it events, and keeps an eye on it."""

    def __init__(self, parts: HostParts, store: PackageStore, seal: Seal, workers: Workers) -> None:
        """Join them; nothing is loaded before `refresh`, and no worker started before that."""
        self._parts = parts
        self._store = store
        self._seal = seal
        self._workers = workers
        self._principal = parts.principal
        self._activity = Activity(parts.database, parts.clock, parts.new_id, parts.principal)
        self._faults = Faults(parts.database, parts.clock, parts.new_id, parts.principal)
        self._host = Host(parts, self._activity, self._find)
        self._turns = Turns()
        self._installed: dict[str, Installed] = {}
        """All that is installed, as it was looked at last."""
        self._loaded: dict[str, Installed] = {}
        self._registered: dict[str, LoadResponse] = {}
        self._rests_until: dict[str, float] = {}
        """When one that could not be loaded is tried again."""
        self._mark: Mark | None = None
        self._rows: tuple[tuple[str, str, str], ...] | None = None
        self._looking = asyncio.Lock()
        self._refreshing = asyncio.Lock()

    @property
    def host(self) -> Host:
        """What extensions ask of: its logs, and which edits are whose."""
        return self._host

    @property
    def activity(self) -> Activity:
        """What each of them did."""
        return self._activity

    @property
    def faults(self) -> Faults:
        """What went wrong."""
        return self._faults

    def active(self) -> tuple[Installed, ...]:
        """Those that are loaded, by id."""
        return tuple(self._loaded[each] for each in sorted(self._loaded))

    def registered(self, extension: str) -> LoadResponse | None:
        """What the code of an extension registered; None where it is not loaded."""
        return self._registered.get(extension)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Keep what runs as what is enabled, land what is proposed, and write figures down."""
        async with asyncio.TaskGroup() as tasks:
            kept = (
                tasks.create_task(self._activity.keep()),
                tasks.create_task(self._host.edits.keep(self._principal, self._decided)),
                tasks.create_task(self._keep_fresh()),
            )
            try:
                yield
            finally:
                for task in kept:
                    task.cancel()
                for extension in tuple(self._loaded):
                    await self._unload(extension)

    async def refresh(self) -> None:
        """Load what is enabled and not loaded, and let go of what is not enabled any more."""
        async with self._refreshing:
            known = await self._known()
            wanted = {id_: one for id_, one in known.items() if one.state == "enabled"}
            gone = [
                id_
                for id_, one in self._loaded.items()
                if id_ not in wanted or wanted[id_].digest != one.digest
            ]
            for extension in gone:
                await self._unload(extension)
            new = [one for id_, one in wanted.items() if id_ not in self._loaded]
            async with asyncio.TaskGroup() as tasks:
                for one in new:
                    tasks.create_task(self._load(one))
            for id_ in self._loaded.keys() & wanted.keys():
                self._loaded[id_] = wanted[id_]  # Its grants and settings may be others.
            if self._rows is not None and (gone or new):
                await self._host.logs.sweep(known.keys())
                self._parts.events.send(ExtensionsChanged(self._principal.workspace))

    async def call(
        self,
        extension: str,
        topic: str,
        payload: Payload,
        answer: type[P],
    ) -> P:
        """Give one extension an event; what it answers, checked.

        What it may not be told of, and what its own edit caused, is kept from it. Of
        several saves of a file that wait for it the last one alone is given to it.

        Raises:
            NotFoundError: it does not run.
            NotPermittedError: it may not be told of this, or stopped at what it was not granted
                or cannot have here.
            StaleError: it is not told of this, because of that.
            ExtensionRaisedError, ExtensionKilledError, WrongAnswerError: its fault, which is
                counted.
            ExtensionBusyError: too many events wait for it.
            SandboxUnavailableError: nothing can run here.
        """
        installed = self._loaded.get(extension)
        if installed is None:
            raise NotFoundError(
                f"The extension {extension!r} does not run. `steward extension list` shows those"
                " that do."
            )
        may_hear = permitted(await self._host.gate.caller(extension), payload)
        told = await for_extension(extension, may_hear, self._host.own, self._parts.workspace)
        if told is None:
            raise StaleError(f"The extension {extension!r} did this itself, so it is not told.")
        async with self._turns.taken(extension, told):
            return await self._handled(installed, topic, told.as_json, answer, ms_for(payload))

    async def _handled(
        self,
        installed: Installed,
        topic: str,
        payload: str,
        answer: type[P],
        within_ms: int | None = None,
    ) -> P:
        extension, clock = installed.manifest.id, self._parts.clock
        began_s = clock.monotonic_s()
        fault: FaultKind | None = None
        self._host.calls.taken_withheld(extension)
        try:
            text = await self._workers.handle(extension, topic, payload, within_ms=within_ms)
            return await _answer_in(answer, text)
        except StewardError as error:
            withheld = self._host.calls.taken_withheld(extension)
            if isinstance(error, ExtensionRaisedError) and withheld and withheld in str(error):
                # It stopped at what a person did not allow or has not got: that is no fault of
                # its own, and the person needs our sentence and not where it stood in its code.
                await self._host.logs.write(extension, "error", f"{topic}: {error}")
                raise NotPermittedError(withheld) from error
            fault = _fault_of(error)
            if isinstance(error, ExtensionKilledError):
                self._host.calls.cancel(extension)
            if fault is not None:
                await self._strike(installed, fault, topic, str(error))
            raise
        finally:
            took_s = clock.monotonic_s() - began_s
            self._activity.handled(extension, round(took_s * 1000), is_fault=fault is not None)
            self._parts.timings.note("extension", extension, topic, took_s, fault or OK)

    async def _strike(self, installed: Installed, kind: FaultKind, topic: str, said: str) -> None:
        """Count a fault; where there were enough of them, let go of the extension and say so."""
        extension = installed.manifest.id
        _log.info("an extension failed", extra={"extension": extension, "kind": kind})
        await self._host.logs.write(extension, "error", f"{topic}: {kind}: {said}")
        report = await self._faults.strike(installed, kind, topic, said)
        if report is None:
            return
        try:
            await self._store.set_state(self._principal, extension, "faulted", why=kind)
        except StewardError as error:  # It is removed, or its package is broken: it is let go of.
            _log.warning("an extension could not be disabled: %s", error.code)
        self._forget(extension)
        await self._workers.unload(extension)
        self._parts.events.send(ExtensionsChanged(self._principal.workspace))
        await self._parts.screen.show_disabled(report)

    def _forget(self, extension: str) -> None:
        self._loaded.pop(extension, None)
        self._registered.pop(extension, None)
        self._host.cancel(extension)
        self._activity.forget(extension)

    async def _load(self, installed: Installed) -> None:
        extension, now_s = installed.manifest.id, self._parts.clock.monotonic_s()
        if now_s < self._rests_until.get(extension, now_s):
            return
        try:
            guest = await asyncio.to_thread(guest_of, installed)
            text = await self._workers.load(
                guest, self._host.calls, is_shipped=installed.is_shipped
            )
            registered = await _answer_in(LoadResponse, text)
            if (why := why_not_registered(installed.manifest, registered)) is not None:
                raise WrongAnswerError(why)
        except StewardError as error:
            await self._workers.unload(extension)
            await self._load_failed(installed, error)
            return
        self._rests_until.pop(extension, None)
        self._loaded[extension], self._registered[extension] = installed, registered
        if "onLoad" in registered.hooks:
            with suppress(StewardError):
                await self._handled(installed, "onLoad", "{}", Nothing)

    async def _load_failed(self, installed: Installed, error: StewardError) -> None:
        """Count it, and try again soon; where the extension is not at fault, later."""
        extension = installed.manifest.id
        fault = "answer" if isinstance(error, InvalidInputError) else _fault_of(error)
        rest_s = _TRIED_AGAIN_S if fault is None else _LOOK_S
        self._rests_until[extension] = self._parts.clock.monotonic_s() + rest_s
        if fault is not None:
            await self._strike(installed, fault, "load", str(error))
            return
        await self._host.logs.write(extension, "error", f"load: {error}")
        _log.warning("an extension could not be loaded: %s", error.code)

    async def _unload(self, extension: str) -> None:
        installed, registered = self._loaded.get(extension), self._registered.get(extension)
        if installed is not None and registered is not None and "onUnload" in registered.hooks:
            with suppress(StewardError):
                await self._handled(installed, "onUnload", "{}", Nothing)
        self._forget(extension)
        await self._workers.unload(extension)

    async def _decided(self, extension: str, decided: EditDecided) -> None:
        """What became of a proposal; the extension may be gone."""
        if extension in self._loaded:
            await self.call(extension, "editDecided", decided, Nothing)

    async def _keep_fresh(self) -> None:
        """Notice what other processes change, until cancelled."""
        while True:
            try:
                await self.refresh()
            except StewardError as error:
                _log.warning("extensions could not be looked at: %s", error.code)
            await asyncio.sleep(_LOOK_S)

    async def _find(self, extension: str) -> Installed | None:
        """How an extension stands at this moment; asked at each host call."""
        return (await self._known()).get(extension)

    async def _known(self) -> Mapping[str, Installed]:
        """All that is installed, read anew only where somebody has changed a row of it."""
        mark = await self._parts.database.mark()
        if mark is not None and mark == self._mark:
            return self._installed
        async with self._looking:
            rows = await self._parts.database.read(self._signature)
            if rows != self._rows:
                found = await self._store.installed(self._principal)
                self._installed = {one.manifest.id: one for one in found}
            self._rows, self._mark = rows, mark
        return self._installed

    def _signature(self, session: Session) -> tuple[tuple[str, str, str], ...]:
        """What tells one state of the rows from another; every change of one changes its seal."""
        books = Books(session, self._principal, self._seal, self._parts.clock.now())
        return tuple(
            (row.id, row.digest, row.seal) for row, is_ours in books.extensions() if is_ours
        )


async def _answer_in(answer: type[P], text: str) -> P:
    """What an extension answered. Whoever registers nothing for it answers `null`."""
    if answer is Nothing or text == "null":
        text = "{}"
    try:
        return await payload_read(answer, text, EXTENSION_ANSWER_CHARS_MAX)
    except (InvalidInputError, LimitError) as error:
        raise WrongAnswerError(f"It answered what the API does not know: {error}") from error


def _fault_of(error: StewardError) -> FaultKind | None:
    """The fault that an error is the extension's; None where it is not at fault."""
    match error:
        case ExtensionRaisedError():
            return "raised"
        case ExtensionKilledError(reason=reason):
            return _KILLS.get(reason)
        case WrongAnswerError():
            return "answer"
        case _:
            return None
