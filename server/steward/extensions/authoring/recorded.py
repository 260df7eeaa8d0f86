"""A recorded test: events that an extension is given, and what is to come of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from steward.core.authoring_limits import (
    RECORDED_BYTES_MAX,
    RECORDED_DEPTH_MAX,
    RECORDED_VALUES_MAX,
)
from steward.core.depth import is_deeper
from steward.core.errors import InvalidInputError
from steward.extensions.capability import Capability
from steward.workspace import plain_yaml
from steward.workspace.plain_yaml import PlainYamlError, YamlBounds

_ENDINGS = (".yaml", ".yml", ".json")
_BOUNDS = YamlBounds("A recorded test", RECORDED_BYTES_MAX, RECORDED_DEPTH_MAX, RECORDED_VALUES_MAX)


class _Written(BaseModel):
    """A part of a recorded test; what is not in it is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WantedCall(_Written):
    """A host call that the extension is to make."""

    call: str
    """As the interface names it: `read-file`, `propose-edit`, …"""
    given: JsonValue = Field(default=None, alias="with")
    """What it hands over; of an object only the fields that are named. None: anything."""


class RecordedEvent(_Written):
    """One event, and what is to come of it."""

    topic: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    payload: dict[str, Any] = Field(default_factory=dict[str, Any])
    expect: JsonValue = None
    """The answer; what is left out has its default. None: any answer will do."""
    fails: str | None = None
    """The event is to fail, and the message holds this."""
    calls: tuple[WantedCall, ...] | None = None
    """The host calls, in their order, without `log`. None: any."""


class Recorded(_Written):
    """What `tests/*.yaml` says."""

    files: dict[str, str] = Field(default_factory=dict[str, str])
    """The workspace: path → text."""
    config: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """What a person set; the rest has the manifest's defaults."""
    storage: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """What the extension kept before."""
    granted: tuple[Capability, ...] | None = None
    """None: all that its manifest asks for."""
    answers: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """Host call → its response. A list is one response for each call; the last of it stays."""
    events: tuple[RecordedEvent, ...] = Field(min_length=1, max_length=200)


def recorded_files(folder: Path) -> tuple[Path, ...]:
    """The recorded tests of the extension in this folder, by name. Blocks."""
    tests = folder / "tests"
    if not tests.is_dir():
        return ()
    return tuple(sorted(file for file in tests.iterdir() if file.suffix in _ENDINGS))


def read_recorded(file: Path) -> Recorded:
    """The recorded test in a file. Blocks.

    Raises:
        InvalidInputError: it holds none; the message names the file and what is wrong.
    """
    try:
        values = _values(file)
        return Recorded.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        lines = [f"- {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found[:10]]
        raise InvalidInputError(f"{file.name} is no recorded test:\n" + "\n".join(lines)) from None


def _values(file: Path) -> Mapping[str, Any]:
    try:
        with file.open("rb") as opened:
            content = opened.read(RECORDED_BYTES_MAX + 1)
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{file.name} cannot be read as UTF-8 text: {error}") from None
    if len(content) > RECORDED_BYTES_MAX:
        raise InvalidInputError(f"{file.name} has more than {RECORDED_BYTES_MAX} bytes; split it.")
    try:
        if file.suffix == ".json":
            return _object(json.loads(text))
        return plain_yaml.read(text, _BOUNDS, example="`events:`").values
    except PlainYamlError as error:
        raise InvalidInputError(f"{file.name}:{error.line}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"{file.name} is no JSON that is taken: {error}") from None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or is_deeper(value, RECORDED_DEPTH_MAX):
        raise ValueError("it must be an object, and not nest too deep")
    return value  # pyright: ignore[reportUnknownVariableType]
