"""What an extension hands over, parsed: a stranger's data, bounded in size and depth."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from steward.core.depth import is_deeper
from steward.core.errors import InvalidInputError, LimitError
from steward.core.extension_limits import EXTENSION_ARGUMENT_CHARS_MAX, EXTENSION_JSON_DEPTH_MAX

P = TypeVar("P", bound=BaseModel)

_AT_ONCE_CHARS = 32_000
"""A text that is read without a thread of its own."""


def text_in(arguments: Sequence[str | None], at: int, chars_max: int) -> str:
    """One argument that must be there.

    Raises:
        InvalidInputError: it is not.
        LimitError: it is too long.
    """
    found = arguments[at] if at < len(arguments) else None
    if found is None:
        raise InvalidInputError(f"The argument {at + 1} of this call is missing.")
    if len(found) > chars_max:
        raise LimitError(f"The argument {at + 1} may have {chars_max:,} characters.")
    return found


def json_in(text: str, chars_max: int = EXTENSION_ARGUMENT_CHARS_MAX) -> Any:
    """The JSON value that a text holds.

    Raises:
        InvalidInputError: it holds none, or one that nests too deep.
        LimitError: it is too long.
    """
    if len(text) > chars_max:
        raise LimitError(f"{len(text):,} characters of JSON are too many; send {chars_max:,}.")
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"This is no JSON: {str(error)[:200]}") from error
    if is_deeper(value, EXTENSION_JSON_DEPTH_MAX):
        raise InvalidInputError(f"JSON may nest {EXTENSION_JSON_DEPTH_MAX} levels deep.")
    return value


def payload_in(model: type[P], text: str, chars_max: int = EXTENSION_ARGUMENT_CHARS_MAX) -> P:
    """The payload that a text holds.

    Raises:
        InvalidInputError: it is not what the model says; the message names the first fault.
        LimitError: it is too long.
    """
    value = json_in(text, chars_max)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise InvalidInputError(f"{where[:200]}: {first['msg'][:300]}") from error


async def payload_read(
    model: type[P], text: str, chars_max: int = EXTENSION_ARGUMENT_CHARS_MAX
) -> P:
    """The same as `payload_in`; a long text is read on a thread."""
    if len(text) < _AT_ONCE_CHARS:
        return payload_in(model, text, chars_max)
    return await asyncio.to_thread(payload_in, model, text, chars_max)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
