"""The moments of agents' runs, told to the extensions that look at them.

Who only observes is told in the background and holds nobody up. Who may veto is asked before the
step, and a reason that it gives ends the step. A hook that fails or takes too long never breaks a
run: the step goes on as if nobody had looked. So a veto is a help against mistakes and no fence;
what must never happen is for `steward.permissions.decide` to say, which asks no extension.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

from steward.core.agent_limits import ENGINE_MOMENTS_MAX, ENGINE_VETO_S
from steward.core.errors import StewardError
from steward.extensions.current import Current
from steward.extensions.side_by_side import side_by_side
from steward.workspace.markdown import one_line

if TYPE_CHECKING:  # Nobody looks before an extension is enabled.
    from steward.extensions.packages.installed import Installed
    from steward.extensions.payloads import EngineVerdict

_log = logging.getLogger(__name__)

Point = Literal["task", "stage", "agent", "tool", "model"]
Time = Literal["before", "after", "error"]


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that is about to happen in a run, has happened, or has failed."""

    run: str
    agent: str
    point: Point
    time: Time
    name: str = ""
    """Of the stage, agent, tool or model."""
    paths: tuple[str, ...] = ()
    tokens: int | None = None
    cost_nano_usd: int | None = None
    elapsed_ms: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Veto:
    """Why a step must not be taken, in an extension's words."""

    extension: str
    reason: str

    @property
    def told(self) -> str:
        """The end of the sentence "It was not done: …"."""
        return f"the extension {self.extension} stopped it: {self.reason}"


@dataclass(slots=True)
class EngineHooks:
    """Tells of moments, and asks whether a step may be taken."""

    current: Current
    _waiting: "asyncio.Queue[Moment]" = field(
        default_factory=lambda: asyncio.Queue(ENGINE_MOMENTS_MAX)
    )

    async def before(self, moment: Moment) -> Veto | None:
        """Who stops what is about to happen, the first by id; None where nobody does."""
        asked = [each for each in self.current.granted("engine.veto") if _vetoes(each, moment)]
        found = await side_by_side(self._asked(each.manifest.id, moment) for each in asked)
        self.tell(moment)
        return next((veto for veto in found if veto is not None), None)

    def tell(self, moment: Moment) -> None:
        """Have those told who observe it. Whoever cannot keep up misses the oldest."""
        if not any(_observes(each, moment) for each in self.current.granted("engine.observe")):
            return
        if self._waiting.full():
            self._waiting.get_nowait()
            _log.info("extensions did not keep up with the moments of runs; one was left out")
        self._waiting.put_nowait(moment)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """While this is open, observers are told."""
        async with asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(self._keep_telling())
            try:
                yield
            finally:
                telling.cancel()

    async def _keep_telling(self) -> None:
        while True:
            moment = await self._waiting.get()
            observing = self.current.granted("engine.observe")
            told = [each.manifest.id for each in observing if _observes(each, moment)]
            await side_by_side(self._call(each, moment) for each in told)

    async def _asked(self, extension: str, moment: Moment) -> Veto | None:
        try:
            async with asyncio.timeout(ENGINE_VETO_S):
                verdict = await self._call(extension, moment)
        except TimeoutError:
            return None
        if verdict is None or verdict.veto is None:
            return None
        return Veto(extension, one_line(verdict.veto) or "it gave no reason")

    async def _call(self, extension: str, moment: Moment) -> "EngineVerdict | None":
        from steward.extensions.payloads import EngineMoment, EngineVerdict
        from steward.extensions.telling import event

        extensions = self.current.extensions
        if extensions is None:
            return None
        topic = f"engine:{moment.time}-{moment.point}"
        try:
            told = event(EngineMoment, **asdict(moment))
            return await extensions.call(extension, topic, told, EngineVerdict)
        except StewardError:
            return None  # It stands in the extension's log, and counts against it.


def _observes(installed: "Installed", moment: Moment) -> bool:
    """Whether it looks at the moment, and was not asked about it already."""
    return any(
        (hook.point, hook.time) == (moment.point, moment.time)
        for hook in installed.manifest.engine_hooks
    ) and not (_vetoes(installed, moment) and "engine.veto" in installed.granted)


def _vetoes(installed: "Installed", moment: Moment) -> bool:
    return moment.time == "before" and any(
        hook.veto and (hook.point, hook.time) == (moment.point, moment.time)
        for hook in installed.manifest.engine_hooks
    )
