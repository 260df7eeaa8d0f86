"""What an extension may be told at this moment, and how long it may think about it.

An event tells things, as the answer to a host call does. So it is decided in the same place, by
what its person allows at this moment, whoever sends the event and whenever they looked last.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from steward.core.errors import LimitError, NotPermittedError
from steward.core.extension_limits import EXTENSION_COMMAND_MS, EXTENSION_STAGE_MS
from steward.extensions.capability import Capability
from steward.extensions.granted import Wanted, may
from steward.extensions.host.gate import Caller
from steward.extensions.payloads import (
    CommandRequest,
    EngineMoment,
    FileSaved,
    Payload,
    StageRequest,
    ToolRequest,
    WorkspaceChanged,
)

P = TypeVar("P", bound=Payload)

_NEEDS: Mapping[type[Payload], tuple[Capability, ...]] = {
    StageRequest: ("context.change",),
    ToolRequest: ("tools.offer",),
    EngineMoment: ("engine.observe", "engine.veto"),
}
"""An event → the capabilities one of which it needs."""
_MS: Mapping[type[Payload], int] = {
    CommandRequest: EXTENSION_COMMAND_MS,
    ToolRequest: EXTENSION_COMMAND_MS,
    StageRequest: EXTENSION_STAGE_MS,
}


def event(kind: type[P], /, **fields: Any) -> P:
    """The event with these fields.

    Raises:
        LimitError: something in it is larger than an extension may be told.
    """
    try:
        return kind(**fields)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise LimitError(
            f"No extension is told of it: {where[:200]} is larger than that may be."
        ) from None


def permitted(caller: Caller, payload: Payload) -> Payload:
    """The event, or the part of it that the extension may be told of.

    Raises:
        NotPermittedError: it may be told nothing of it.
    """
    if caller.scope.state != "enabled":
        raise NotPermittedError(f"The extension {caller.id!r} is not enabled any more.")
    match payload:
        case FileSaved(path=path):
            told = payload if caller.may("files.read", path) else None
        case WorkspaceChanged():
            told = _readable(caller, payload)
        case _:
            needs = _NEEDS.get(type(payload), ())
            is_free = not needs or any(may(Wanted(each), caller.scope) for each in needs)
            told = payload if is_free else None
    if told is None:
        raise NotPermittedError(f"The extension {caller.id!r} may not be told of this.")
    return told


def ms_for(payload: Payload) -> int | None:
    """How long it may compute for an event; None is as long as for most."""
    return _MS.get(type(payload))


def _readable(caller: Caller, changed: WorkspaceChanged) -> WorkspaceChanged | None:
    def meant(paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(path for path in paths if caller.may("files.read", path))

    told = WorkspaceChanged(
        created=meant(changed.created),
        changed=meant(changed.changed),
        deleted=meant(changed.deleted),
    )
    return told if told.created or told.changed or told.deleted else None
