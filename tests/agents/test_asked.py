"""What is asked of a run from elsewhere stands in its row until it is done, on both databases."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import pytest

from steward.agents.agent import NO_CAPS, Caps
from steward.agents.asked import ask_cancel, ask_resume, claim, end_cancelled, wishes
from steward.agents.prune import old_runs, prune
from steward.agents.reading import Whose, runs_of, trace_of
from steward.agents.run import RunLog
from steward.agents.sent import Sent, sent_in
from steward.core.errors import InvalidInputError, NotFoundError, NotPermittedError
from steward.gateway.request import Message
from steward.permissions import people
from steward.permissions.roles import Person
from tests.agents.test_run import ANN, BOB, run
from tests.places import Place
from tests.rooms import Ground, open_ground


@pytest.fixture
async def ground(place: Place) -> AsyncGenerator[Ground]:
    async with open_ground(place) as ground:
        owner = Person("ann", "owner")
        await ground.database.run(lambda session: people.add(session, ANN, owner, now(ground)))
        yield ground


@pytest.fixture
async def log(ground: Ground) -> RunLog:
    log = RunLog(ground.database, ground.clock, ground.events)
    await log.begin(run("run-1"), "window-1")
    return log


def now(ground: Ground):
    return ground.clock.now()


async def resume(ground: Ground, run_id: str = "run-1", raised: Caps = NO_CAPS) -> None:
    at = now(ground)
    await ground.database.run(lambda session: ask_resume(session, ANN, run_id, raised, at) and None)


async def asked_of(ground: Ground) -> list[tuple[str, str]]:
    found = await ground.database.read(lambda session: wishes(session, ANN))
    return [(wish.run_id, wish.what) for wish in found]


async def test_a_cancellation_stands_until_the_run_has_ended(ground: Ground, log: RunLog) -> None:
    for _ in range(2):
        await ground.database.run(lambda s: ask_cancel(s, ANN, "run-1", now(ground)) and None)
        assert await asked_of(ground) == [("run-1", "cancel")]
    await log.enter("run-1", "cancelled", "cancel", "Cancelled.")
    assert await asked_of(ground) == []
    assert (await ground.trail())[1:] == ["run.started", "run.cancel_asked", "run.cancelled"]


async def test_a_run_that_nobody_works_on_is_ended_once(ground: Ground, log: RunLog) -> None:
    for _ in range(2):
        state = await ground.database.run(
            lambda session: end_cancelled(session, "run-1", now(ground), "Over.")
        )
        assert state == "cancelled"
    assert (await ground.trail())[1:] == ["run.started", "run.cancelled"]


async def test_one_window_takes_a_run_up_again_and_the_wish_stands_until_it_has_it(
    ground: Ground, log: RunLog
) -> None:
    await log.enter("run-1", "failed", "end", "No.")
    raised = Caps(cost_nano_usd=5, wall_s=60.0)
    await resume(ground, raised=raised)
    assert await asked_of(ground) == [("run-1", "resume")]
    taken = [
        await ground.database.run(lambda session, name=name: claim(session, "run-1", name))
        for name in ("window-2", "window-3")
    ]
    assert taken == [True, False]
    (unfinished,) = await log.unfinished(ANN)
    assert (unfinished.owner, unfinished.is_to_be_resumed) == ("window-2", True)
    found = await log.take_over("run-1", "window-2")
    assert (found.attempt, found.raised) == (2, raised)
    (unfinished,) = await log.unfinished(ANN)
    assert not unfinished.is_to_be_resumed


async def test_only_what_has_ended_early_is_resumed(ground: Ground, log: RunLog) -> None:
    with pytest.raises(InvalidInputError, match="under way"):
        await resume(ground)
    await log.enter("run-1", "finished", "end", "Done.")
    with pytest.raises(InvalidInputError, match="is finished"):
        await resume(ground)
    await log.begin(run("run-2"), "window-1")
    await log.enter("run-2", "finished", "end", "Out of money.", capped="cost")
    await resume(ground, "run-2")
    assert await asked_of(ground) == [("run-2", "resume")]
    await ground.database.run(lambda s: ask_cancel(s, ANN, "run-2", now(ground)) and None)
    assert await asked_of(ground) == []


async def test_steps_of_a_later_attempt_stand_beside_those_of_the_first(
    ground: Ground, log: RunLog
) -> None:
    await log.record(run("run-1"), "think-0", "Thought", "badly", ok=False)
    await log.enter("run-1", "failed", "end", "No.")
    await resume(ground)
    await ground.database.run(lambda session: claim(session, "run-1", "window-2"))
    ground.clock.advance(timedelta(seconds=1))
    await log.record(run("run-1"), "think-0", "Thought", "well", ok=True)
    found = await ground.database.read(lambda session: trace_of(session, ANN, "run-1"))
    assert [(step.attempt, step.detail) for step in found.steps] == [(1, "badly"), (2, "well")]


async def test_people_see_their_own_runs_and_who_answers_for_them_sees_all(
    ground: Ground, log: RunLog
) -> None:
    cleo = replace(BOB, user="cleo")
    for person in (Person("bob", "viewer"), Person("cleo", "viewer")):
        await ground.database.run(lambda s, p=person: people.add(s, ANN, p, now(ground)))
    await log.begin(run("run-b", BOB), "window-2")
    read = ground.database.read
    everybodys = Whose(None)
    assert len(await read(lambda session: runs_of(session, ANN, everybodys, 9))) == 2
    assert len(await read(lambda session: runs_of(session, BOB, Whose("bob"), 9))) == 1
    for whose in (everybodys, Whose("ann")):
        with pytest.raises(NotPermittedError):
            await read(lambda session, whose=whose: runs_of(session, BOB, whose, 9))
    for stranger in (BOB, cleo):
        with pytest.raises(NotFoundError):
            await read(lambda session, who=stranger: trace_of(session, who, "run-1"))
        with pytest.raises(NotFoundError):
            await ground.database.run(
                lambda session, who=stranger: ask_cancel(session, who, "run-1", now(ground))
            )
    await ground.database.run(lambda s: ask_cancel(s, ANN, "run-b", now(ground)) and None)
    await log.enter("run-b", "cancelled", "cancel", "Cancelled.")
    with pytest.raises(NotPermittedError, match="only they"):
        await resume(ground, "run-b")


async def test_old_runs_lose_their_traces_and_nothing_else(ground: Ground, log: RunLog) -> None:
    for run_id in ("run-2", "run-3"):
        await log.begin(run(run_id), "window-1")
    for run_id in ("run-1", "run-2"):
        await log.record(run(run_id), "think-0", "Thought", "", ok=True)
        sent = Sent(ground.database, ground.clock)
        await sent.keep(run(run_id), "think-0", "small", [Message("user", "?")], ())
    await log.enter("run-1", "failed", "end", "No.")
    ground.clock.advance(timedelta(days=2))
    await log.enter("run-2", "failed", "end", "No.")
    before = now(ground) - timedelta(days=1)
    trail = await ground.trail()
    old = await ground.database.read(lambda session: old_runs(session, ANN, before))
    assert old == ("run-1",)
    # One that is under way is never touched, whoever names it.
    await ground.database.run(lambda session: prune(session, (*old, "run-3"), now(ground)))
    assert await ground.database.read(lambda session: old_runs(session, ANN, before)) == ()
    first, second = [
        await ground.database.read(
            lambda s, run_id=run_id: (trace_of(s, ANN, run_id), sent_in(s, run_id))
        )
        for run_id in ("run-1", "run-2")
    ]
    assert (first[0].steps, first[1]) == ((), ())
    assert first[0].seen.run.state == "failed"
    assert (len(second[0].steps), len(second[1])) == (1, 1)
    assert await ground.trail() == trail
    with pytest.raises(InvalidInputError, match="was removed"):
        await resume(ground)
