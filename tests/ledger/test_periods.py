"""Months and days are those of UTC, whatever the local clocks and the database's do."""

import time
from collections.abc import Generator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from steward.core.clock import SystemClock
from steward.core.money import NanoUsd
from steward.ledger.account import forecast, period_of, resets_on
from steward.ledger.integrity import verify
from tests.ledger.bank import ANN, KEY, USAGE, Bank, assert_balanced, charge, open_bank
from tests.places import Place, execute

ZONES = st.sampled_from(["UTC", "America/New_York", "Europe/Berlin", "Pacific/Kiritimati"])
TIMES = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001  Hypothesis adds the zone.
    datetime(2039, 12, 30),  # noqa: DTZ001
    timezones=ZONES.map(ZoneInfo),
    allow_imaginary=True,
)
JUMPS = [
    # Half past two does not exist on this day in New York, and comes twice on the second.
    datetime(2026, 3, 8, 2, 30, tzinfo=UTC),
    datetime(2026, 11, 1, 1, 30, tzinfo=UTC),
    # A new month in New York, where the same moment is already hours into it in UTC.
    datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC),
]


@pytest.fixture
def in_new_york(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """This process, and PostgreSQL where it is asked by this process, live in New York."""
    for name in ("TZ", "PGTZ"):
        monkeypatch.setenv(name, "America/New_York")
    monkeypatch.setenv("PGDATESTYLE", "SQL, DMY")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@given(TIMES)
def test_the_month_is_that_of_utc_wherever_the_clock_hangs(at: datetime) -> None:
    utc = at.astimezone(UTC)
    assert period_of(at) == period_of(utc) == utc.date().isoformat()[:7]
    assert resets_on(at).day == 1
    assert timedelta(0) < resets_on(at) - utc.date() <= timedelta(days=31)


@pytest.mark.parametrize("at", JUMPS)
async def test_local_clocks_that_jump_change_nothing(
    place: Place, at: datetime, in_new_york: None
) -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
    async with open_bank(place) as bank:
        bank.clock.set_wall(at)
        await bank.ledger.reserve(ANN, charge("paid", 500))
        await bank.ledger.reserve(ANN, charge("forgotten", 40))
        await bank.ledger.settle("paid", USAGE, NanoUsd(120))
        bank.clock.set_wall(at + timedelta(minutes=14))
        assert await bank.ledger.expire_due() == 0
        bank.clock.set_wall(at + timedelta(minutes=16))
        assert await bank.ledger.expire_due() == 1
        assert {call.at for call in await bank.ledger.calls(ANN)} == {at}
        found = await bank.database.read(lambda session: verify(session, KEY))
        assert found.problems == ()
        days = {day for (day,) in execute(place, 'SELECT DISTINCT day FROM "usage"')}
        ended = (at, at + timedelta(minutes=16))
        assert days == {each.date().isoformat() for each in ended}


async def test_a_clock_that_steps_over_a_month_s_end_and_back_pays_from_the_right_month(
    bank: Bank,
) -> None:
    november = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    december = november + timedelta(seconds=1)
    periods: dict[str, str] = {}
    for name, at in (("a", november), ("b", december), ("c", november), ("d", december)):
        bank.clock.set_wall(at)
        await bank.ledger.reserve(ANN, charge(name, 100))
        periods[name] = period_of(at)
    for name in reversed(periods):  # Each is settled in another month than it was taken in.
        await bank.ledger.settle(name, USAGE, NanoUsd(10))
        bank.clock.set_wall(november if bank.clock.now() == december else december)
    assert periods == {"a": "2026-11", "b": "2026-12", "c": "2026-11", "d": "2026-12"}
    for at in (november, december):
        bank.clock.set_wall(at)
        standing = await bank.ledger.standing(ANN)
        assert (standing.spent, standing.reserved) == (20, 0)
    await assert_balanced(bank.database)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 11, 1, 23, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 2, tzinfo=UTC), 3000),
        (datetime(2026, 11, 16, tzinfo=UTC), 200),
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), 100),
        (datetime(2028, 2, 15, 12, tzinfo=UTC), 200),
    ],
)
def test_a_month_is_forecast_from_what_has_passed_of_it(at: datetime, expected: int) -> None:
    assert forecast(NanoUsd(100), at) == expected


@given(TIMES, st.integers(0, 10**15))
def test_no_forecast_is_less_than_what_is_spent(at: datetime, spent: int) -> None:
    expected = forecast(NanoUsd(spent), at)
    assert expected is None or expected >= spent


def test_the_year_ends_too() -> None:
    assert resets_on(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)) == date(2027, 1, 1)
