"""The diff that is shown is the change: applied by somebody else, it gives the new text."""

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from steward.workspace.diff import changed_region, changed_regions, unified_diff
from steward.workspace.lines import split_lines
from tests.environment import clean_environment

PLAIN = st.lists(st.sampled_from(("a\n", "b\n", "c\n", "\n", "é\n", "@@\n", "-x\n", "\\ y\n"))).map(
    "".join
)
"""Texts without hidden characters and of LF lines; the last may have no end."""
TEXTS = PLAIN | PLAIN.map(lambda text: text.removesuffix("\n"))
ANY = st.text(alphabet="ab\r\n\x0c\u2028😀", max_size=20)


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS)
def test_git_applies_the_shown_diff_to_exactly_the_new_text(before: str, after: str) -> None:
    diff = unified_diff("a/a.txt", "b/a.txt", before, after)
    assert (diff == "") == (before == after)
    if before == after:
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.txt"
        file.write_bytes(before.encode())
        done = subprocess.run(
            ["git", "apply", "-"],
            cwd=folder,
            env=clean_environment(),
            input=diff.encode(),
            capture_output=True,
            check=False,
        )
        # Without anything left git takes the file away; the change is the same.
        given_text = file.read_bytes().decode() if file.exists() else ""
        assert (done.returncode, given_text) == (0, after), done.stderr


@given(ANY, ANY)
def test_the_region_that_changes_is_all_that_changes(before: str, after: str) -> None:
    region = changed_region(before, after)
    lines = split_lines(before)
    assert "".join([*lines[: region.start], *region.new, *lines[region.end :]]) == after
    if before == after:
        assert (region.start, region.new) == (region.end, ())


@given(ANY, ANY)
def test_the_regions_that_change_are_all_that_changes(before: str, after: str) -> None:
    lines, at, made = split_lines(before), 0, list[str]()
    for region in changed_regions(before, after):
        made += [*lines[at : region.start], *region.new]
        at = region.end
    assert "".join([*made, *lines[at:]]) == after


def test_changes_far_apart_are_shown_apart() -> None:
    before = "".join(f"{number}\n" for number in range(100))
    after = before.replace("\n10\n", "\nten\n").replace("\n90\n", "\nninety\n")
    diff = unified_diff("a/a.txt", "b/a.txt", before, after)
    assert diff.count("@@ -") == 2
    assert diff.count("\n") == 2 + 2 * 9


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\x1b", "\ufeff"])
def test_a_diff_spells_hidden_characters_out(hidden: str) -> None:
    diff = unified_diff("a/a.txt", "b/a.txt", "one\n", f"one{hidden}\n")
    assert f"+one⟨U+{ord(hidden):04X}⟩\n" in diff
    assert hidden not in diff


def test_a_line_end_that_changed_can_be_seen() -> None:
    assert "⟨U+000D⟩" in unified_diff("a/a.txt", "b/a.txt", "one\n", "one\r")
    assert "\\ No newline at end of file" in unified_diff("a/a.txt", "b/a.txt", "one\n", "one")
    assert unified_diff("a/a.txt", "b/a.txt", "one\r\n", "one\n") != ""


def test_a_line_cannot_pass_for_another_part_of_the_diff() -> None:
    diff = unified_diff("a/a.txt", "b/a.txt", "x\n", "x\n--- a/other.txt\u2028+++ b/other.txt\n")
    assert diff.splitlines()[2:] == [
        "@@ -1,1 +1,2 @@",
        " x",
        "+--- a/other.txt⟨U+2028⟩+++ b/other.txt",
    ]
