"""What happens is counted off the path, on both databases, and holds no text."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, timedelta

import pytest

from steward.core.agent_limits import EVENTS_WAITING_MAX
from steward.core.events import PullRequestOpened, RunChanged, StepTaken
from steward.core.principal import Principal
from steward.operations.analytics import Analytics
from steward.operations.happenings import Asked, By, Line, newest, sums_by
from tests.places import Place, execute
from tests.rooms import DEADLINE_S, Ground, open_ground

ANN = Principal("ann", "session-1", "/home/ann/secret-project")
DONE = RunChanged("run-1", ANN.workspace, "finished", "end", "Changed a.py", "fix")


@pytest.fixture
async def ground(place: Place) -> AsyncGenerator[Ground]:
    async with open_ground(place) as ground:
        yield ground


def analytics_of(ground: Ground, principal: Principal = ANN) -> Analytics:
    return Analytics(ground.database, ground.clock, principal, keep_days=30)


def step(kind: str, subject: str, outcome: str) -> StepTaken:
    return StepTaken("run-1", "fix", kind, subject, outcome, 250)


async def sums(ground: Ground, by: By = "name", user: str | None = "ann") -> tuple[Line, ...]:
    today = ground.clock.now().astimezone(UTC).date()
    asked = Asked("local", today - timedelta(days=400), today, user)
    return await ground.database.read(lambda session: sums_by(session, by, asked))


async def test_a_run_becomes_events(ground: Ground) -> None:
    analytics = analytics_of(ground)
    begun = RunChanged("run-1", ANN.workspace, "planning", "start", "Thinking", "fix")
    for event in (
        begun,
        step("plan", "", "ok"),
        step("ask", "plan", "edited"),
        step("ask", "plan", "approved"),
        step("ask", "loop", "approved"),
        step("think", "", "ok"),
        step("tool", "edit_file", "ok"),
        step("land", "", "applied"),
        step("tool", "run_tests", "steward.not_permitted"),
        step("tool", "run_tests", "steward.beyond_plan"),
        step("tool", "search", "steward.limit"),
        PullRequestOpened("run-1", "fix", 90_000),
        RunChanged("run-1", ANN.workspace, "working", "tool-0-0", "Search"),
        DONE,
    ):
        analytics.note(event)
    await analytics.flush()
    assert [(line.name, line.outcome, line.count) for line in await sums(ground)] == [
        ("AGENT_PLAN_APPROVED", "approved", 1),
        ("AGENT_PLAN_CREATED", "ok", 1),
        ("AGENT_PLAN_REJECTED", "edited", 1),
        ("AGENT_RUN_ENDED", "finished", 1),
        ("AGENT_RUN_STARTED", "", 1),
        ("AI_APPLY", "applied", 1),
        ("PR_CREATED", "", 1),
        ("TOOL_DENIED", "steward.not_permitted", 1),
        ("TOOL_FAILED", "steward.limit", 1),
        ("TOOL_USED", "ok", 1),
    ]
    by_subject = {line.group for line in await sums(ground, "subject")}
    assert by_subject == {"", "plan", "edit_file", "run_tests", "search"}


async def test_events_hold_no_text_and_no_path(ground: Ground, place: Place) -> None:
    analytics = analytics_of(ground)
    analytics.note(DONE)
    await analytics.flush()
    kept = str(execute(place, "SELECT * FROM event"))
    assert "secret-project" not in kept
    assert "a.py" not in kept


async def test_they_are_told_apart_by_day_and_person(ground: Ground) -> None:
    analytics = analytics_of(ground)
    analytics.note(DONE)
    ground.clock.advance(timedelta(days=1))
    analytics.note(DONE)
    await analytics.flush()
    bob = analytics_of(ground, Principal("bob", "session-2", "/work"))
    bob.note(DONE)
    await bob.flush()
    today = ground.clock.now().date()
    assert [line.group for line in await sums(ground, "day")] == [
        str(today - timedelta(days=1)),
        str(today),
    ]
    assert [(line.group, line.count) for line in await sums(ground, "user", None)] == [
        ("ann", 2),
        ("bob", 1),
    ]
    asked = Asked("local", today, today, None)
    found = await ground.database.read(lambda session: newest(session, asked, 10))
    assert [row.user for row in found] == ["bob", "ann"]


async def test_what_comes_faster_than_it_is_written_is_counted_as_lost(
    ground: Ground,
) -> None:
    analytics = analytics_of(ground)
    for _ in range(EVENTS_WAITING_MAX + 3):
        analytics.note(DONE)
    await analytics.flush()
    found = {line.name: line.count for line in await sums(ground)}
    assert found == {"AGENT_RUN_ENDED": EVENTS_WAITING_MAX, "EVENTS_LOST": 3}


async def test_old_events_are_forgotten(ground: Ground) -> None:
    analytics = analytics_of(ground)
    analytics.note(DONE)
    await analytics.flush()
    ground.clock.advance(timedelta(days=31))
    async with analytics_of(ground).running(ground.events):
        analytics.note(DONE)
        await analytics.flush()
        ground.events.send(DONE)
        async with asyncio.timeout(DEADLINE_S):
            while [line.count for line in await sums(ground)] != [2]:
                await asyncio.sleep(0.01)
