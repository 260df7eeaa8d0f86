"""The moments of one run that extensions may look at, and some of them stop."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from steward.core.errors import NotPermittedError, StewardError
from steward.extensions.engine_hooks import EngineHooks, Moment, Point, Time, Veto

if TYPE_CHECKING:
    from steward.core.clock import Clock


@dataclass(slots=True)
class Took:
    """What a moment took beside time, for whoever knows it to fill in."""

    tokens: int | None = None
    cost_nano_usd: int | None = None


@dataclass(frozen=True, slots=True)
class Moments:
    """The moments of one agent of a run; nothing happens where no extension runs."""

    hooks: EngineHooks | None
    clock: "Clock"
    run_id: str
    agent: str

    async def before(self, point: Point, name: str, paths: Sequence[str] = ()) -> Veto | None:
        """Who stops it; None where nobody does."""
        if self.hooks is None:
            return None
        return await self.hooks.before(self._moment(point, "before", name, paths))

    def tell(
        self, point: Point, time: Time, name: str, paths: Sequence[str] = (), error: str = ""
    ) -> None:
        """Tell of something that is over."""
        if self.hooks is not None:
            self.hooks.tell(replace(self._moment(point, time, name, paths), error=error))

    @asynccontextmanager
    async def around(self, point: Point, name: str) -> AsyncGenerator[Took]:
        """What is done inside may be stopped before, and is told of after.

        Raises:
            NotPermittedError: an extension stopped it; nothing was done.
        """
        if veto := await self.before(point, name):
            raise NotPermittedError(
                f"The {point} {name!r} was not begun: {veto.told}. `steward extension disable"
                f" {veto.extension}` takes its say away; then let the run go on."
            )
        took, began_s = Took(), self.clock.monotonic_s()
        time: Time = "error"
        error = "it was given up"
        try:
            yield took
            time, error = "after", ""
        except StewardError as failed:
            error = failed.code
            raise
        finally:
            if self.hooks is not None:
                took_ms = int((self.clock.monotonic_s() - began_s) * 1000)
                moment = replace(
                    self._moment(point, time, name),
                    tokens=took.tokens,
                    cost_nano_usd=took.cost_nano_usd,
                    elapsed_ms=took_ms,
                    error=error,
                )
                self.hooks.tell(moment)

    def _moment(self, point: Point, time: Time, name: str, paths: Sequence[str] = ()) -> Moment:
        return Moment(self.run_id, self.agent, point, time, name, tuple(paths))
