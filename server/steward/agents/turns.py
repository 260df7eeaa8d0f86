"""A run's turns as a conversation holds them, from what the journal has of them."""

import json
import re
from collections.abc import Iterator
from typing import Any, cast

from steward.agents.workflows.journal import JsonObject
from steward.context.instructions.instruction import Instruction
from steward.context.turn import Decision, Turn
from steward.core.origin import ORIGINS, Origin
from steward.gateway.request import ToolCall

NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")
"""What no provider takes in the name of a tool."""
_NAME_CHARS_MAX = 64
_COMMAND_CHARS_MAX = 200


def tool_call(value: JsonObject) -> ToolCall:
    """A call as the model made it."""
    return ToolCall(str(value["id"]), str(value["name"]), str(value["arguments"]))


def turn_of(value: JsonObject) -> Turn:
    """One answer of the model with what its calls brought."""
    made = list(map(tool_call, cast(list[JsonObject], value["calls"])))
    calls = tuple(
        # A provider refuses a conversation that holds a name it would not take itself.
        ToolCall(call.id, NOT_IN_NAMES.sub("_", call.name)[:_NAME_CHARS_MAX] or "_", call.arguments)
        for call in made
    )
    results = cast(list[JsonObject], value["results"])
    return Turn(
        str(value["text"]),
        calls,
        tuple(str(result["text"]) for result in results),
        tuple(_origin(result) for result in results),
        tuple(_decisions(made, results)),
        tuple(_instructions(results)),
    )


def _origin(result: JsonObject) -> Origin:
    origin = result["origin"]
    return origin if origin in ORIGINS else "tool"


def _decisions(calls: list[ToolCall], results: list[JsonObject]) -> Iterator[Decision]:
    """What of a turn must not be forgotten: landings, what a person said, and what was run."""
    for call, result in zip(calls, results, strict=True):
        if _origin(result) == "command":
            yield Decision(f"Used {call.name}{_command(call)}.")
        if isinstance(landed := result.get("decision"), dict):
            said = cast(JsonObject, landed)
            yield Decision(str(said["text"]), is_said=said["origin"] == "person")
        elif _origin(result) == "person":
            yield Decision(str(result["text"]), is_said=True)


def _command(call: ToolCall) -> str:
    try:
        arguments: Any = json.loads(call.arguments)
        return f": {str(arguments['command'])[:_COMMAND_CHARS_MAX]}"
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""


def _instructions(results: list[JsonObject]) -> Iterator[Instruction]:
    for result in results:
        for each in cast(list[JsonObject], result.get("instructions", [])):
            writer = "person" if each["writer"] == "person" else "repository"
            yield Instruction(str(each["path"]), writer, str(each["text"]))
