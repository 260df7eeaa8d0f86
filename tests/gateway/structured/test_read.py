"""What a model wrote is read exactly, or not at all."""

import json
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from steward.core.agent_limits import STRUCTURED_CHARS_MAX
from steward.core.errors import UnstructuredError
from steward.gateway.structured.read import read, read_now
from tests.gateway.structured.damages import DAMAGES, OBJECTS

EXACT_LEAST = 84
"""Of a hundred, of which fifteen are cut and one cannot be told apart from what it is not."""
CUT = ("cut at a half", "cut before the end", "no last bracket")


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=40)
    numbers: list[int]
    text: str
    is_final: bool


class Anything(BaseModel):
    model_config = ConfigDict(extra="forbid")

    value: JsonValue


class Colour(StrEnum):
    RED = "red"


class Bounded(BaseModel):
    model_config = ConfigDict(extra="forbid")

    colour: Colour
    size: int = Field(default=3, le=10)


def outcomes() -> Iterator[tuple[str, str, str]]:
    """Of each damaged object: what was done to it, which it is, and what became of it."""
    for damage, harm in DAMAGES.items():
        for name, value in OBJECTS.items():
            try:
                found = read_now(harm(value), Answer).value.model_dump()
            except UnstructuredError:
                yield damage, name, "refused"
            else:
                yield damage, name, "exact" if found == value else "different"


def test_nothing_is_ever_read_as_something_else() -> None:
    found = list(outcomes())
    assert len(found) == 100
    assert [each for each in found if each[2] == "different"] == []
    assert sum(each[2] == "exact" for each in found) >= EXACT_LEAST


def test_half_an_answer_is_refused() -> None:
    found = {outcome for damage, _, outcome in outcomes() if damage in CUT}
    assert found == {"refused"}


def test_a_list_that_was_cut_off_is_not_taken_for_a_shorter_one() -> None:
    with pytest.raises(UnstructuredError):
        read_now('{"name": "a", "text": "", "is_final": true, "numbers": [1, 2', Answer)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_what_is_json_is_read_as_it_is(value: Any) -> None:
    assert read_now(json.dumps({"value": value}), Anything).value.value == value
    assert read_now(f"```json\n{json.dumps({'value': value})}\n```", Anything).repairs[:1] in (
        ("fence",),
        ("surroundings",),
    )


@given(st.text(alphabet='{}[]":,\\ntrue1 \n`', max_size=60))
def test_whatever_comes_is_read_or_refused(answer: str) -> None:
    with suppress(UnstructuredError):
        assert set(read_now(answer, Anything).value.model_dump()) == {"value"}


@pytest.mark.parametrize(
    ("answer", "category", "said"),
    [
        ("I could not do it.", "JSON_SYNTAX_ERROR", "no JSON"),
        ('{"colour": "blue"}', "JSON_SCHEMA_MINOR_MISMATCH", "colour"),
        ('{"colour": "red", "size": 11}', "JSON_SCHEMA_MINOR_MISMATCH", "size"),
        ('{"size": 3}', "JSON_SCHEMA_MAJOR_MISMATCH", "colour: Field required"),
        ('{"colour": "red", "size": "big"}', "JSON_SCHEMA_MAJOR_MISMATCH", "size"),
        ("[" * 100_000, "JSON_SYNTAX_ERROR", "no JSON"),
    ],
)
def test_a_refusal_names_its_kind_and_what_is_wrong(answer: str, category: str, said: str) -> None:
    with pytest.raises(UnstructuredError, match=said) as refused:
        read_now(answer, Bounded)
    assert refused.value.category == category


def test_a_default_of_the_schema_is_no_invention_and_a_missing_value_stays_missing() -> None:
    assert read_now('{"colour": "red"}', Bounded).value == Bounded(colour=Colour.RED, size=3)
    with pytest.raises(UnstructuredError):
        read_now('{"size": 4,}', Bounded)


def test_what_was_repaired_is_told() -> None:
    assert read_now('{"colour": "red", "size": 4}', Bounded).repairs == ()
    assert read_now('Here: {"colour": "red", "size": "4"}', Bounded).repairs == (
        "surroundings",
        "coercion",
    )
    assert read_now('{"colour": "red", "size": 4,}', Bounded).repairs == ("syntax",)


async def test_an_answer_that_is_too_long_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(UnstructuredError, match="the most that is read"):
        await read('{"value": [' + "1 " * STRUCTURED_CHARS_MAX, Anything)


async def test_a_long_answer_with_a_fault_is_mended() -> None:
    text = "line\n" * 2_000
    written = json.dumps({"value": text})[:-1] + ",}"
    found = await read(written, Anything)
    assert (found.value.value, found.repairs) == (text, ("syntax",))
