"""What was suggested is remembered, and the document that it was for is kept once."""

import tracemalloc

from steward.completion.asking.known import Entry, Known
from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor
from steward.core.limits import GHOST_KNOWN_MAX

LINES = 1_000


def test_many_suggestions_for_a_long_document_take_no_more_than_the_document() -> None:
    known, before = Known(), ""
    tracemalloc.start()
    try:
        for number in range(GHOST_KNOWN_MAX):
            before = "".join(("total = compute(value)\n" * LINES, "x" * number))
            known.keep(Entry(_at(before), Suggestion(" = 1"), "model", "small"))
        kept_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    found = known.find(_at(before + " ="))
    assert found is not None
    assert found.suggestion == Suggestion(" 1")
    assert kept_bytes < 20 * len(before)


def test_a_bracket_that_the_editor_closed_is_covered_and_another_text_behind_is_not() -> None:
    known = Known()
    known.keep(Entry(Cursor("a.py", "print", "\n"), Suggestion("(a)"), "model", "small"))
    closed = known.find(Cursor("a.py", "print(", ")\n"))
    assert closed is not None
    assert closed.suggestion == Suggestion("a)", 1)
    assert known.find(Cursor("a.py", "print(", ";\n")) is None
    assert known.find(Cursor("a.py", "print(", "\nmore\n")) is None


def _at(before: str) -> Cursor:
    return Cursor("a.py", before, "\n" + "y = other(value)\n" * LINES)
