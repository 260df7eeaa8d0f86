"""What would hide from a reader is spelled out and counted, and Markdown of others does nothing."""

import sys
import unicodedata
from collections import Counter
from types import FrameType

import pytest
from hypothesis import given, strategies as st

from steward.workspace.markdown import code, fenced, inline
from steward.workspace.reveal import reveal

HIDDEN = {
    "right-to-left override": "\u202e",
    "left-to-right isolate": "\u2066",
    "right-to-left mark": "\u200f",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "tag letter": "\U000e0041",
    "variation selector": "\ufe0f",
    "supplementary variation selector": "\U000e0101",
    "Mongolian variation selector": "\u180b",
    "Khmer inherent vowel": "\u17b4",
    "combining grapheme joiner": "\u034f",
    "Hangul filler": "\u3164",
    "empty Braille pattern": "\u2800",
    "no-break space": "\u00a0",
    "line separator": "\u2028",
    "lone carriage return": "\r",
    "escape": "\x1b",
    "backspace": "\x08",
    "C1 control": "\x9b",
    "private use": "\ue000",
    "unassigned": "\U000e0fff",
    "lone surrogate": "\ud800",
}


@pytest.mark.parametrize("character", HIDDEN.values(), ids=HIDDEN)
def test_a_hidden_character_is_spelled_out_and_counted(character: str) -> None:
    shown, count = reveal(f"if admin:{character}pass")
    assert shown == f"if admin:⟨U+{ord(character):04X}⟩pass"
    assert count == 1


@given(st.text(alphabet=st.characters(), max_size=30))
def test_what_is_shown_hides_nothing(text: str) -> None:
    shown, count = reveal(text)
    assert all(unicodedata.category(c)[0] != "C" or c in "\t\n" for c in shown)
    assert reveal(shown) == (shown, 0)
    assert (count == 0) == (shown == text.replace("\r\n", "\n"))


@pytest.mark.parametrize("text", ["", "plain\n\ttext\n", "größer, 漢字, naïve, 😀", "a\r\nb\r\n"])
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert reveal(text) == (text.replace("\r\n", "\n"), 0)


def test_ordinary_text_is_not_judged_character_by_character() -> None:
    reveal("")
    calls: Counter[str] = Counter()

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        calls[event] += 1

    sys.setprofile(count)
    try:
        reveal("größer than before\n" * 1000)
    finally:
        sys.setprofile(None)
    assert calls.total() < 20


def test_an_escape_sequence_cannot_paint_over_a_line() -> None:
    shown, count = reveal("safe\x1b[2K\rrm -rf\n")
    assert shown == "safe⟨U+001B⟩[2K⟨U+000D⟩rm -rf\n"
    assert count == 2


@given(st.text(alphabet="`~ab\n", max_size=40))
def test_nothing_in_a_code_block_can_end_it(text: str) -> None:
    first, *inside, last = fenced(text).split("\n")
    fence = first.removesuffix("diff")
    assert set(fence) == {"`"}
    assert last == fence
    assert all(fence not in line for line in inside)
    assert "\n".join(inside) == text.rstrip("\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Heading", r"\# Heading"),
        ("1. a step", r"1\. a step"),
        ("12) a step", r"12\) a step"),
        ("- a point", r"\- a point"),
        ("> a quotation", r"\> a quotation"),
        ("---", r"\---"),
        ("===", r"\==="),
        ("a** (`read_file`)", r"a\*\* (\`read_file\`)"),
        ("![x](https://example.org/?q=1)", r"!\[x\](https://example.org/?q=1)"),
        ("[click](command:delete)", r"\[click\](command:delete)"),
        ("<img src=x>", r"\<img src=x>"),
        ("&#x202e;", r"\&#x202e;"),
        ("~~not~~ done", r"\~\~not\~\~ done"),
        ("$\\color{white}x$", r"\$\\color{white}x\$"),
        ("__init__.py", r"\_\_init\_\_.py"),
        ("test_basket_total.py", "test_basket_total.py"),
        ("a | b", r"a \| b"),
        ("\\", "\\\\"),
        ("two\n\n# lines", "two # lines"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("", ""),
    ],
)
def test_text_of_others_has_no_effect_as_markdown(text: str, shown: str) -> None:
    assert inline(text) == shown


@given(st.text(alphabet=st.characters(), max_size=40))
def test_a_code_span_has_one_line_and_two_backticks(text: str) -> None:
    span = code(text)
    assert span.count("`") == 2
    assert span.startswith("`")
    assert span.endswith("`")
    assert len(span.splitlines()) == 1
