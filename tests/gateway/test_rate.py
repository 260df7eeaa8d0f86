"""One person's calls of one model keep to a rate, and take nothing from others."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from steward.core.clock import ManualClock
from steward.core.errors import RateLimitedError
from steward.core.limits import RATE_BUCKETS_MAX
from steward.core.principal import Principal
from steward.gateway.call.rate import Bucket, Rates
from tests.ledger.bank import ANN, BOB, START


def taken(rates: Rates, principal: Principal = ANN, model: str = "a/small") -> float:
    """How long to wait; nought if the call may be made."""
    try:
        rates.take(principal, model)
    except RateLimitedError as error:
        return error.retry_after_s or float("nan")
    return 0.0


def test_a_minutes_calls_may_come_at_once_and_the_next_one_waits_for_its_turn() -> None:
    clock = ManualClock(START)
    rates = Rates(clock, 6, {})
    assert [taken(rates) for _ in range(6)] == [0.0] * 6
    assert taken(rates) == pytest.approx(10)
    clock.advance(timedelta(seconds=9))
    assert taken(rates) == pytest.approx(1)
    clock.advance(timedelta(seconds=1))
    assert taken(rates) == 0


def test_people_organisations_and_models_do_not_share_a_rate() -> None:
    rates = Rates(ManualClock(START), 1, {"a/large": 2})
    elsewhere = Principal(ANN.user, "s", "/w", tenant_id="other")
    for principal in (ANN, BOB, elsewhere):
        assert taken(rates, principal) == 0
        assert taken(rates, principal) > 0
    assert [taken(rates, model="a/large") > 0 for _ in range(3)] == [False, False, True]


def test_without_a_rate_nothing_is_counted() -> None:
    rates = Rates(ManualClock(START), None, {})
    assert all(taken(rates) == 0 for _ in range(1000))


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    rates = Rates(ManualClock(START), 1, {})
    for number in range(RATE_BUCKETS_MAX + 5):
        taken(rates, model=f"a/{number}")
    assert len(rates._buckets) == RATE_BUCKETS_MAX
    assert taken(rates, model=f"a/{RATE_BUCKETS_MAX}") > 0


@given(most=st.integers(1, 100), waits=st.lists(st.floats(0, 30, allow_nan=False), max_size=200))
def test_no_stretch_of_time_sees_more_than_its_share(most: int, waits: list[float]) -> None:
    bucket, now_s, made = Bucket(most, 0.0), 0.0, list[float]()
    for wait_s in waits:
        now_s += wait_s
        if not bucket.wait_s(most, now_s):
            made.append(now_s)
    for first, begin_s in enumerate(made):
        for last in range(first, len(made)):
            span_s = made[last] - begin_s
            assert last - first + 1 <= most + span_s * most / 60 + 1e-6


@given(most=st.integers(1, 1000), tries=st.integers(0, 30))
def test_who_waits_as_long_as_was_said_is_let_through(most: int, tries: int) -> None:
    bucket, now_s = Bucket(most, 0.0), 0.0
    for _ in range(most + tries):
        if wait_s := bucket.wait_s(most, now_s):
            now_s += wait_s + 1e-6
            assert bucket.wait_s(most, now_s) == 0
