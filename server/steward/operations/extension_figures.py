"""What extensions count in this process, on its way to the file that all processes share."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from steward.core.clock import Clock
from steward.core.events import Event, Events, ExtensionEmitted
from steward.core.extension_limits import (
    EXTENSION_FIGURES_AT_ONCE_MAX,
    EXTENSION_FIGURES_WAITING_MAX,
)
from steward.operations.figures_file import TOTAL, FiguresFile, Series

_log = logging.getLogger(__name__)

EVENT = "metric"
"""The name of the event; it takes the grant `events.emit` for it."""
_AT_MOST_EVERY_S = 2.0
_OURS = re.compile(r"^(__.*|extension|le|quantile|job|instance)$")
"""Labels that mean something already."""

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
_Said = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=80)]


class Metric(BaseModel):
    """What was counted, or how something stands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Name
    kind: Literal["counter", "gauge"] = "counter"
    labels: Annotated[dict[_Name, _Said], Field(max_length=6)] = Field(
        default_factory=dict[str, str]
    )
    value: Annotated[float, Field(ge=-1e15, le=1e15, allow_inf_nan=False)] = 1.0


_PAYLOAD: TypeAdapter[Metric | tuple[Metric, ...]] = TypeAdapter(
    Metric | Annotated[tuple[Metric, ...], Field(max_length=EXTENSION_FIGURES_AT_ONCE_MAX)]
)
"""One of them, or some at once."""


class ExtensionFigures:
    """Adds up what extensions of one process tell; for its rooms' lifetime."""

    def __init__(self, file: FiguresFile, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self._waiting: dict[Series, float] = {}
        self._is_due = asyncio.Event()

    @asynccontextmanager
    async def running(self, events: Events) -> AsyncGenerator[None]:
        """Inside, it watches, and writes every other second at most; the rest at the end."""
        try:
            async with asyncio.TaskGroup() as tasks:
                both = [tasks.create_task(self._watch(events)), tasks.create_task(self._write_on())]
                try:
                    yield
                finally:
                    for task in both:
                        task.cancel()
        finally:
            await self.flush()

    def note(self, event: Event) -> None:
        """Take down what an extension counted; what is no metric is left out and logged."""
        if not isinstance(event, ExtensionEmitted) or event.name != EVENT:
            return
        try:
            told = _PAYLOAD.validate_json(event.payload)
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"]))[:100]
            _log.info("a metric of %s was left out: %s is wrong", event.extension, where or "it")
            return
        for metric in told if isinstance(told, tuple) else (told,):
            self._take(_series(event.extension, metric), metric)
        self._is_due.set()

    def _take(self, series: Series, metric: Metric) -> None:
        if series not in self._waiting and len(self._waiting) >= EXTENSION_FIGURES_WAITING_MAX:
            return
        if not series.is_counter:
            self._waiting[series] = metric.value
        elif metric.value >= 0:  # A counter that fell would be taken for a restart.
            self._waiting[series] = self._waiting.get(series, 0.0) + metric.value

    async def flush(self) -> None:
        """Write what waits; what cannot be written now waits on."""
        changes, self._waiting = self._waiting, {}
        if not changes:
            return
        today = self._clock.now().date()
        try:
            await asyncio.to_thread(self._file.add, changes, today)
        except OSError:
            _log.info("the figures of extensions could not be written")
            for series, value in changes.items():
                later = self._waiting.get(series)
                if later is None:
                    self._waiting[series] = value
                elif series.is_counter:
                    self._waiting[series] = later + value

    async def _watch(self, events: Events) -> None:
        with events.watch() as seen:
            async for event in seen:
                self.note(event)

    async def _write_on(self) -> None:
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            await self.flush()
            await asyncio.sleep(_AT_MOST_EVERY_S)


def _series(extension: str, metric: Metric) -> Series:
    """Its name says what it is, so two extensions cannot disagree about a name's kind."""
    bare = metric.name.removesuffix(TOTAL).removeprefix("steward_") or "unnamed"
    name = f"{bare}{TOTAL}" if metric.kind == "counter" else bare
    labels = sorted(
        (f"own_{k}" if _OURS.match(k) else k, said) for k, said in metric.labels.items()
    )
    return Series(extension, name, tuple(labels))
