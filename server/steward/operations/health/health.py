"""Looks at every part side by side; one that hangs is told as such, and holds up nobody.

However many ask at once, each part is looked at by one task at a time: a database that hangs is
not asked a second time before the first question has come back.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from steward.core.clock import Clock
from steward.core.errors import StewardError
from steward.operations.health.verdict import Check, Found, Part, Report

_log = logging.getLogger(__name__)

WITHIN_S = 5.0
"""How long a look may take before its part counts as unhealthy."""
READY_WITHIN_S = 2.0
"""The same where only is asked whether anybody can be served."""
AGAIN_S = 1.0
"""So long an answer stays the same, however often it is asked for."""


class Health:
    """How everything stands. It looks only while `running`."""

    def __init__(
        self,
        checks: Sequence[Check],
        clock: Clock,
        within_s: float = WITHIN_S,
        ready_within_s: float = READY_WITHIN_S,
    ) -> None:
        self._checks = checks
        self._needed = [each for each in checks if each.is_needed]
        self._clock = clock
        self._within_s = within_s
        self._ready_within_s = ready_within_s
        self._tasks: asyncio.TaskGroup | None = None
        self._under_way: dict[str, asyncio.Task[Part]] = {}
        self._report: tuple[float, Report] | None = None
        self._ready: tuple[float, bool] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Looks happen inside this block; those under way at its end are given up."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                yield
            finally:
                self._tasks = None
                for task in self._under_way.values():
                    task.cancel()

    async def report(self) -> Report:
        """How every part stands, at most a second ago."""
        now_s = self._clock.monotonic_s()
        if self._report is not None and now_s - self._report[0] < AGAIN_S:
            return self._report[1]
        parts = await self._looked(self._checks, self._within_s)
        made = Report(self._clock.now(), parts)
        self._report = (self._clock.monotonic_s(), made)
        return made

    async def is_ready(self) -> bool:
        """Whether anybody can be served now, at most a second ago."""
        now_s = self._clock.monotonic_s()
        if self._ready is not None and now_s - self._ready[0] < AGAIN_S:
            return self._ready[1]
        parts = await self._looked(self._needed, self._ready_within_s)
        ready = all(part.found.state != "unhealthy" for part in parts)
        self._ready = (self._clock.monotonic_s(), ready)
        return ready

    async def _looked(self, checks: Sequence[Check], within_s: float) -> tuple[Part, ...]:
        tasks = {each.name: self._task(each) for each in checks}
        if tasks:
            await asyncio.wait(tasks.values(), timeout=within_s)
        return tuple(_part(name, task, within_s) for name, task in tasks.items())

    def _task(self, check: Check) -> asyncio.Task[Part]:
        """The look that is under way, or a new one."""
        found = self._under_way.get(check.name)
        if found is not None and not found.done():
            return found
        if self._tasks is None:
            raise RuntimeError("nothing is looked at outside of `running`")
        task = self._tasks.create_task(self._look(check))
        self._under_way[check.name] = task
        return task

    async def _look(self, check: Check) -> Part:
        began_s = self._clock.monotonic_s()
        try:
            found = await check.look()
        except (StewardError, OSError) as error:
            found = Found("unhealthy", str(error))
        except Exception:  # The outer boundary: a look that fails is no reason to stop serving.
            _log.exception("looking at the part %s failed", check.name)
            found = Found("unhealthy", "Looking at it failed; the server's log says how.")
        return Part(check.name, found, (self._clock.monotonic_s() - began_s) * 1000)


def _part(name: str, task: asyncio.Task[Part], within_s: float) -> Part:
    if task.done() and not task.cancelled():
        return task.result()
    return Part(name, Found("unhealthy", f"No answer within {within_s:g} s."), within_s * 1000)
