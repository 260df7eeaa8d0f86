"""What a model sees for ghost text fits the budget, and is whole lines next to the cursor."""

from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from steward.context.cursor import Cursor
from steward.context.ghost_prompt import GhostParts, ghost_request_parts
from steward.context.snippet import Found, Snippet
from steward.context.tokens import count
from steward.core.redact import redact
from steward.gateway.catalogue.model import Model
from steward.gateway.request import Fill, OtherFile

MODEL = Model("custom", "m")
ROOM = 8000 - 750
"""What is left of the budget for what files say."""


def parts(
    cursor: Cursor, *snippets: Snippet, model: Model = MODEL, tokens: int = 8000
) -> GhostParts:
    return ghost_request_parts(model, cursor, snippets, tokens, repository="shop")


def lines(count_: int, name: str = "line") -> str:
    return "".join(f"{name}_{number} = compute({number})\n" for number in range(count_))


def size(fill: Fill) -> int:
    return count(fill.prefix) + count(fill.suffix) + sum(count(each.text) for each in fill.files)


def piece(path: str, text: str, source: Found = "similar", line: int = 0) -> Snippet:
    return Snippet(path, text, source, line)


TEXT = st.lists(
    st.sampled_from(["", "x", "    return value\n", "\r\n", "\n", "ä𝄞" * 40, "y = 1;" * 600, "}"]),
    max_size=30,
).map("\n".join)
SNIPPETS = st.lists(
    st.builds(
        Snippet,
        st.sampled_from(["b.py", "deep/c.py"]),
        st.integers(1, 80).map(lines),
        st.sampled_from(["similar", "edited", "imported", "map"]),
        st.integers(0, 9),
    ),
    max_size=6,
)


@settings(max_examples=60)
@given(TEXT, TEXT, SNIPPETS, st.integers(750, 4000))
def test_nothing_exceeds_the_budget_and_what_stands_next_to_the_cursor_is_kept(
    before: str, after: str, snippets: list[Snippet], tokens: int
) -> None:
    cursor = Cursor("a.py", before, after)
    fill = parts(cursor, *snippets, tokens=tokens).fill
    assert size(fill) <= tokens - 750
    assert before.endswith(fill.prefix)
    assert after.startswith(fill.suffix)
    for each in fill.files:
        assert any(each.path == one.path and one.text.startswith(each.text) for one in snippets)
        assert each.text.endswith("\n")
    cut = len(before) - len(fill.prefix)
    is_within_line = "\n" not in fill.prefix[:-1]
    assert not cut or before[cut - 1] == "\n" or is_within_line
    end = len(fill.suffix)
    assert end == len(after) or fill.suffix.endswith("\n") or "\n" not in fill.suffix


def test_a_short_document_is_shown_whole() -> None:
    cursor = Cursor("a.py", lines(100), lines(50))
    fill = parts(cursor).fill
    assert (fill.prefix, fill.suffix, fill.path) == (cursor.before, cursor.after, "a.py")
    assert (fill.repository, fill.comment) == ("shop", ("#", ""))


def test_what_one_part_does_not_need_the_others_get() -> None:
    long = Cursor("a.py", lines(3000), lines(3000))
    alone = parts(long).fill
    assert count(alone.prefix) > 0.6 * ROOM
    assert count(alone.suffix) > 0.12 * ROOM
    beside = parts(long, piece("b.py", lines(900), "map"), piece("c.py", lines(900))).fill
    assert 0.3 * ROOM < count(beside.prefix) < 0.4 * ROOM
    assert [each.path for each in beside.files] == ["b.py", "c.py"]
    shown = [count(each.text) for each in beside.files]
    assert 0.25 * ROOM < shown[0] < 0.35 * ROOM
    assert 0.1 * ROOM < shown[1] < 0.15 * ROOM
    assert size(beside) > 0.85 * ROOM


def test_a_model_with_a_small_window_gets_less() -> None:
    cursor = Cursor("a.py", lines(3000), lines(3000))
    assert size(parts(cursor, model=replace(MODEL, input_tokens_max=2000)).fill) <= 1250
    nothing = parts(cursor, model=replace(MODEL, input_tokens_max=100)).fill
    assert (nothing.prefix, nothing.suffix) == ("", "")


def test_the_beginning_stays_while_somebody_types_on() -> None:
    before = lines(3000)
    starts: set[str] = set()
    for number in range(40):
        before += f"typed_{number} = {number}\n"
        prefix = parts(Cursor("a.py", before, "")).fill.prefix
        starts.add(prefix[: prefix.index("\n")])
    assert len(starts) <= 4


def test_an_endless_line_is_cut_next_to_the_cursor() -> None:
    line = "f(1);" * 200_000
    fill = parts(Cursor("a.js", f"top\n{line}", f"{line}\nend")).fill
    assert line.endswith(fill.prefix)
    assert line.startswith(fill.suffix)
    assert fill.prefix
    assert fill.suffix
    assert size(fill) <= ROOM


def test_what_stays_stands_first_in_the_order_of_its_places_and_the_best_of_the_rest_last() -> None:
    found = (
        piece("best.py", "a = 1\n"),
        piece("z.py", "b = 1\n", "imported"),
        piece("second.py", "c = 1\n", "edited"),
        piece("b.py", "d = 1\n", "map", 30),
        piece("b.py", "e = 1\n", "imported", 2),
    )
    files = parts(Cursor("a.py", "x", ""), *found).fill.files
    assert [each.text[0] for each in files] == ["e", "d", "b", "c", "a"]


def test_what_the_window_shows_is_not_shown_twice() -> None:
    same, other = piece("a.py", "x = 1\ny = 2\n", "edited"), piece("a.py", "z = 3\n", "edited")
    fill = parts(Cursor("a.py", "x = 1\ny = 2\n", ""), same, other).fill
    assert fill.files == (OtherFile("a.py", "z = 3\n"),)


def test_of_a_piece_that_is_too_long_the_beginning_is_shown() -> None:
    files = parts(Cursor("a.py", lines(2000), ""), piece("b.py", lines(5000))).fill.files
    assert lines(5000).startswith(files[0].text)
    assert files[0].text.count("\n") > 20


def test_one_line_ends_at_its_end_and_several_at_a_gap() -> None:
    assert parts(Cursor("a.py", "x = ", "")).stop == ("\n",)
    assert parts(Cursor("a.py", "def f():\n    ", "\n")).stop == ("\n\n\n",)


@pytest.mark.parametrize(
    ("path", "comment"),
    [
        ("a.py", ("#", "")),
        ("a.lua", ("--", "")),
        ("a.css", ("/*", "*/")),
        ("a.html", ("<!--", "-->")),
        ("a.json", None),
        ("a.unknown", None),
    ],
)
def test_comments_are_those_of_the_language(path: str, comment: tuple[str, str] | None) -> None:
    assert parts(Cursor(path, "x", "")).fill.comment == comment


def test_no_half_of_a_key_is_shown_where_the_cursor_or_the_window_cuts_it() -> None:
    begin, end = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
    body = "MIIEcanary0123456789\n" * 200
    within = Cursor("k.pem", f"top\n{begin}\n{body}", f"{body}{end}\nrest\n")
    cut = Cursor("k.pem", f"{begin}\n{body * 4}{end}\nx = ", f"\n{begin}\n{body * 4}{end}\n")
    open_ = Cursor("k.pem", f"{begin}\n{body}", body)
    for cursor in (within, cut, open_):
        found = parts(cursor, tokens=3000)
        assert "canary" not in str(found)
        assert "<redacted private key>" in found.fill.prefix
    assert parts(within).fill.suffix == "\nrest\n"


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor("a.py", 'api_key = "canary0123456789', '"\n'),
        Cursor("a.pem", "canary\n-----END PRIVATE KEY-----\nx = ", "\n"),
    ],
    ids=["written just now", "begun before the window"],
)
def test_no_part_of_a_secret_is_shown_where_something_cuts_it(cursor: Cursor) -> None:
    fill = parts(cursor, tokens=8000).fill
    assert "canary" not in redact(fill.prefix) + redact(fill.suffix)


def test_no_part_of_a_secret_is_shown_where_a_long_line_is_cut() -> None:
    secret = 'apiKey:"' + "canary" * 60 + '",'
    for size_ in range(800, 3000, 50):
        near = ("y=2;" * size_)[:size_]
        before, after = (
            Cursor("a.js", "x=1;" * 5000 + secret + near, "\n"),
            Cursor("a.js", "x = ", ""),
        )
        after = replace(after, after=near + secret + "x=1;" * 5000)
        for cursor in (before, after):
            fill = parts(cursor).fill
            assert "canary" not in redact(fill.prefix) + redact(fill.suffix)


def test_both_forms_show_the_same() -> None:
    found = parts(Cursor("a.py", "x = ", "\ny = 2\n"), piece("b.py", "B = 1\n"))
    system, related, asked = found.messages
    assert "B = 1" not in system.content
    assert '<file path="b.py">\nB = 1\n</file>' in related.content
    assert asked.content.endswith("<before>x = </before><after>\ny = 2\n</after>")
    assert found.fill.files == (OtherFile("b.py", "B = 1\n"),)
