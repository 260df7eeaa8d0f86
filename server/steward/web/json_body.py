"""A request's JSON, read strictly: what two readers could understand differently is refused."""

import asyncio
import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn, cast

from steward.core.depth import is_deeper
from steward.core.errors import InvalidInputError
from steward.core.limits import JSON_DEPTH_MAX

Json = dict[str, Any]

_OFF_LOOP_BYTES = 50_000
"""Bodies above this size are read in a thread."""
_HALF_PAIR = re.compile(r"[\ud800-\udfff]")


async def read_json(body: bytes) -> Json:
    """The JSON object in a body.

    Raises:
        InvalidInputError: it is not one, says a name twice, nests too deep, or holds a number or
            a text that other programs could not read.
    """
    if len(body) > _OFF_LOOP_BYTES:
        return await asyncio.to_thread(_parsed, body)
    return _parsed(body)


def _parsed(body: bytes) -> Json:
    try:
        data: Any = _DECODER.decode(body.decode("utf-8"))
    except InvalidInputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(
            "The request's body is not JSON in UTF-8. Send one JSON object."
        ) from error
    if not isinstance(data, dict):
        raise InvalidInputError("The request's body is JSON, but no object. Send one JSON object.")
    _refuse_deep(data, body)
    if b"\\u" in body:
        _refuse_half_pairs(data)
    return cast("Json", data)


def _refuse_deep(data: Any, body: bytes) -> None:
    """Whatever follows may recurse through the body, so its depth is known to be small."""
    brackets = body.count(b"[") + body.count(b"{")
    if brackets > JSON_DEPTH_MAX and is_deeper(data, JSON_DEPTH_MAX):
        raise InvalidInputError(f"The request's body nests deeper than {JSON_DEPTH_MAX} levels.")


def _refuse_half_pairs(value: Any) -> None:
    """JSON can carry half a surrogate pair; no provider and no database takes one."""
    if isinstance(value, str):
        if not value.isascii() and _HALF_PAIR.search(value):
            raise InvalidInputError(
                "A text in the request holds half a surrogate pair, which is no character. Send"
                " whole characters."
            )
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            _refuse_half_pairs(item)
    elif isinstance(value, dict):
        for name, item in cast("dict[str, Any]", value).items():
            _refuse_half_pairs(name)
            _refuse_half_pairs(item)


def _no_twice(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidInputError(
            "An object in the request says a name twice; which of the values counts is unclear."
        )
    return found


def _finite(written: str) -> float:
    number = float(written)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("JSON has neither NaN nor Infinity")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_no_twice, parse_float=_finite, parse_constant=_no_constant
)
