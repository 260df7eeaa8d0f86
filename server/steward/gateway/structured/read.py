"""Reads a value of a known shape out of a model's answer, and never makes one up.

In this order: as it stands; out of fences, words and strings around it; with its syntax mended;
with values taken for what the schema wants where that loses nothing. Whatever then does not keep
to the schema is refused with words that a model can act on. Half an answer is refused, too: the
end of a list that was cut off cannot be told from one that was meant.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from steward.core.agent_limits import STRUCTURED_CHARS_MAX
from steward.core.errors import UnstructuredError
from steward.gateway.structured.candidates import Candidate, Repair, mended, parsed

Shape = TypeVar("Shape", bound=BaseModel)

Category = Literal["JSON_SYNTAX_ERROR", "JSON_SCHEMA_MINOR_MISMATCH", "JSON_SCHEMA_MAJOR_MISMATCH"]
"""No JSON; the right fields with a value out of its bounds; another shape."""

_MINOR = ("string_too_", "too_", "greater_than", "less_than", "enum", "literal_", "extra_forbidden")
_SAID_MOST = 5
_OFF_LOOP_CHARS = 4_000


@dataclass(frozen=True, slots=True)
class Read(Generic[Shape]):
    """A value, and what had to be done to read it."""

    value: Shape
    repairs: tuple[Repair, ...]
    """Empty where it stood there as it was asked for."""


async def read(answer: str, shape: type[Shape]) -> Read[Shape]:
    """The value that the answer holds; off the loop where it is long.

    Raises:
        UnstructuredError: it holds none; names the category, and for the model what is wrong.
    """
    if len(answer) > _OFF_LOOP_CHARS:
        return await asyncio.to_thread(read_now, answer, shape)
    return read_now(answer, shape)


def read_now(answer: str, shape: type[Shape]) -> Read[Shape]:
    """As `read`, at once."""
    if len(answer) > STRUCTURED_CHARS_MAX:
        raise UnstructuredError(
            "JSON_SYNTAX_ERROR",
            f"The answer has {len(answer)} characters; the most that is read as JSON is"
            f" {STRUCTURED_CHARS_MAX}. Answer shorter.",
        )
    refused: ValidationError | None = None
    for candidates in (parsed, mended):
        value, error = _first_that_fits(candidates(answer), shape)
        if value is not None:
            return value
        refused = refused or error
    if refused is None:
        raise UnstructuredError(
            "JSON_SYNTAX_ERROR",
            "The answer holds no JSON that can be read whole. Answer with one JSON object and"
            " nothing else, closed to its end.",
        )
    raise _mismatch(refused)


def _first_that_fits(
    candidates: Iterator[Candidate], shape: type[Shape]
) -> tuple[Read[Shape] | None, ValidationError | None]:
    """The first that keeps to the schema; else the error of the first that was tried."""
    first: ValidationError | None = None
    for candidate in candidates:
        try:
            return Read(shape.model_validate(candidate.value, strict=True), candidate.repairs), None
        except ValidationError:
            pass
        try:
            # What JSON cannot say strictly (a tuple, an enum) and what loses nothing by the way.
            value = shape.model_validate(candidate.value)
        except ValidationError as error:
            first = first or error
            continue
        coerced = _is_coerced(candidate.value, value)
        repairs = (*candidate.repairs, "coercion") if coerced else candidate.repairs
        return Read(value, repairs), None
    return None, first


def _is_coerced(given: object, value: BaseModel) -> bool:
    """Whether a value was taken for another one than was written."""
    return value.model_dump(mode="json", exclude_unset=True) != given


def _mismatch(error: ValidationError) -> UnstructuredError:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    is_minor = all(each["type"].startswith(_MINOR) for each in found)
    said = "; ".join(
        f"{'.'.join(map(str, each['loc'])) or 'the whole'}: {each['msg']}"
        for each in found[:_SAID_MOST]
    )
    more = f"; and {len(found) - _SAID_MOST} more" if len(found) > _SAID_MOST else ""
    category: Category = "JSON_SCHEMA_MINOR_MISMATCH" if is_minor else "JSON_SCHEMA_MAJOR_MISMATCH"
    return UnstructuredError(
        category, f"The answer's JSON is not of the shape that was asked for: {said}{more}."
    )
