"""How long things take, as it is kept in memory: bounded, and true to within a tenth."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from sqlmodel import Session

from steward.core.clock import SystemClock
from steward.core.database import open_database
from steward.core.errors import NotPermittedError
from steward.core.figures_limits import TIMINGS_SERIES_MAX
from steward.core.timings import OK, Series, Timings, middle_s, most_s, step_of


@given(st.floats(min_value=1e-5, max_value=1e5))
def test_a_time_is_told_to_within_a_tenth(took_s: float) -> None:
    step = step_of(took_s)
    assert took_s <= most_s(step) * (1 + 1e-9)
    assert middle_s(step) == pytest.approx(took_s, rel=0.1) or step == 0


def test_strange_times_are_kept_at_the_ends_of_the_scale() -> None:
    assert step_of(-1.0) == step_of(0.0) == 0
    assert step_of(1e12) == step_of(1e15) == 140


def test_no_caller_can_make_what_is_kept_grow() -> None:
    timings = Timings()
    for number in range(3 * TIMINGS_SERIES_MAX):
        timings.note("extension", f"acme.e{number}", "x" * 1000, 0.1)
    taken = timings.take()
    assert len(taken) == TIMINGS_SERIES_MAX
    assert all(len(series.measure) == 200 for series in taken)
    assert not timings.take()
    assert len(list(timings.since_start())) == TIMINGS_SERIES_MAX


async def test_the_database_tells_how_long_units_of_work_waited_and_took(tmp_path: Path) -> None:
    timings = Timings()

    def refuse(_session: Session) -> None:
        raise NotPermittedError("no")

    async with open_database(tmp_path / "steward.db") as database:
        database.report_to(timings, SystemClock())
        await database.read(lambda _session: None)
        await database.run(lambda _session: None)
        with pytest.raises(NotPermittedError):
            await database.run(refuse)
        await asyncio.sleep(0)
    counts = {
        series: sum(kept.count for kept in steps.values())
        for series, steps in timings.take().items()
    }
    # What a unit of work refuses is no fault of the database.
    assert counts == {
        Series("database", "sqlite", "wait", OK): 3,
        Series("database", "sqlite", "read", OK): 1,
        Series("database", "sqlite", "write", OK): 2,
    }
