"""The part of JSON Schema that extensions may use, and values checked against it.

It is the part that takes time and memory in proportion to the value, whatever the schema says: no
references, which could go round, and no regular expressions. The words are those of JSON Schema
2020-12; a word that is not taken is refused when the package is read, not ignored.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from pydantic import JsonValue

from steward.core.depth import is_deeper
from steward.core.package_limits import (
    CONFIG_FIELDS_MAX,
    TOOL_SCHEMA_BYTES_MAX,
    TOOL_SCHEMA_DEPTH_MAX,
)

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_SAYING = frozenset(("title", "description", "default", "examples", "deprecated", "format"))
"""Words that check nothing."""
_NUMBERS = frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))
_COUNTS = frozenset(("minLength", "maxLength", "minItems", "maxItems"))
_MANY = frozenset(("anyOf", "oneOf", "allOf"))
_BRANCHES_MAX = 16
_WORDS = (
    _SAYING
    | _NUMBERS
    | _COUNTS
    | _MANY
    | {"type", "properties", "required", "additionalProperties", "items", "enum", "const"}
    | {"uniqueItems"}
)
_SETTABLE = frozenset(("string", "integer", "number", "boolean", "array"))


def why_no_tool_schema(schema: Mapping[str, Any]) -> str | None:
    """Why this is no schema that is taken; None if it is one."""
    if is_deeper(dict(schema), TOOL_SCHEMA_DEPTH_MAX):
        return f"it nests deeper than {TOOL_SCHEMA_DEPTH_MAX} levels"
    if len(json.dumps(schema).encode()) > TOOL_SCHEMA_BYTES_MAX:
        return f"it has more than {TOOL_SCHEMA_BYTES_MAX} bytes"
    return next(_faults(schema, ""), None)


def why_no_config(schema: Mapping[str, Any]) -> str | None:
    """Why this does not say which settings an extension takes; None if it does."""
    if (why := why_no_tool_schema(schema)) is not None:
        return why
    fields = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(fields, dict):
        return "it must have `type: object` and `properties`"
    named = cast("dict[str, dict[str, Any]]", fields)
    if len(named) > CONFIG_FIELDS_MAX:
        return f"it has more than {CONFIG_FIELDS_MAX} settings"
    for name, field in named.items():
        if field.get("type") not in _SETTABLE:
            return f"the setting {name!r} must have one of the types {', '.join(sorted(_SETTABLE))}"
        if "default" not in field:
            return f"the setting {name!r} has no `default`"
        if (why := why_not_value(field, field["default"])) is not None:
            return f"the default of {name!r} does not satisfy its own schema: {why}"
    return None


def why_not_value(schema: Mapping[str, Any], value: JsonValue) -> str | None:
    """Why the value does not satisfy the schema, naming the place; None if it does."""
    return next(_misfits(schema, value, "it"), None)


def _faults(schema: object, where: str) -> Iterator[str]:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield f"{where or 'it'} is no schema; a schema is a table"
        return
    words = cast("dict[str, Any]", schema)
    for word, said in words.items():
        place = f"{where}.{word}" if where else word
        if word not in _WORDS:
            yield f"`{place}` is not taken; a schema may say {', '.join(sorted(_WORDS))}"
        elif (why := _why_no_word(word, said)) is not None:
            yield f"`{place}` {why}"
        else:
            for name, inner in _inner(word, said):
                yield from _faults(inner, f"{place}{name}")


def _why_no_word(word: str, said: Any) -> str | None:
    if word in _MANY:
        return None if _is_list(said, _BRANCHES_MAX) else f"must be a list of 1 to {_BRANCHES_MAX}"
    if word in _NUMBERS:
        return None if _is_number(said) else "must be a number"
    if word in _COUNTS:
        is_count = _is_number(said) and isinstance(said, int) and said >= 0
        return None if is_count else "must be a whole number from 0 on"
    fits, advice = _SHAPES.get(word, (_any, ""))
    return None if fits(said) else advice


def _inner(word: str, said: Any) -> Iterator[tuple[str, object]]:
    if word == "properties":
        yield from ((f".{name}", each) for name, each in said.items())
    elif word in _MANY:
        yield from ((f"[{at}]", each) for at, each in enumerate(said))
    elif word in ("items", "additionalProperties"):
        yield "", said


def _misfits(schema: Any, value: JsonValue, where: str) -> Iterator[str]:
    if isinstance(schema, bool):
        if not schema:
            yield f"{where} must not be there"
        return
    if "type" in schema and not _is_of(schema["type"], value):
        yield f"{where} must be of type {schema['type']}"
        return
    if "enum" in schema and not any(_same(value, each) for each in schema["enum"]):
        yield f"{where} must be one of {json.dumps(schema['enum'], ensure_ascii=False)[:200]}"
    if "const" in schema and not _same(value, schema["const"]):
        yield f"{where} must be {json.dumps(schema['const'], ensure_ascii=False)[:200]}"
    yield from _mixed(schema, value, where)
    match value:
        case dict():
            yield from _of_object(schema, value, where)
        case list():
            yield from _of_array(schema, value, where)
        case str():
            yield from _counted(schema, len(value), where, "Length")
        case bool() | None:
            pass
        case _:
            yield from _of_number(schema, value, where)


def _mixed(schema: Mapping[str, Any], value: JsonValue, where: str) -> Iterator[str]:
    def fitting(word: str) -> int:
        return sum(next(_misfits(each, value, where), None) is None for each in schema[word])

    if "anyOf" in schema and not fitting("anyOf"):
        yield f"{where} fits none of the forms that it may have"
    if "oneOf" in schema and fitting("oneOf") != 1:
        yield f"{where} must fit exactly one of the forms that it may have"
    for each in schema.get("allOf", ()):
        yield from _misfits(each, value, where)


def _of_object(
    schema: Mapping[str, Any], value: Mapping[str, JsonValue], where: str
) -> Iterator[str]:
    fields = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where} lacks {name!r}"
    for name, each in value.items():
        inner = fields.get(name, schema.get("additionalProperties", True))
        if inner is False:
            yield f"{where} has {name[:60]!r}, which is not known"
        else:
            yield from _misfits(inner, each, f"{where}.{name[:60]}")


def _of_array(schema: Mapping[str, Any], value: list[JsonValue], where: str) -> Iterator[str]:
    yield from _counted(schema, len(value), where, "Items")
    if schema.get("uniqueItems"):
        spelled = [json.dumps(each, sort_keys=True) for each in value]
        if len(set(spelled)) < len(spelled):
            yield f"{where} has an item twice"
    for at, each in enumerate(value):
        yield from _misfits(schema.get("items", True), each, f"{where}[{at}]")


def _counted(schema: Mapping[str, Any], count: int, where: str, what: str) -> Iterator[str]:
    if count < schema.get(f"min{what}", 0):
        yield f"{where} must have at least {schema[f'min{what}']} {_of(what)}"
    if count > schema.get(f"max{what}", count):
        yield f"{where} may have at most {schema[f'max{what}']} {_of(what)}"


def _of(what: str) -> str:
    return "characters" if what == "Length" else "items"


_BOUNDS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "minimum": (lambda value, bound: value >= bound, "at least"),
    "maximum": (lambda value, bound: value <= bound, "at most"),
    "exclusiveMinimum": (lambda value, bound: value > bound, "more than"),
    "exclusiveMaximum": (lambda value, bound: value < bound, "less than"),
}


def _of_number(schema: Mapping[str, Any], value: float, where: str) -> Iterator[str]:
    for word, (fits, said) in _BOUNDS.items():
        if word in schema and not fits(value, schema[word]):
            yield f"{where} must be {said} {schema[word]}"


def _is_of(types: str | list[str], value: JsonValue) -> bool:
    named = types if isinstance(types, list) else [types]
    return any(_is_one(name, value) for name in named)


def _is_one(name: str, value: JsonValue) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[name])


def _same(one: JsonValue, other: JsonValue) -> bool:
    # In Python True is 1, in JSON it is not.
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def _any(_said: object) -> bool:
    return True


def _is_type(said: object) -> bool:
    named = cast("list[object]", said) if isinstance(said, list) else [said]
    return bool(named) and all(isinstance(each, str) and each in _TYPES for each in named)


def _is_list(said: object, most: int) -> bool:
    return isinstance(said, list) and 0 < len(cast("list[object]", said)) <= most


def _is_number(said: object) -> bool:
    return isinstance(said, int | float) and not isinstance(said, bool)


def _are_texts(said: object) -> bool:
    return isinstance(said, list) and all(
        isinstance(each, str) for each in cast("list[object]", said)
    )


_SHAPES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "type": (_is_type, f"must be of {', '.join(_TYPES)}"),
    "properties": (lambda said: isinstance(said, dict), "must be a table"),
    "required": (_are_texts, "must be a list of names"),
    "enum": (lambda said: _is_list(said, 1000), "must be a list of 1 to 1000 values"),
    "uniqueItems": (lambda said: isinstance(said, bool), "must be true or false"),
}
"""Word → whether what it says has the right form, and what is said if not."""
