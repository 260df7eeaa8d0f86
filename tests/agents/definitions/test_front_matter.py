"""Front matter is read whole and plainly, or refused with its line; never believed further."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from steward.agents.definitions.front_matter import FrontMatterError, read, split
from steward.agents.definitions.limits import (
    FRONT_MATTER_CHARS_MAX,
    FRONT_MATTER_DEPTH_MAX,
    FRONT_MATTER_VALUES_MAX,
)

PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=20)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**15), 10**15),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: len(repr(x)) <= 20),
    PLAIN,
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN, inner, max_size=4),
    max_leaves=12,
)
_MARKS = ("---\n", "a: ", "b:\n", "- ", "  ", "[", "]", "{", "}", ",", "&x ", "*x", "!!int ", ">\n")
_MORE = ("'", '"', "# c\n", "? ", ": ", "\n", "\t", "1", ".nan", "true", "...\n", "<<: ")
PIECES = st.sampled_from(_MARKS + _MORE)


def values(text: str) -> object:
    return read(text).values


@settings(max_examples=50)
@given(st.dictionaries(PLAIN, VALUES, max_size=5))
def test_what_json_writes_is_read_as_it_is(wanted: dict[str, Any]) -> None:
    text = json.dumps(wanted, ensure_ascii=False)
    if _depth(wanted) > FRONT_MATTER_DEPTH_MAX:
        with pytest.raises(FrontMatterError, match="too deep"):
            read(text)
    else:
        assert values(text) == wanted


def _depth(value: Any) -> int:
    if not isinstance(value, dict | list):
        return 0
    inner: list[Any] = list(value.values() if isinstance(value, dict) else value)  # pyright: ignore[reportUnknownArgumentType]
    return 1 + max(map(_depth, inner), default=-1)


@given(st.lists(PIECES | st.text(max_size=8), max_size=40).map("".join))
def test_any_text_is_read_or_refused_with_a_line_that_it_has(text: str) -> None:
    try:
        parts = split(f"---\n{text}\n---\nbody")
        found = read(parts.head)
    except FrontMatterError as error:
        refused_on = error.line
    else:
        refused_on = 1
        _check(found.values, 0)
        assert all(line >= 2 for line in found.lines.values())
    assert 1 <= refused_on <= len(text.splitlines()) + 5


def _check(value: object, depth: int) -> None:
    """Only plain values, of a depth that is taken."""
    assert depth <= FRONT_MATTER_DEPTH_MAX + 1
    match value:
        case dict():
            for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
                assert isinstance(key, str)
                _check(inner, depth + 1)  # pyright: ignore[reportUnknownArgumentType]
        case list():
            for inner in value:  # pyright: ignore[reportUnknownVariableType]
                _check(inner, depth + 1)  # pyright: ignore[reportUnknownArgumentType]
        case _:
            assert value is None or isinstance(value, bool | int | float | str)
            assert not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize(
    ("head", "line", "about"),
    [
        ("a: !!python/object/apply:os.system [id]\n", 2, "tag"),
        ("a: ! x\n", 2, "tag"),
        ("!!map\na: 1\n", 2, "tag"),
        ("a: 1\n!!str b: 2\n", 3, "plain word"),
        ("a: &x [1]\n", 2, "anchor"),
        ("a: *x\n", 2, "alias"),
        ("a: 1\n*x : 2\n", 3, "plain word"),
        ("a: 1\nb: 2\na: 3\n", 4, "twice"),
        ("a: {b: 1, b: 2}\n", 2, "twice"),
        ("a: .nan\n", 2, "number"),
        ("a: -.inf\n", 2, "number"),
        ("a: 1e400\n", 2, "number"),
        (f"a: {'9' * 5000}\n", 2, "number"),
        (f"a: {'[' * 10_000}\n", 2, "deep"),
        ("a: " + "{b: " * 3_000 + "\n", 2, "deep"),
        (f"a: [{'1,' * (FRONT_MATTER_VALUES_MAX + 1)}]\n", 2, "long"),
        ("a" * (FRONT_MATTER_CHARS_MAX + 1), 2, "characters"),
        ("%YAML 1.1\n", 3, "not YAML"),
        ("a: 1\n...\nb: 2\n", 4, "not YAML"),
        ("a: 'x\n", 3, "not YAML"),
        ("a: \x00\n", 2, "characters"),
        ("- a\n", 2, "table"),
        ("? [a]\n: b\n", 2, "plain word"),
    ],
)
def test_what_makes_yaml_dangerous_is_refused_on_its_line(head: str, line: int, about: str) -> None:
    with pytest.raises(FrontMatterError, match=about) as refused:
        read(head)
    assert refused.value.line == line


def test_no_and_on_are_words_as_yaml_1_2_has_them() -> None:
    assert values("a: no\nb: on\nc: 12:30\nd: 2026-11-21\ne: 0x10\n") == {
        "a": "no",
        "b": "on",
        "c": "12:30",
        "d": "2026-11-21",
        "e": "0x10",
    }


def test_merge_keys_and_prototypes_are_names_like_any_other() -> None:
    assert values("<<: x\n__proto__: y\n") == {"<<": "x", "__proto__": "y"}


def test_each_value_knows_its_line() -> None:
    found = read("a: 1\nb:\n  - x\n  - y\nc:\n  d: 2\n")
    assert found.lines["b", 1] == 5
    assert found.lines["c", "d"] == 7


def test_the_body_begins_behind_the_second_line_of_dashes() -> None:
    parts = split("\ufeff---\r\na: 1\r\n---\r\nHello\r\n---\r\n")
    assert (parts.head, parts.body, parts.body_line) == ("a: 1\n", "Hello\n---\n", 4)


@pytest.mark.parametrize("text", ["", "# Title\n", " ---\na: 1\n---\n", "---\na: 1\n"])
def test_a_text_without_front_matter_is_refused(text: str) -> None:
    with pytest.raises(FrontMatterError):
        split(text)
