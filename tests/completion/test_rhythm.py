"""The wait follows the typing: no longer than needed, and no question between two keys."""

from datetime import UTC, datetime, timedelta

import pytest

from steward.completion.rhythm import Rhythm
from steward.core.clock import ManualClock

WAIT_S = 0.1


class Typist:
    def __init__(self, wait_s: float = WAIT_S) -> None:
        self.clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.rhythm = Rhythm(self.clock, wait_s)

    def key(self, gap_s: float, path: str = "a.py") -> float:
        self.clock.advance(timedelta(seconds=gap_s))
        return self.rhythm.keystroke(path)


def test_the_first_key_waits_as_long_as_was_set() -> None:
    assert Typist().key(0) == WAIT_S


@pytest.mark.parametrize("gap_s", [0.11, 0.15, 0.2, 0.25])
def test_between_the_keys_of_a_steady_typist_no_wait_ends(gap_s: float) -> None:
    typist = Typist()
    typist.key(0)
    assert all(gap_s * 1.1 < typist.key(gap_s) <= 4 * WAIT_S for _ in range(20))


def test_a_quick_typist_is_waited_for_as_long_as_was_set() -> None:
    typist = Typist()
    typist.key(0)
    assert typist.key(0.03) == WAIT_S


def test_after_a_pause_the_wait_is_the_one_that_was_set() -> None:
    typist = Typist()
    typist.key(0)
    assert typist.key(0.2) > WAIT_S
    assert typist.key(5) == WAIT_S


def test_typing_in_one_document_says_nothing_about_another() -> None:
    typist = Typist()
    typist.key(0, "a.py")
    assert typist.key(0.2, "b.py") == WAIT_S


def test_who_wants_no_wait_gets_none() -> None:
    typist = Typist(wait_s=0)
    assert [typist.key(0.1) for _ in range(5)] == [0] * 5


def test_only_the_latest_documents_are_remembered() -> None:
    typist = Typist()
    for number in range(1000):
        typist.key(0.001, f"{number}.py")
    assert typist.key(0.1, "0.py") == WAIT_S
    assert typist.key(0.0, "999.py") >= WAIT_S
    assert typist.key(0.2, "999.py") > WAIT_S
