"""Values out of a provider's JSON: whatever does not have the expected shape counts as absent."""

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from steward.core.errors import UnavailableError
from steward.core.limits import TOKENS_MAX

JsonObject = dict[str, Any]

_WORD_CHARS_MAX = 64
_WORD = re.compile(r"[a-z]+(?:[_.][a-z]+)*|[0-9]{1,6}")
"""`rate_limit_exceeded` or `1113`, and never what could be a key that is said back to us."""


def parsed(data: str) -> JsonObject:
    """The JSON object that an event or a body holds; empty if it holds another kind of value.

    Raises:
        UnavailableError: it is no JSON.
    """
    try:
        return as_object(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise UnavailableError(
            "The model's provider sent something that is not in the format it should speak. Check"
            " its address (STEWARD_MODEL_URL, or `url` in settings.toml), which is the API's base,"
            " usually ending in /v1, and its `wire`."
        ) from error


def written(body: Mapping[str, object]) -> bytes:
    """The JSON of a request's body. Text that is no Unicode gets replacements."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def as_object(value: object) -> JsonObject:
    """The object, or an empty one."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def as_objects(value: object) -> list[JsonObject]:
    """The list's items as objects."""
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [as_object(item) for item in items]


def as_text(value: object) -> str:
    """The text, or none."""
    return value if isinstance(value, str) else ""


def as_index(value: object) -> int:
    """Which one of several; the first if nobody says."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def as_count(value: object) -> int | None:
    """A number of tokens that can be believed."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= TOKENS_MAX:
        return value
    return None


def said(body: Mapping[str, Any]) -> str:
    """What an error says of itself in a word, ready to be appended; nothing of its prose.

    Its prose may repeat what we sent, and is not shown.
    """
    error = as_object(body.get("error")) or body
    words = [
        word
        for name in ("code", "type", "param")
        if isinstance(word := error.get(name), str)
        and len(word) <= _WORD_CHARS_MAX
        and _WORD.fullmatch(word) is not None
    ]
    return f" ({', '.join(words)})" if words else ""
