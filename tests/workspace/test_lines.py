"""Lines end where the protocol says, and nowhere else."""

import re

from hypothesis import given, strategies as st

from steward.workspace.lines import split_lines

TEXTS = st.text(alphabet="ab\r\n\x0b\x0c\x1c\x85\u2028😀", max_size=30)


@given(TEXTS)
def test_the_lines_together_are_the_text(text: str) -> None:
    assert "".join(split_lines(text)) == text


@given(TEXTS)
def test_a_line_ends_at_lf_crlf_and_cr_only(text: str) -> None:
    contents = re.split(r"\r\n|\r|\n", text)
    ended = [line.rstrip("\r\n") for line in split_lines(text)]
    # Behind the last end there is a line only if it holds something.
    assert ended == (contents[:-1] if contents[-1] == "" else contents)
