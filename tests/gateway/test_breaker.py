"""A provider that keeps failing is left alone, and one call at a time sees whether it is back."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from steward.core.limits import PROVIDER_WALL_S
from steward.gateway.call.breaker import Admission, Breaker
from steward.gateway.settings import BreakerSettings

SETTINGS = BreakerSettings(failures=3, window=timedelta(seconds=60), rest=timedelta(seconds=20))


def failed(breaker: Breaker, *at_s: float) -> Breaker:
    for now_s in at_s:
        admission = breaker.admit(now_s)
        assert admission is not None
        breaker.note_failure(now_s, admission)
    return breaker


def test_so_many_failures_within_the_window_and_the_provider_is_left_alone() -> None:
    breaker = failed(Breaker(SETTINGS), 0, 10)
    assert not breaker.is_open(11)
    failed(breaker, 11)
    assert breaker.admit(12) is None
    assert breaker.admit(30.9) is None


def test_failures_far_apart_do_not_add_up() -> None:
    assert not failed(Breaker(SETTINGS), 0, 100, 161).is_open(161)


def test_a_success_between_them_makes_failures_forgotten() -> None:
    breaker = failed(Breaker(SETTINGS), 0, 1)
    breaker.note_success()
    assert not failed(breaker, 2, 3).is_open(3)


def test_after_the_rest_one_call_sees_whether_the_provider_is_back() -> None:
    breaker = failed(Breaker(SETTINGS), 0, 1, 2)
    assert breaker.admit(22) == "probe"
    assert breaker.admit(22) is None
    breaker.note_success()
    assert breaker.admit(22) == "call"


def test_a_probe_that_fails_begins_the_rest_again() -> None:
    breaker = failed(Breaker(SETTINGS), 0, 1, 2)
    assert breaker.admit(22) == "probe"
    breaker.note_failure(25, "probe")
    assert breaker.admit(44.9) is None
    assert breaker.admit(45) == "probe"


def test_a_probe_that_ends_without_a_word_leaves_its_place_to_the_next() -> None:
    breaker = failed(Breaker(SETTINGS), 0, 1, 2)
    assert breaker.admit(22) == "probe"
    breaker.note_nothing("call")  # An older call that was under way all the time.
    assert breaker.admit(22) is None
    breaker.note_nothing("probe")
    assert breaker.admit(22) == "probe"


def test_a_probe_that_is_never_heard_of_again_does_not_keep_the_provider_away() -> None:
    breaker = failed(Breaker(SETTINGS), 0, 1, 2)
    assert breaker.admit(22) == "probe"
    assert breaker.admit(22 + 2 * PROVIDER_WALL_S) == "probe"


class Traffic(RuleBasedStateMachine):
    """Calls that begin and end in any order: what must hold all the time."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker(SETTINGS)
        self.now_s = 0.0
        self.under_way: list[Admission] = []
        self.failures_s: list[float] = []

    @rule(seconds=st.floats(0, 50))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @rule()
    def call(self) -> None:
        if (admission := self.breaker.admit(self.now_s)) is not None:
            self.under_way.append(admission)

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 100), how=st.sampled_from(["answered", "failed", "left"]))
    def end(self, which: int, how: str) -> None:
        admission = self.under_way.pop(which % len(self.under_way))
        match how:
            case "answered":
                self.breaker.note_success()
                self.failures_s.clear()
                # What was a probe before is one call among others now.
                self.under_way = ["call"] * len(self.under_way)
            case "failed":
                self.failures_s.append(self.now_s)
                self.breaker.note_failure(self.now_s, admission)
            case _:
                self.breaker.note_nothing(admission)

    @invariant()
    def one_probe_at_a_time(self) -> None:
        assert self.under_way.count("probe") <= 1

    @invariant()
    def nobody_is_left_alone_without_failures(self) -> None:
        if self.breaker.is_open(self.now_s):
            assert self.failures_s


TestTraffic = Traffic.TestCase
