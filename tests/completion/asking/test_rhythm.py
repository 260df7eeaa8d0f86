"""The wait follows the typing: no longer than needed, and one question between keys at most."""

import pytest
from hypothesis import given, strategies as st

from steward.completion.asking.rhythm import Rhythm, Wait
from steward.context.cursor import Cursor
from tests.context.test_cursor import at

WAIT_S = 0.075
LONGEST_S = 0.4
WORD = at("total|)")
LINE_END = at("return total|\n")
DOT = at("basket.|\n")
EMPTY = at("def f():\n    |\n")


class Typist:
    def __init__(self, wait_s: float = WAIT_S) -> None:
        self.now_s = 100.0
        self.rhythm = Rhythm(wait_s)

    def key(self, gap_s: float, cursor: Cursor = WORD) -> Wait:
        self.now_s += gap_s
        return self.rhythm.keystroke(self.now_s, cursor)


def test_the_first_key_waits_as_long_as_was_set_and_a_part_of_it_does_nothing() -> None:
    wait = Typist().key(0)
    assert wait.total_s == pytest.approx(WAIT_S)
    assert 0 < wait.hard_s < wait.soft_s


@pytest.mark.parametrize("gap_s", [0.08, 0.11, 0.15, 0.2, 0.24])
def test_between_the_keys_of_a_steady_typist_no_wait_ends(gap_s: float) -> None:
    typist = Typist()
    typist.key(0)
    assert all(gap_s * 1.1 < typist.key(gap_s).total_s <= LONGEST_S for _ in range(20))


def test_a_quick_typist_is_waited_for_as_long_as_was_set() -> None:
    typist = Typist()
    typist.key(0)
    assert typist.key(0.03).total_s == pytest.approx(WAIT_S)


def test_nobody_is_waited_for_longer_than_a_moment() -> None:
    typist = Typist()
    typist.key(0)
    assert typist.key(0.39).total_s == LONGEST_S


def test_behind_punctuation_and_at_a_lines_end_the_wait_is_shorter() -> None:
    waits: list[float] = []
    for cursor in (WORD, LINE_END, DOT):
        typist = Typist()
        typist.key(0)
        waits.append(typist.key(0.2, cursor).total_s)
    assert waits == sorted(waits, reverse=True)
    assert len(set(waits)) == 3


def test_on_an_empty_line_nobody_is_waited_for() -> None:
    typist = Typist()
    typist.key(0)
    assert typist.key(0.2, EMPTY).total_s == 0


def test_a_burst_is_interrupted_once() -> None:
    typist = Typist()
    typist.key(0)
    early = typist.key(0.2, DOT)
    assert early.total_s < 0.2
    typist.rhythm.note_asked(early)
    assert typist.key(0.2, DOT).total_s > 0.2
    assert typist.key(0.2, EMPTY).total_s > 0.2
    assert typist.key(1.0, DOT).total_s < 0.2, "a new burst may be interrupted again"


@given(
    st.lists(
        st.tuples(st.floats(0.1, 0.15), st.sampled_from([WORD, LINE_END, DOT, EMPTY])),
        min_size=1,
        max_size=40,
    )
)
def test_whoever_types_steadily_is_interrupted_once_at_most(
    keys: list[tuple[float, Cursor]],
) -> None:
    typist = Typist()
    wait, interruptions = typist.key(0), 0
    for gap_s, cursor in keys:
        if wait.total_s < gap_s:
            interruptions += 1
            typist.rhythm.note_asked(wait)
        wait = typist.key(gap_s, cursor)
    assert interruptions <= 1


def test_who_wants_no_wait_gets_none() -> None:
    typist = Typist(wait_s=0)
    assert [typist.key(0.1).total_s for _ in range(5)] == [0] * 5
