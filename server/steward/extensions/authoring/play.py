"""Recorded tests played: each event to the extension, and a verdict on what came of it."""

import copy
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from steward.core.errors import StewardError
from steward.extensions.authoring.judging import answer_differs, calls_differ
from steward.extensions.authoring.recorded import Recorded, RecordedEvent
from steward.extensions.authoring.stand_in import StandIn
from steward.extensions.authoring.trial import Package, Trial, on_trial
from steward.sandbox.wasm.worker import Workers


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one event of a recorded test."""

    number: int
    """From 1."""
    topic: str
    wrong: tuple[str, ...]
    """Empty: it is as it should be."""
    log: tuple[tuple[str, str], ...]
    """What the extension logged meanwhile."""


async def play(workers: Workers, package: Package, recorded: Recorded) -> AsyncGenerator[Verdict]:
    """A verdict on each event, in a fresh instance of the extension.

    Raises:
        StewardError: the extension could not be loaded.
    """
    stand_in = around(package, recorded)
    async with on_trial(workers, package, stand_in) as trial:
        for number, event in enumerate(recorded.events, 1):
            stand_in.calls.clear()
            stand_in.log.clear()
            wrong = tuple(await _played(trial, event))
            yield Verdict(number, event.topic, wrong, tuple(stand_in.log))


def around(package: Package, recorded: Recorded) -> StandIn:
    """What the test puts around the extension."""
    stand_in = package.stand_in()
    stand_in.files.update(recorded.files)
    stand_in.config.update(recorded.config)
    stand_in.storage.update(recorded.storage)
    stand_in.answers.update(copy.deepcopy(recorded.answers))
    if recorded.granted is not None:
        stand_in.granted = set(recorded.granted)
    return stand_in


async def _played(trial: Trial, event: RecordedEvent) -> list[str]:
    try:
        answer = await trial.handle(event.topic, event.payload)
    except StewardError as error:
        if event.fails is None:
            return [str(error)]
        if event.fails not in str(error):
            return [f"it failed, but its message does not hold {event.fails!r}:\n{error}"]
        answer = None
    else:
        if event.fails is not None:
            return [f"it was to fail with {event.fails!r}, and did not"]
    wrong: list[str] = []
    if event.expect is not None and answer is not None:
        wrong += answer_differs(event.topic, event.expect, answer)
    if event.calls is not None:
        wrong += calls_differ(event.calls, trial.stand_in.calls)
    return wrong
