"""Two changes of one text are both kept, or the place where they meet is named."""

import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from steward.core.limits import FILE_BYTES_MAX
from steward.workspace.alignment import differing
from steward.workspace.lines import split_lines
from steward.workspace.three_way import Conflict, merged
from tests.environment import clean_environment

LINES = st.sampled_from(("a\n", "b\n", "c\r\n", "a\r\n", "\n", "\r", "é\n", "}\n", "\ufeffa\n"))
TEXTS = (
    st.lists(LINES, max_size=12)
    .map("".join)
    .flatmap(lambda text: st.sampled_from((text, text[:-1], text + "end")))
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_where_one_side_changed_nothing_the_other_side_is_the_result(base: str, side: str) -> None:
    assert merged(base, base, side) == side
    assert merged(base, side, base) == side
    assert merged(base, side, side) == side


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_the_order_of_the_sides_makes_no_difference(base: str, ours: str, theirs: str) -> None:
    one, other = merged(base, ours, theirs), merged(base, theirs, ours)
    if isinstance(one, str):
        assert one == other
        return
    assert other == tuple(Conflict(each.base, each.theirs, each.ours) for each in one)
    for version, passages in (
        (base, [each.base for each in one]),
        (ours, [each.ours for each in one]),
        (theirs, [each.theirs for each in one]),
    ):
        lines = split_lines(version)
        for passage in passages:
            assert "".join(lines[passage.start : passage.end]) == passage.text
        ends = [passage.end for passage in passages]
        assert all(a <= b for a, b in zip(ends, [p.start for p in passages[1:]], strict=False))


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_the_differences_turn_one_text_into_the_other(before: str, after: str) -> None:
    olds, news = split_lines(before), split_lines(after)
    made: list[str] = []
    at, reached = 0, 0
    for a, b, c, d in differing(olds, news):
        assert a > at or (a, at) == (0, 0)  # A line is shared between two of them.
        assert a - at == c - reached
        assert olds[a:b] != news[c:d]
        made += (*olds[at:a], *news[c:d])
        at, reached = b, d
    assert "".join((*made, *olds[at:])) == after


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "no end"])
def test_changes_with_a_line_between_them_both_survive(end: str, last: str) -> None:
    base = [f"line {number}{end}" for number in range(30)] + ([last] if last else [])
    for first in range(28):
        ours = [*base[:first], f"ours{end}", *base[first + 1 :]]
        for second in range(first + 2, 30):
            theirs = [*base[:second], f"theirs {end}", f"more{end}", *base[second + 1 :]]
            both = [*ours[:second], f"theirs {end}", f"more{end}", *ours[second + 1 :]]
            assert merged(*map("".join, (base, ours, theirs))) == "".join(both)


def test_changes_side_by_side_are_a_conflict_with_its_lines() -> None:
    conflict = merged("a\nb\nc\n", "A\nmore\nb\nc\n", "a\nB\nc\n")
    assert isinstance(conflict, tuple)
    (one,) = conflict
    assert (one.base.start, one.base.end, one.base.text) == (0, 2, "a\nb\n")
    assert (one.ours.start, one.ours.end, one.ours.text) == (0, 3, "A\nmore\nb\n")
    assert (one.theirs.start, one.theirs.end, one.theirs.text) == (0, 2, "a\nB\n")


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "result"),
    [
        ("", "a", "", "a"),
        ("", "a\n", "a\n", "a\n"),
        ("", "a\n", "b\n", None),
        ("a\n", "", "", ""),
        ("a\n", "", "b\n", None),
        ("a", "a\n", "b\na", None),
        ("x\ny\na", "x\ny\na\n", "b\ny\na", "b\ny\na\n"),
        ("a\nb\nc\n", "a\r\nb\nc\n", "a\nb\nc", "a\r\nb\nc"),
        ("\ufeffa\nb\nc\n", "a\nb\nc\n", "\ufeffa\nb\nC\n", "a\nb\nC\n"),
        ("a\nb\n", "a\nb\nc\n", "a\nb\nd\n", None),
    ],
)
def test_ends_of_lines_and_of_files_are_kept_exactly(
    base: str, ours: str, theirs: str, result: str | None
) -> None:
    found = merged(base, ours, theirs)
    assert (found if isinstance(found, str) else None) == result


def test_long_texts_that_have_little_in_common_are_merged_within_the_tests_time() -> None:
    chance = random.Random(1)
    half = FILE_BYTES_MAX // 4
    two_words = ["".join(chance.choice(("a\n", "b\n")) for _ in range(half)) for _ in range(3)]
    assert isinstance(merged(*two_words), tuple)
    numbered = [f"line {number}\n" for number in range(half // 6)]
    ours = ["ours\n", *numbered[1:]]
    theirs = [*numbered[:-1], "theirs\n"]
    both = "".join(["ours\n", *numbered[1:-1], "theirs\n"])
    assert merged(*map("".join, (numbered, ours, theirs))) == both


def _random_case(seed: int, folder: Path) -> None:
    chance = random.Random(seed)
    base = [f"line {number}\n" for number in range(chance.randrange(12))]
    ours, theirs = (_edited(base, side, chance) for side in ("ours", "theirs"))
    for name, lines in (("base", base), ("ours", ours), ("theirs", theirs)):
        (folder / name).write_text("".join(lines))
    done = subprocess.run(
        ["git", "merge-file", "-p", "ours", "base", "theirs"],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        check=False,
        text=True,
    )
    found = merged("".join(base), "".join(ours), "".join(theirs))
    assert isinstance(found, str) == (done.returncode == 0), seed
    if isinstance(found, str):
        assert found == done.stdout, seed


def _edited(base: list[str], side: str, chance: random.Random) -> list[str]:
    """Some lines gone, some replaced and some put in; a third of them by both sides alike."""
    made: list[str] = []
    for number in range(len(base) + 1):
        who = chance.choice((side, side, "both"))
        if chance.random() < 0.15:
            made.append(f"{who} put in {number}\n")
        if number < len(base):
            replaced = chance.choice(([], [f"{who} for {number}\n"]))
            made += replaced if chance.random() < 0.2 else [base[number]]
    if made and chance.random() < 0.2:
        made[-1] = made[-1].removesuffix("\n")
    return made


def test_git_merges_the_same_and_finds_conflicts_in_the_same_texts(tmp_path: Path) -> None:
    for seed in range(120):
        _random_case(seed, tmp_path)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_git_merges_ten_thousand_texts_the_same(tmp_path: Path) -> None:
    for seed in range(10_000):
        _random_case(seed, tmp_path)
