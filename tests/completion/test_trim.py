"""A model's answer is made to fit the hole; what does not fit is not shown."""

import pytest
from hypothesis import example, given, strategies as st

from steward.completion.cursor import Cursor
from steward.completion.trim import trim
from tests.completion.test_cursor import at

CASES = {
    "plain": ("x = |", "1 + 2", "1 + 2"),
    "fence": ("x = |", "```python\n1 + 2\n```", "1 + 2"),
    "fence without a language": ("x = |", "```\n1 + 2\n```\n", "1 + 2"),
    "fence never closed": ("x = |", "```python\n1 + 2", "1 + 2"),
    "fence with a block": ("def f():\n    |", "```python\nx = 1\n    return x\n```", None),
    "echo of the line": ("total = |", "total = a + b", "a + b"),
    "echo of an indented line": ("    return |", "    return a + b", "a + b"),
    "a single character is no echo": ("(|)", "(a)", "(a)"),
    "a space too many": ("x = |", " 1", "1"),
    "a space that is wanted": ("x =|", " 1", " 1"),
    "a bracket that is there": ("f(|)", "a, b)", "a, b"),
    "two brackets that are there": ("f(g(|))", "a))", "a"),
    "a bracket that is needed": ("f(|)", "g(a)", "g(a)"),
    "brackets needed and there": ("f(|)", "g(a))", "g(a)"),
    "a call before a bracket and colon": ("if f(|):", "g(a)):", "g(a)"),
    "a list in brackets": ("f(|)", "[a[0]]", "[a[0]]"),
    "quotes inside brackets": ("f(|)", "'a'", "'a'"),
    "a quote and a bracket that are there": ("f('|')", "a')", "a"),
    "a quote that is there": ("s = '|'", "text'", "text"),
    "bracket and colon that are there": ("if f(|):", "a):", "a"),
    "the rest of the line": ("x = |\ny = 2\n", "1\ny = 2\n", "1"),
    "a block and the lines after it": (
        "def f():\n    |\n\ndef g():\n    pass\n",
        "return 1\n\ndef g():\n    pass\n",
        "return 1",
    ),
    "the line below": ("a = 1\n|\nb = 2\n", "b = 2", ""),
    "one line where one is wanted": ("x = |", "1\ny = 2", "1"),
    "a block where one is wanted": ("def f():\n    |", "x = 1\n    return x", None),
    "a block behind a colon": ("def f():|", "\n    return 1", None),
    "two blank lines end a block": ("|", "a = 1\n\n\nb = 2", "a = 1"),
    "twelve lines are enough": ("|", "\n".join("abcdefghijklmnop"), "\n".join("abcdefghijkl")),
    "carriage returns": ("def f():\n    |", "x = 1\r\n    return x", "x = 1\n    return x"),
    "nothing": ("x = |", "", ""),
    "spaces": ("x = |", "   \n\n", ""),
    "an empty fence": ("x = |", "```\n```", ""),
}


@pytest.mark.parametrize(("text", "answer", "shown"), CASES.values(), ids=CASES)
def test_real_answers(text: str, answer: str, shown: str | None) -> None:
    if shown is None:  # Fits as it is, but for the fence.
        shown = answer.removeprefix("```python\n").removesuffix("\n```")
    assert trim(answer, at(text)) == shown


PIECES = st.lists(
    st.sampled_from(
        [
            *("a", "b", "x1", " ", "    ", "\n", "\r\n", "\r", "(", ")", "[", "]", "{", "}", "'"),
            *('"', "`", "```", ":", ",", ";", "\u2028", "😀", "\x0c", "return ", "def f"),
        ]
    ),
    max_size=14,
).map("".join)


@given(PIECES | st.text(max_size=30), PIECES, PIECES)
@example("```", "", "")
@example("))", "f(", "))")
def test_whatever_a_model_answers_something_fits_or_nothing_is_shown(
    answer: str, before: str, after: str
) -> None:
    cursor = Cursor("a.py", before, after)
    shown = trim(answer, cursor)
    assert shown == "" or shown.strip()
    assert len(shown) <= len(answer)
    assert shown.count("\n") < 12
    if not cursor.takes_several_lines:
        assert "\n" not in shown


@given(PIECES.filter(lambda text: bool(text.strip())), PIECES, PIECES)
def test_what_the_document_goes_on_with_is_not_suggested_again(
    text: str, before: str, rest: str
) -> None:
    # The model writes a statement and then, as it often does, what follows already.
    document = text.replace("\r\n", "\n").rstrip()
    cursor = Cursor("a.py", before, document + rest)
    shown = trim(document, cursor)
    assert not shown or not (document + rest).startswith(shown), (shown, document)
