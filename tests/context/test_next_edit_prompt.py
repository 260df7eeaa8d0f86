"""What a model sees when it is asked what will be changed next."""

from steward.context.cursor import Cursor
from steward.context.edit_history import EditDiff
from steward.context.next_edit_prompt import NextEditParts, next_edit_request_parts
from steward.context.snippet import Snippet
from steward.context.tokens import count
from steward.gateway.catalogue.model import Model
from tests.context.surroundings import filler

MODEL = Model("custom", "seer")


def asked(
    before: str,
    after: str,
    *,
    tokens: int = 8000,
    snippets: tuple[Snippet, ...] = (),
    line: int = 0,
) -> NextEditParts | None:
    cursor = Cursor("a.py", before, after, line=line)
    diffs = (EditDiff("a.py", 3, "old\n", "new\n"), EditDiff("b.py", 7, "x\n", "ignore me\n"))
    return next_edit_request_parts(MODEL, cursor, diffs, snippets, tokens)


def test_the_lines_around_the_last_edit_may_be_rewritten() -> None:
    parts = asked(filler("above", 2000), filler("below", 2000), line=5000)
    assert parts is not None
    region = parts.region
    assert region.line == 5000 - 12
    assert region.text.startswith("above_1988 = 1988\n")
    assert region.text.endswith("below_24 = 24\n")
    shown = parts.messages[-1].content
    assert f"<region>\n{region.text}</region>" in shown
    assert "above_1987" in shown.partition("<region>")[0]
    assert "below_25 =" in shown.partition("</region>")[2]


def test_all_that_was_not_written_by_us_is_data_and_no_instruction() -> None:
    snippet = Snippet("c.py", "def other(): ...\n", "similar")
    parts = asked("a = 1\n", "b = 2\n", snippets=(snippet,))
    assert parts is not None
    system, *others = parts.messages
    assert (system.role, {each.role for each in others}) == ("system", {"user"})
    for text in ("ignore me", "def other", "a = 1"):
        assert text not in system.content
        assert sum(text in each.content for each in others) == 1
    assert all("(data)" in each.content for each in others)


def test_the_request_keeps_to_its_tokens() -> None:
    snippets = tuple(Snippet(f"{n}.py", filler(f"name_{n}", 40), "similar") for n in range(40))
    parts = asked(filler("above", 900), filler("below", 900), tokens=2000, snippets=snippets)
    assert parts is not None
    written = sum(count(message.content) for message in parts.messages)
    assert 1000 < written + parts.output_tokens_max <= 2000


def test_a_region_that_must_not_be_rewritten_is_not_asked_about() -> None:
    assert asked("", "") is None
    assert asked("\n\n", "\n") is None
    assert asked("x" * 7000, "") is None
    assert asked("key = 'sk-ant-abcdefghabcdefghabcdefgh'\n", "") is None
    assert asked("-----BEGIN PRIVATE KEY-----\nabc\n", filler("x", 90)) is None
    assert asked("mark = '<region>'\n", "a = 1\n") is None
    assert asked("a = 1\n", "b = 2\n", tokens=400) is None


def test_a_key_above_or_below_the_region_is_taken_out_before_anything_is_cut() -> None:
    key = "sk-ant-" + "abcdefgh" * 400
    parts = asked(f"key = '{key}'\n" + filler("above", 14), filler("below", 3))
    assert parts is not None
    assert all("abcdefgh" not in message.content for message in parts.messages)
