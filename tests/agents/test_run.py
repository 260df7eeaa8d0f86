"""What a run did is written down once, for whoever looks, on both databases."""

import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import pytest

from steward.agents.agent import Caps
from steward.agents.run import RunLog, RunSpecification, specification_from_json
from steward.core.errors import InvalidInputError, NotFoundError
from steward.core.principal import Principal
from steward.permissions.rules import Rule
from tests.agents.crew import FIX
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
    return RunSpecification(run_id, FIX, "Make it right.", "a.py:2", "", "normal", principal)


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
    unfinished = sorted((each.run_id, each.owner) for each in await log.unfinished(ANN))
    assert unfinished == [("run-0", "somebody else"), ("run-3", "me")]


async def test_a_run_pins_its_agent_and_what_the_journal_says_of_it_is_checked() -> None:
    rules = (Rule("deny", "edit_file", "vendor/**"),)
    agent = replace(FIX, rules=rules, caps=Caps(tokens=5, wall_s=1.5), source="workspace")
    asked = replace(run("run-1"), agent=agent, mentions=("a.py:1-2", "#f"), caps=Caps(steps=3))
    journaled = json.loads(json.dumps(asked.as_json()))
    assert specification_from_json(journaled) == asked
    assert specification_from_json(asked.as_json()) == asked
    journaled["agent"]["permission_scope"].append("files.everything")
    with pytest.raises(InvalidInputError, match=r"agent\.permission_scope"):
        specification_from_json(journaled)
