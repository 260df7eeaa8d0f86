"""Unified diffs are placed by what they hold; their numbers and counts are not believed."""

import pytest

from steward.core.errors import InvalidInputError
from steward.workspace.edits.apply import Patch, apply

TEXT = "".join(f"line {number}\n" for number in range(1, 21))


def patch(text: str, *hunks: str) -> str:
    return apply(text, Patch("".join(hunks)))


def hunk(*lines: str, head: str = "@@ -1,3 +1,3 @@") -> str:
    return "".join(f"{line}\n" for line in (head, *lines))


@pytest.mark.parametrize(
    "head",
    ["@@ -4,3 +4,3 @@", "@@ -400,1 +2,9 @@", "@@", "@@ ... @@", "@@ -4 +4 @@ def f():"],
)
def test_a_hunk_goes_where_its_lines_are_whatever_its_header_says(head: str) -> None:
    made = patch(
        TEXT, "--- a/x\n+++ b/x\n", hunk(" line 4", "-line 5", "+five", " line 6", head=head)
    )
    assert made == TEXT.replace("line 5\n", "five\n")


def test_later_hunks_follow_what_earlier_ones_added() -> None:
    first = hunk(" line 2", *(f"+more {n}" for n in range(9)), " line 3", head="@@ -2,2 +2,11 @@")
    second = hunk(" line 12", "-line 13", " line 14", head="@@ -12,3 +12,2 @@")
    made = patch(TEXT, first, second)
    assert made == TEXT.replace("line 13\n", "").replace(
        "line 2\n", "line 2\n" + "".join(f"more {n}\n" for n in range(9)), 1
    )


def test_a_hunk_that_fits_twice_is_refused_even_where_its_number_names_one() -> None:
    text = "start\n" + "begin\n  go()\nend\n" * 2
    with pytest.raises(InvalidInputError, match="fits at lines 2, 5"):
        patch(text, hunk(" begin", "-  go()", "+  stop()", " end", head="@@ -5,3 +5,3 @@"))


def test_the_order_of_the_hunks_tells_like_places_apart() -> None:
    text = "begin\n  go()\nend\nmiddle\nbegin\n  go()\nend\n"
    middle = hunk("-middle", "+centre")
    block = hunk(" begin", "-  go()", "+  stop()", " end")
    assert patch(text, middle, block) == "begin\n  go()\nend\ncentre\nbegin\n  stop()\nend\n"
    assert patch(text, block, middle) == "begin\n  stop()\nend\ncentre\nbegin\n  go()\nend\n"
    assert patch(text, block, block) == text.replace("go", "stop")


def test_hunks_out_of_order_or_on_the_same_lines_are_refused() -> None:
    first, second = hunk(" line 4", "-line 5"), hunk(" line 9", "-line 10")
    for hunks in ((second, first), (first, first)):
        with pytest.raises(InvalidInputError, match="order of the file"):
            patch(TEXT, *hunks)


@pytest.mark.parametrize(
    ("text", "lines", "expected"),
    [
        pytest.param("a\nb\n", (" a", "-b", "+c"), "a\nc\n", id="final newline kept"),
        pytest.param("a\nb", (" a", "-b", "+c"), "a\nc", id="its absence kept"),
        pytest.param(
            "a\nb", (" a", "-b", "\\ No newline at end of file", "+b"), "a\nb\n", id="added"
        ),
        pytest.param(
            "a\nb\n", (" a", "-b", "+b", "\\ No newline at end of file"), "a\nb", id="removed"
        ),
        pytest.param("a\r\nb\r\n", (" a", "-b", "+c", "+d"), "a\r\nc\r\nd\r\n", id="CRLF"),
        pytest.param("a\n\nb\n", (" a", "", "-b", "+c"), "a\n\nc\n", id="bare blank context"),
        pytest.param("", ("+a", "+b"), "a\nb\n", id="into an empty file"),
        pytest.param("-- x\ny\n", ("--- x", "+-- z", " y"), "-- z\ny\n", id="a comment of SQL"),
        pytest.param("  a\n  b\n", (" a", "-b", "+c"), "  a\n  c\n", id="shifted"),
        pytest.param("a  \nb\n", (" a", "-b", "+c"), "a  \nc\n", id="trailing spaces"),
        pytest.param("a\nb\n", (" a", "+x", " b", ""), "a\nx\nb\n", id="a blank line behind"),
    ],
)
def test_a_hunk_keeps_what_it_does_not_name(
    text: str, lines: tuple[str, ...], expected: str
) -> None:
    assert patch(text, hunk(*lines)) == expected


def test_context_that_has_changed_at_the_edges_is_let_pass() -> None:
    lines = (" changed", " line 3", "-line 4", "+four", " line 5", " changed too")
    assert patch(TEXT, hunk(*lines)) == TEXT.replace("line 4\n", "four\n")


def test_a_line_to_be_removed_must_be_there() -> None:
    with pytest.raises(InvalidInputError, match="Hunk 1 of the diff does not fit") as refusal:
        patch(TEXT, hunk(" line 3", "-line four", "+4", " line 5"))
    assert "4: line 4" in str(refusal.value)


def test_a_fence_and_gits_headers_are_passed_over() -> None:
    head = "```diff\ndiff --git a/x b/x\nindex 1234567..89abcde 100644\n--- a/x\n+++ b/x\n"
    assert patch(TEXT, head, hunk(" line 4", "-line 5"), "```\n") == TEXT.replace("line 5\n", "")


@pytest.mark.parametrize(
    ("diff", "reason"),
    [
        ("", "no hunk"),
        ("just words\n", "before any hunk"),
        ("*** Begin Patch\n*** Add File: x\n+line 4\n*** End Patch\n", "more than new text"),
        (2 * ("*** Update File: x\n" + hunk("-line 4")), "several files"),
        (hunk("+only new"), "not where"),
        (hunk(" line 4", " line 5"), "changes nothing"),
        ("--- a/x\n+++ /dev/null\n" + hunk("-line 4"), "deletes the file"),
        ("--- /dev/null\n+++ b/x\n" + hunk("+line 4"), "creates the file"),
        ("rename from a\nrename to b\n" + hunk("-line 4"), "more than new text"),
        (2 * ("--- a/x\n+++ b/x\n" + hunk("-line 4")), "several files"),
        (hunk(" line 3", "+# ... rest of the code ...", " line 4"), "stands for text"),
    ],
)
def test_what_is_no_diff_of_one_text_is_refused_with_the_reason(diff: str, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        patch(TEXT, diff)


@pytest.mark.parametrize(
    "diff",
    [
        hunk("line 4", "-line 5", "line 6"),
        hunk(" line 4", "-line 5", "line 6"),
        "*** Begin Patch\n*** Update File: x\n@@\n line 4\n-line 5\n*** End Patch\n",
    ],
)
def test_what_stays_may_have_no_mark_and_a_patch_an_envelope(diff: str) -> None:
    assert patch(TEXT, diff) == TEXT.replace("line 5\n", "")


def test_an_indented_line_that_stays_may_have_no_mark() -> None:
    text = "if a:\n    go()\n    stop()\n"
    made = patch(text, hunk("    go()", "+    wait()", "    stop()"))
    assert made == text.replace("    stop", "    wait()\n    stop")
