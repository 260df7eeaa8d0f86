"""A stream is left as soon as enough has come, and not before."""

from random import Random

import pytest
from hypothesis import given, strategies as st

from steward.completion.shape.fit import fit
from steward.completion.shape.stopper import Stopper
from steward.context.cursor import Cursor
from steward.core.limits import SUGGESTION_CHARS_MAX
from tests.completion.shape.test_fit import PATHS, PIECES, at

IN_F = at("def f():\n    ¦\n    return total\n\n\ndef g():\n    pass\n")


def read(cursor: Cursor, pieces: list[str]) -> tuple[str, bool]:
    """What has come when nothing more is wanted, and whether that was before the end."""
    stopper = Stopper(cursor)
    is_over = any(stopper.feed(piece) for piece in pieces)
    return stopper.text, is_over


@pytest.mark.parametrize(
    ("document", "answer", "read_up_to"),
    [
        ("x = ¦", "1\ny = 2\nz = 3\n", "1\n"),
        ("def f():\n    ¦", "return 1\n\ndef g():\n    pass\n", "return 1\n\ndef g():\n"),
        ("f(a, [\n    ¦\n])\n", "1,\n])\nmore()\n", "1,\n])\n"),
        ("¦", "a = 1\n\n\nb = 2\n", "a = 1\n\n\n"),
        ("¦", "log(a)\n" * 20, "log(a)\n" * 3),
        ("x = ¦", "1<|endoftext|> and more", "1\n"),
        ("def f():\n    ¦", "return 1\n```\nSo it is.\n", "return 1\n```\n"),
        ("def f():\n    ¦", "a()\n    # a.py\n    b()\n", "a()\n    # a.py\n"),
        ("def f():\n    ¦", "a()\ndiff --git a b\n", "a()\n"),
        (
            "def f():\n    ¦\n    total = sum(values)\n    return mean(total, count)\n",
            "count = 1\n    total = sum(values)\n    return mean(total, count)\n    more()\n",
            "count = 1\n    total = sum(values)\n    return mean(total, count)\n",
        ),
    ],
    ids=[
        "line",
        "block",
        "bracket",
        "blank lines",
        "repeats",
        "mark",
        "fence",
        "name",
        "patch",
        "what is below",
    ],
)
def test_nothing_is_read_behind_the_line_that_was_enough(
    document: str, answer: str, read_up_to: str
) -> None:
    cursor = at(document)
    assert read(cursor, list(answer)) == (read_up_to, True)


@pytest.mark.parametrize(
    "answer",
    [
        "x = 1\n    return x\n",
        "<think>\nOne.\n\n\nTwo.\n</think>\nx = 1\n",
        "Here is the code:\n\n```python\nx = 1\n    y = 2\n",
        "def f():\n    x = 1\n    y = 2\n",
        'x = """\na\n\n\nb\n"""\n',
        "if a:\n        b()\n\n    c()\n",
        "return total\n",
    ],
    ids=["block", "thought", "preamble", "echo", "text", "blank line", "alike"],
)
def test_a_right_answer_is_read_to_its_end(answer: str) -> None:
    assert read(IN_F, list(answer)) == (answer, False)


def test_a_stream_without_end_is_left() -> None:
    text, is_over = read(at("x = ¦"), ["y" * 1000] * 100)
    assert is_over
    assert len(text) == SUGGESTION_CHARS_MAX


@given(PIECES, PIECES, PIECES, PATHS, st.randoms(use_true_random=False))
def test_how_a_stream_is_cut_into_pieces_changes_nothing(
    answer: str, before: str, after: str, path: str, random: Random
) -> None:
    cursor = Cursor(path, before, after)
    pieces: list[str] = []
    rest = answer
    while rest:
        size = random.randint(1, 5)
        pieces.append(rest[:size])
        rest = rest[size:]
    text, is_over = read(cursor, pieces)
    whole, is_whole_over = read(cursor, [answer])
    assert (text, is_over) == (whole, is_whole_over)
    found = fit(text, cursor, is_whole=not is_over)
    assert found is None or found.text.strip()
