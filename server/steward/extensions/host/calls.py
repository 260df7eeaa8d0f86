"""Answers every host call: who calls, which call, its arguments, and its error in one place.

Which extension calls is known from its store and never from an argument. Nothing of a call outlives
the extension: when it goes, what it waits for is cancelled.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotFoundError,
    NotPermittedError,
    OverBudgetError,
    RateLimitedError,
    StewardError,
)
from steward.core.extension_limits import EXTENSION_HOST_CALLS_MAX
from steward.extensions.activity import Activity
from steward.extensions.host.gate import Caller, Gate
from steward.sandbox.wasm.guest import Answer, Refusal

_log = logging.getLogger(__name__)

Arguments = tuple[str | None, ...]
Call = Callable[[Caller, Arguments], Awaitable[str | None]]
"""What answers one function of the interface."""

_REFUSALS: tuple[tuple[type[StewardError], Refusal], ...] = (
    (NotPermittedError, "denied"),
    (NotFoundError, "not-found"),
    (LimitError, "limit"),
    (OverBudgetError, "limit"),
    (RateLimitedError, "limit"),
    (InvalidInputError, "invalid"),
)
"""Error → what the interface calls it; every other one is `unavailable`."""


class Calls:
    """Answers what extensions ask of Steward."""

    def __init__(self, gate: Gate, activity: Activity, calls: Mapping[str, Call]) -> None:
        """Join them; `calls` answers each function by the name that the interface gives it."""
        self._gate = gate
        self._activity = activity
        self._calls = calls
        self._open: dict[str, set[asyncio.Timeout]] = {}
        self._withheld: dict[str, str] = {}

    async def answer(self, extension: str, name: str, arguments: Sequence[str | None]) -> Answer:
        """The answer to one call; every error of ours becomes one of the interface's."""
        answer = await self._answered(extension, name, arguments)
        if answer[0] == "denied" or answer[0] == "unavailable":
            self._withheld[extension] = answer[1]
        return answer

    def taken_withheld(self, extension: str) -> str | None:
        """Why an extension last was denied something, or could not have it here; told once."""
        return self._withheld.pop(extension, None)

    async def _answered(self, extension: str, name: str, arguments: Sequence[str | None]) -> Answer:
        call = self._calls.get(name)
        if call is None:
            return "invalid", f"There is no host call {name[:100]!r}."
        if len(self._open.get(extension, ())) >= EXTENSION_HOST_CALLS_MAX:
            return "limit", f"{EXTENSION_HOST_CALLS_MAX} host calls wait already; wait for one."
        self._activity.called(extension)
        try:
            with self._noted(extension) as until:
                async with until:
                    caller = await self._gate.caller(extension)
                    return "ok", await call(caller, tuple(arguments))
        except TimeoutError:
            return "unavailable", "The extension was stopped."
        except StewardError as error:
            return refusal_of(error), str(error)
        except Exception:  # An outer boundary: one call ends, and the log has the details.
            _log.exception("a host call broke", extra={"extension": extension, "call": name})
            return "unavailable", "Something went wrong in Steward; its log has the details."

    def cancel(self, extension: str) -> None:
        """End the calls of an extension that goes, or whose store is gone."""
        for until in self._open.get(extension, ()):
            until.reschedule(0)

    @contextmanager
    def _noted(self, extension: str) -> Generator[asyncio.Timeout]:
        until = asyncio.timeout(None)
        self._open.setdefault(extension, set()).add(until)
        try:
            yield until
        finally:
            calls = self._open[extension]
            calls.discard(until)
            if not calls:
                del self._open[extension]


def refusal_of(error: StewardError) -> Refusal:
    """What the interface calls an error of ours."""
    for kind, refusal in _REFUSALS:
        if isinstance(error, kind):
            return refusal
    return "unavailable"
