"""A tool's arguments as a model is told of them: all that it must know, in few tokens.

Every call of a model carries this for every tool. What the tool checks itself anyway, such as how
long a text may be, is left out; so is what only says a thing twice.
"""

from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel

_LEFT_OUT = frozenset(
    ("title", "additionalProperties", "discriminator", "maxLength", "minLength", "maxItems")
) | {"minItems", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern"}
_NAMED = frozenset(("properties", "$defs"))
"""Where the keys are names of somebody's, and no words of JSON Schema."""


def schema_for_model(arguments: type[BaseModel]) -> Mapping[str, Any]:
    """The JSON Schema of a tool's arguments, as short as it can be said."""
    schema = cast("dict[str, Any]", _short(arguments.model_json_schema()))
    schema.pop("description", None)  # The tool's own description says it.
    return schema


def _short(value: object) -> object:
    match value:
        case dict():
            return _short_object(cast("dict[str, object]", value))
        case list():
            return [_short(each) for each in cast("list[object]", value)]
        case _:
            return value


def _short_object(schema: dict[str, object]) -> dict[str, object]:
    short: dict[str, object] = {}
    for name, value in schema.items():
        if name in _NAMED and isinstance(value, dict):
            named = cast("dict[str, object]", value)
            short[name] = {each: _short(inner) for each, inner in named.items()}
        elif name == "default":
            if value is not None and value != [] and value != "":
                short[name] = value
        elif name == "const":
            short["const"] = value
        elif name not in _LEFT_OUT:
            short[name] = _short(value)
    if "const" in short:
        short.pop("type", None)
    return _without_null(short)


def _without_null(schema: dict[str, object]) -> dict[str, object]:
    """What may be left out need not also be said to be null."""
    choices = schema.get("anyOf")
    if not isinstance(choices, list):
        return schema
    some = [each for each in cast("list[object]", choices) if each != {"type": "null"}]
    if len(some) != 1 or not isinstance(some[0], dict):
        return schema | {"anyOf": some}
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return cast("dict[str, object]", some[0]) | rest
