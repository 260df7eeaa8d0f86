"""What a run did is written down once, for whoever looks, on both databases."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from steward.agents.run import RunLog, RunSpecification
from steward.core.errors import NotFoundError
from steward.core.principal import Principal
from tests.places import Place
from tests.rooms import Ground, open_ground

ANN = Principal("ann", "session-1", "/work")
BOB = Principal("bob", "session-2", "/work")


@pytest.fixture
async def ground(place: Place) -> AsyncGenerator[Ground]:
    async with open_ground(place) as ground:
        yield ground


@pytest.fixture
def log(ground: Ground) -> RunLog:
    return RunLog(ground.database, ground.clock, ground.events)


def run(run_id: str, principal: Principal = ANN) -> RunSpecification:
    return RunSpecification(run_id, "fix", "Make it right.", "a.py:2", "", "normal", principal)


async def test_a_step_that_is_played_again_overwrites_its_own_row(log: RunLog) -> None:
    await log.begin(run("run-1"), "me")
    for name, ok in (("think-0", True), ("tool-0", False), ("tool-0", True)):
        await log.record(run("run-1"), name, "Step\0", f"{name} {ok}\0", ok=ok)
    _, steps = await log.find(ANN, "run-1")
    assert [(step.name, step.ok, step.detail[:11]) for step in steps] == [
        ("think-0", True, "think-0 Tru"),
        ("tool-0", True, "tool-0 True"),
    ]


async def test_a_run_that_has_ended_stays_ended(ground: Ground, log: RunLog) -> None:
    await log.begin(run("run-1"), "me")
    await log.enter("run-1", "finished", "end", "Done.")
    ground.clock.advance(timedelta(seconds=1))
    await log.enter("run-1", "working", "again", "Not done.")
    row, _ = await log.find(ANN, "run-1")
    assert (row.state, row.message, row.ended_at) == ("finished", "Done.", row.created_at)
    assert await ground.trail() == ["run.started", "run.finished"]


async def test_runs_are_shown_to_whom_they_belong_the_newest_first(
    ground: Ground, log: RunLog
) -> None:
    for number, principal in enumerate((ANN, BOB, ANN, ANN)):
        await log.begin(run(f"run-{number}", principal), "me")
        ground.clock.advance(timedelta(seconds=1))
    assert [row.id for row in await log.latest(ANN, 2)] == ["run-3", "run-2"]
    with pytest.raises(NotFoundError):
        await log.find(BOB, "run-0")
    await log.enter("run-2", "cancelled", "end", "Cancelled.")
    await log.take_over("run-0", "somebody else")
    assert sorted(await log.unfinished(ANN)) == [("run-0", "somebody else"), ("run-3", "me")]
