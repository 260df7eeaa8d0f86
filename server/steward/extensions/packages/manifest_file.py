"""`extension.yaml` read: what is wrong is said with its line, and what to do about it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from pydantic import ValidationError

from steward.core.errors import InvalidInputError
from steward.core.package_limits import (
    MANIFEST_BYTES_MAX,
    MANIFEST_DEPTH_MAX,
    MANIFEST_VALUES_MAX,
)
from steward.extensions.manifest import MANIFEST_NAME, Manifest
from steward.extensions.versions.known import version_of
from steward.workspace import plain_yaml
from steward.workspace.plain_yaml import PlainYaml, PlainYamlError, YamlBounds
from steward.workspace.reveal import reveal

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_BOUNDS = YamlBounds("The manifest", MANIFEST_BYTES_MAX, MANIFEST_DEPTH_MAX, MANIFEST_VALUES_MAX)
_SHOWN_MAX = 10
_REMEMBERED_MAX = 64
_ADVICE: Mapping[str, str] = {
    "extra_forbidden": "there is no such field; correct its name, or leave it out",
    "missing": "it is missing; add it",
    "string_type": "it must be a text; put it in quotes, as numbers, dates, yes and no are none",
    "tuple_type": "it must be a list, such as [one, two]",
}
_FORMS: Mapping[tuple[str | int, ...], str] = {
    ("id",): "write `publisher.name`, both in lower-case letters, digits and single hyphens",
    ("version",): "write three numbers, such as 1.0.0",
}
"""Field → how it is written."""


@lru_cache(maxsize=_REMEMBERED_MAX)
def read_manifest(content: bytes) -> Manifest:
    """The manifest that these bytes say; those read lately are remembered, for lists.

    Raises:
        InvalidInputError: they say none. The message names each line and what to do.
    """
    if len(content) > MANIFEST_BYTES_MAX:
        raise InvalidInputError(
            f"{MANIFEST_NAME} has more than {MANIFEST_BYTES_MAX} bytes; shorten it."
        )
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
        found = plain_yaml.read(text, _BOUNDS, example="`id: acme.painter`")
    except UnicodeDecodeError:
        raise InvalidInputError(f"{MANIFEST_NAME} is not UTF-8 text; save it as such.") from None
    except PlainYamlError as error:
        raise _complaint([(error.line, str(error))]) from None
    return _manifest(found)


def _manifest(found: PlainYaml) -> Manifest:
    try:
        version = version_of(found.values.get("api_version"))
    except InvalidInputError as error:
        raise _complaint([(_line(found, ("api_version",)), str(error))]) from None
    hidden = [
        (_line(found, where), "it holds characters that nobody sees; leave them out.")
        for where, text in _texts(found.values)
        if reveal(text)[1]
    ]
    if hidden:
        raise _complaint(hidden)
    try:
        return version.read({**found.values, "api_version": _written(found.values)})
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise _complaint([_said(found, each) for each in details]) from None


def _written(values: Mapping[str, object]) -> object:
    said = values.get("api_version")
    return "1.0" if said == 1.0 else said


def _said(found: PlainYaml, each: "ErrorDetails") -> tuple[int, str]:
    where = each["loc"]
    name = ".".join(map(str, where)) or "the manifest"
    why = _ADVICE.get(each["type"], each["msg"].removeprefix("Value error, "))
    why = _FORMS.get(where, why) if each["type"].startswith("string_") else why
    return _line(found, where), f"`{name}`: {why}."


def _line(found: PlainYaml, where: Sequence[str | int]) -> int:
    """The line of a value, or of what it should stand in."""
    for size in range(len(where), 0, -1):
        if (line := found.lines.get(tuple(where[:size]))) is not None:
            return line
    return 1


def _texts(
    value: object, where: tuple[str | int, ...] = ()
) -> list[tuple[tuple[str | int, ...], str]]:
    """Every text of the manifest, keys too, and where it stands; depth was bounded before."""
    match value:
        case str():
            return [(where, value)]
        case dict():
            table = cast("dict[str, object]", value)
            inner = [each for key, item in table.items() for each in _texts(item, (*where, key))]
            return [((*where, key), key) for key in table] + inner
        case list():
            items = cast("list[object]", value)
            return [each for at, item in enumerate(items) for each in _texts(item, (*where, at))]
        case _:
            return []


def _complaint(found: Sequence[tuple[int, str]]) -> InvalidInputError:
    lines = [f"{MANIFEST_NAME}:{line}: {why}" for line, why in sorted(found)[:_SHOWN_MAX]]
    return InvalidInputError("The manifest cannot be taken:\n" + "\n".join(lines))
