"""Which payload a topic has, and which answer."""

from collections.abc import Mapping

from steward.core.errors import InvalidInputError
from steward.extensions.payloads import (
    CommandRequest,
    CommandResponse,
    EditDecided,
    EngineMoment,
    EngineVerdict,
    FileSaved,
    FileSavedResponse,
    Payload,
    StageRequest,
    StageResponse,
    ToolRequest,
    ToolResponse,
    WorkspaceChanged,
)


class Nothing(Payload):
    """Of a topic that brings nothing, or whose answer nobody looks at."""


PLAIN: Mapping[str, tuple[type[Payload], type[Payload]]] = {
    "onLoad": (Nothing, Nothing),
    "onUnload": (Nothing, Nothing),
    "onFileSave": (FileSaved, FileSavedResponse),
    "onWorkspaceChange": (WorkspaceChanged, Nothing),
    "editDecided": (EditDecided, Nothing),
}
"""Topic → what it brings, and what is answered."""
NAMED: Mapping[str, tuple[type[Payload], type[Payload]]] = {
    "command": (CommandRequest, CommandResponse),
    "context": (StageRequest, StageResponse),
    "tool": (ToolRequest, ToolResponse),
    "engine": (EngineMoment, EngineVerdict),
}
"""The same for topics of which this stands before a colon, as in `command:ID`."""


def models_of(topic: str) -> tuple[type[Payload], type[Payload]]:
    """What a topic brings, and what is answered to it.

    Raises:
        InvalidInputError: there is no such topic.
    """
    kind, colon, name = topic.partition(":")
    found = NAMED.get(kind) if colon and name else PLAIN.get(topic)
    if found is None:
        known = ", ".join((*PLAIN, *(f"{each}:NAME" for each in NAMED)))
        raise InvalidInputError(f"There is no topic {topic[:100]!r}; write one of {known}.")
    return found
