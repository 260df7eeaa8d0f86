"""An extension under test, for tests that are plain functions: its sandbox has its own thread."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import JsonValue

from steward.core.authoring_limits import TRIAL_EVENT_S_MAX, TRIAL_START_S_MAX
from steward.core.errors import InvalidInputError, UnavailableError
from steward.extensions.authoring.stand_in import Call, StandIn
from steward.extensions.authoring.trial import Package, Trial, on_trial, read_package
from steward.extensions.capability import Capability
from steward.extensions.manifest import MANIFEST_NAME
from steward.sandbox.wasm.worker import Workers

T = TypeVar("T")


class Sandbox:
    """Workers on a thread of their own, one for a whole session of tests."""

    def __init__(self, open_workers: Callable[[], Workers]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="steward-sandbox")
        self._thread.start()
        self.workers = open_workers()

    def wait(self, work: Coroutine[Any, Any, T], within_s: float = TRIAL_EVENT_S_MAX) -> T:
        """What the work gives.

        Raises:
            UnavailableError: it takes too long.
        """
        waiting = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return waiting.result(within_s)
        except concurrent.futures.TimeoutError:
            waiting.cancel()
            raise UnavailableError(
                f"The sandbox did not answer within {within_s:.0f} seconds; try once more."
            ) from None

    def close(self) -> None:
        """End the workers and the thread."""
        try:
            self.wait(self.workers.aclose())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


class ExtensionUnderTest:
    """An extension in the real sandbox; it is loaded with the first event.

    Change what is around it (`files`, `config`, `granted`, `answers`, `storage`) before an event,
    and look at `calls` and `log` after it.
    """

    def __init__(self, sandbox: Sandbox, package: Package) -> None:
        self._sandbox = sandbox
        self._package = package
        self._around: StandIn = package.stand_in()
        self._trial: Trial | None = None
        self._leaving: AbstractAsyncContextManager[Trial] | None = None

    @property
    def files(self) -> dict[str, str]:
        """The workspace: path → text."""
        return self._around.files

    @property
    def config(self) -> dict[str, JsonValue]:
        """What a person set; the rest has the manifest's defaults."""
        return self._around.config

    @property
    def granted(self) -> set[Capability]:
        """What it may do; at first all that its manifest asks for."""
        return self._around.granted

    @property
    def storage(self) -> dict[str, JsonValue]:
        """What it keeps."""
        return self._around.storage

    @property
    def answers(self) -> dict[str, Any]:
        """Host call → its response, or a list of one for each call, the last of which stays."""
        return self._around.answers

    @property
    def calls(self) -> list[Call]:
        """The host calls that it made, in their order."""
        return self._around.calls

    @property
    def log(self) -> list[tuple[str, str]]:
        """What it logged: level, line."""
        return self._around.log

    def save(self, path: str, text: str, language: str = "") -> list[Any]:
        """Save a file; gives the remarks on it, each as an object."""
        answer = self.handle("onFileSave", path=path, text=text, language=language)
        remarks: Any = answer["diagnostics"]
        return remarks

    def command(self, id: str, /, *, arguments: JsonValue = None, **place: Any) -> str | None:
        """What a person is told who runs a command.

        Args:
            id: the command.
            arguments: what their editor hands over.
            place: the `path`, `language`, `range` and `selection` in front of them.
        """
        answer = self.handle(f"command:{id}", place=place, arguments=arguments)
        message: Any = answer["message"]
        return message

    def tool(self, name: str, /, **arguments: JsonValue) -> JsonValue:
        """Use a tool; gives its result."""
        return self.handle(f"tool:{name}", arguments=arguments)["result"]

    def handle(self, topic: str, /, **payload: Any) -> dict[str, JsonValue]:
        """Give it an event; gives its whole answer.

        Raises:
            StewardError: it failed, was stopped, or answered what it may not.
        """
        return self._sandbox.wait(self._loaded().handle(topic, payload))

    def close(self) -> None:
        """Unload it."""
        leaving, self._leaving = self._leaving, None
        if leaving is not None:
            self._sandbox.wait(leaving.__aexit__(None, None, None))

    def _loaded(self) -> Trial:
        if self._trial is None:
            entering = on_trial(self._sandbox.workers, self._package, self._around)
            self._trial = self._sandbox.wait(entering.__aenter__(), TRIAL_START_S_MAX)
            self._leaving = entering
        return self._trial


def package_above(place: Path) -> Package:
    """The extension whose folder a test stands in.

    Raises:
        InvalidInputError: it stands in none.
    """
    for folder in (place, *place.parents):
        if (folder / MANIFEST_NAME).is_file():
            return read_package(folder)
    raise InvalidInputError(
        f"No folder above {str(place)!r} has an {MANIFEST_NAME}: put the test into the folder of"
        " the extension that it is about."
    )
