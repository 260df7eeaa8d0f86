"""How long things took, by the hour, on both databases; and what of it is marked as unusual."""

import random
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from steward.core.timings import Part, Timings, step_of
from steward.operations.anomalies import DAYS, HOURS_MIN, OFTEN, Anomaly, Lookout, found_in
from steward.operations.performance import (
    Asked,
    Timekeeper,
    Took,
    forget,
    hour_of,
    took,
    write,
)
from steward.operations.tables import EventRow, TimingRow
from tests.places import Place
from tests.rooms import START, Ground, open_ground

TENANT = "local"


@pytest.fixture
async def ground(place: Place) -> AsyncGenerator[Ground]:
    async with open_ground(place) as ground:
        yield ground


def asked(**more: str) -> Asked:
    since, until = hour_of(START - timedelta(days=20)), hour_of(START + timedelta(days=1))
    return Asked(TENANT, since, until, **more)  # pyright: ignore[reportArgumentType]


async def note(ground: Ground, at: datetime, *times_s: float, outcome: str = "ok") -> None:
    """As one process writes it down."""
    timings = Timings()
    for each in times_s:
        timings.note("provider", "acme/large", "answer", each, outcome)
    taken = timings.take()
    await ground.database.run(lambda session: write(session, TENANT, at, taken))


async def test_figures_of_all_processes_are_added_up_and_told_to_within_a_tenth(
    ground: Ground,
) -> None:
    dice = random.Random(11)
    times = [dice.lognormvariate(-1, 1) for _ in range(600)]
    for first in range(0, 600, 100):
        await note(ground, START + timedelta(hours=first // 200), *times[first : first + 100])
    await note(ground, START, 9.0, 9.0, outcome="steward.unavailable")
    (line,) = await ground.database.read(lambda session: took(session, asked()))
    assert (line.count, line.failed) == (602, 2)
    ordered = sorted([*times, 9.0, 9.0])
    for share in (0.5, 0.95, 0.99):
        exact = ordered[round(share * len(ordered)) - 1]
        assert line.share_s(share) == pytest.approx(exact, rel=0.12)
    assert line.mean_s == pytest.approx(sum(ordered) / len(ordered), rel=0.001)
    hours = await ground.database.read(lambda session: took(session, asked(by="hour")))
    assert [each.count for each in hours] == [202, 200, 200]
    days = await ground.database.read(lambda session: took(session, asked(by="day")))
    assert [(each.when, each.count) for each in days] == [("2026-11-21", 602)]
    assert not await ground.database.read(lambda s: took(s, asked(part="sandbox")))
    other = Asked("elsewhere", "2026", "2027")
    assert not await ground.database.read(lambda session: took(session, other))


async def test_a_keeper_writes_what_its_process_measured_once(ground: Ground) -> None:
    timings = Timings()
    keeper = Timekeeper(ground.database, ground.clock, timings, TENANT)
    timings.note("sandbox", "cgroup", "start", 0.02)
    await keeper.flush()
    await keeper.flush()
    (line,) = await ground.database.read(lambda session: took(session, asked()))
    assert (line.part, line.name, line.count) == ("sandbox", "cgroup", 1)


async def test_old_hours_are_forgotten(ground: Ground) -> None:
    await note(ground, START - timedelta(days=2), 1.0)
    await note(ground, START, 1.0)
    await ground.database.run(lambda s: forget(s, TENANT, START - timedelta(days=1)))
    rows = await ground.database.read(lambda session: session.exec(select(TimingRow.hour)).all())
    assert rows == [hour_of(START)]


def hour(at: datetime, count: int, took_s: float, failed: int = 0, part: Part = "provider") -> Took:
    """An hour in which everything took the same."""
    made = Took(part, "acme/large", "answer", hour_of(at))
    step = step_of(took_s)
    made.add("ok", step, count - failed, 0)
    if failed:
        made.add("steward.unavailable", step, failed, 0)
    return made


def before(count: int = 48, took_s: float = 1.0, often: int = 100, failed: int = 0) -> list[Took]:
    return [hour(START - timedelta(hours=n), often, took_s, failed) for n in range(1, count + 1)]


def marks(*hours: Took) -> list[tuple[str, str]]:
    return [(each.kind, each.hour) for each in found_in(hours, START)]


def test_what_is_much_slower_than_usual_is_marked() -> None:
    assert marks(*before(), hour(START, 100, 1.0)) == []
    assert marks(*before(), hour(START, 100, 1.3)) == []
    assert marks(*before(), hour(START, 100, 4.0)) == [("slow", hour_of(START))]
    # Of an hour that has only begun nothing can be said: the one before counts.
    early = hour(START - timedelta(hours=1), 100, 4.0)
    assert marks(*before()[1:], early, hour(START, OFTEN - 1, 1.0)) == [("slow", early.when)]


def test_what_fails_more_often_than_usual_is_marked() -> None:
    assert marks(*before(failed=2), hour(START, 100, 1.0, failed=6)) == []
    assert marks(*before(failed=2), hour(START, 100, 1.0, failed=30)) == [
        ("failing", hour_of(START))
    ]


def test_a_few_bad_hours_do_not_make_the_bad_usual() -> None:
    bad = [hour(START - timedelta(hours=n), 100, 30.0) for n in range(1, 6)]
    assert marks(*before()[5:], *bad, hour(START, 100, 30.0)) == [("slow", hour_of(START))]


def test_where_too_little_is_known_nothing_is_marked() -> None:
    slow = hour(START, 100, 40.0)
    assert marks(*before(HOURS_MIN - 1), slow) == []
    assert marks(*before(HOURS_MIN), slow) != []
    assert marks(*before(often=OFTEN - 1), slow) == []
    assert marks(*before(), hour(START, OFTEN - 1, 40.0)) == []


def test_what_scatters_widely_is_marked_later_than_what_hardly_does() -> None:
    dice = random.Random(3)
    scattered = [
        hour(START - timedelta(hours=n), 100, dice.uniform(0.5, 3.0)) for n in range(1, 49)
    ]
    assert marks(*scattered, hour(START, 100, 4.0)) == []
    assert marks(*scattered, hour(START, 100, 30.0)) == [("slow", hour_of(START))]


async def test_an_anomaly_is_written_down_once_an_hour_whoever_looks(ground: Ground) -> None:
    for n in range(1, 24 * DAYS, 12):
        await note(ground, START - timedelta(hours=n), *[1.0] * 30)
    await note(ground, START, *[9.0] * 30)
    watchers = [Lookout(ground.database, ground.clock, TENANT) for _ in range(2)]
    found: list[tuple[Anomaly, ...]] = [await each.look() for each in watchers]
    assert [len(each) for each in found] == [1, 0]
    assert await watchers[0].look() == ()

    def events(session: Session) -> list[EventRow]:
        return list(session.exec(select(EventRow).where(EventRow.name == "ANOMALY")))

    (event,) = await ground.database.read(events)
    assert (event.subject, event.model, event.outcome) == ("provider answer", "acme/large", "slow")
    assert 8_000 <= event.took_ms <= 10_000
    assert event.user == ""
