"""How long things take in this process, added up in memory until somebody writes it down.

Whoever measures notes a time under a name and goes on: no lock, no wait, and a bounded number of
names. Times are kept on a scale whose steps grow by a fifth, so that any share of them can be told
to within a tenth, from figures of any number of hours and processes added together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, log2
from typing import Literal

from steward.core.figures_limits import TIMINGS_NAME_CHARS_MAX, TIMINGS_SERIES_MAX

Part = Literal["provider", "database", "sandbox", "socket", "extension"]
OK = "ok"

_FIRST_US = 10.0
_STEPS_AN_OCTAVE = 4
_LAST_STEP = 140
"""Beyond four days nobody waits."""


@dataclass(frozen=True, slots=True)
class Series:
    """What was measured, and how it ended."""

    part: Part
    name: str
    """Which one: a model, a level of the sandbox, an extension."""
    measure: str
    outcome: str = OK
    """`ok`, or how it failed."""


@dataclass(slots=True)
class Kept:
    """How often it took about so long."""

    count: int = 0
    took_us: int = 0
    """All together."""


Steps = dict[int, Kept]
"""Step of the scale → how often."""


def step_of(took_s: float) -> int:
    """The step of the scale on which a time lies."""
    took_us = took_s * 1e6
    if took_us <= _FIRST_US:
        return 0
    return min(_LAST_STEP, ceil(_STEPS_AN_OCTAVE * log2(took_us / _FIRST_US)))


def most_s(step: int) -> float:
    """The longest time that lies on a step."""
    return float(_FIRST_US * 2 ** (step / _STEPS_AN_OCTAVE) / 1e6)


def middle_s(step: int) -> float:
    """What a time on this step is taken for."""
    return most_s(0) if step <= 0 else float((most_s(step) * most_s(step - 1)) ** 0.5)


class Timings:
    """Takes times down. Call it from the event loop's thread."""

    def __init__(self) -> None:
        self._waiting: dict[Series, Steps] = {}
        self._all: dict[Series, Steps] = {}

    def note(self, part: Part, name: str, measure: str, took_s: float, outcome: str = OK) -> None:
        """It took so long."""
        series = Series(
            part, name[:TIMINGS_NAME_CHARS_MAX], measure[:TIMINGS_NAME_CHARS_MAX], outcome
        )
        step, took_us = step_of(took_s), max(0, round(took_s * 1e6))
        for kept in (self._waiting, self._all):
            steps = kept.get(series)
            if steps is None:
                if len(kept) >= TIMINGS_SERIES_MAX:
                    continue
                steps = kept[series] = {}
            one = steps.setdefault(step, Kept())
            one.count += 1
            one.took_us += took_us

    def take(self) -> Mapping[Series, Steps]:
        """What was noted since the last time; it is whoever takes it who keeps it now."""
        taken, self._waiting = self._waiting, {}
        return taken

    def since_start(self) -> Iterator[tuple[Series, Steps]]:
        """All that was noted since this process began, in the order of first notice."""
        yield from self._all.items()
