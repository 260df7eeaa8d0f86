"""What of an event an extension is told: nothing that its own edit caused."""

from collections.abc import Iterable

from steward.core.errors import StewardError
from steward.extensions.host.own_edits import OwnEdits
from steward.extensions.payloads import FileSaved, Payload, WorkspaceChanged
from steward.workspace.workspace import Workspace


async def for_extension(
    extension: str, payload: Payload, own: OwnEdits, workspace: Workspace
) -> Payload | None:
    """The event for this extension; None where nothing of it is for it."""
    match payload:
        case FileSaved(path=path, text=text):
            return None if own.is_own(extension, path, text) else payload
        case WorkspaceChanged():
            mine = await _caused(
                extension, (*payload.created, *payload.changed, *payload.deleted), own, workspace
            )
            if not mine:
                return payload
            left = WorkspaceChanged(
                created=_without(payload.created, mine),
                changed=_without(payload.changed, mine),
                deleted=_without(payload.deleted, mine),
            )
            return left if left.created or left.changed or left.deleted else None
        case _:
            return payload


async def _caused(
    extension: str, paths: Iterable[str], own: OwnEdits, workspace: Workspace
) -> frozenset[str]:
    found: set[str] = set()
    for path in paths:
        if not own.is_noted(extension, path):
            continue
        try:
            text = await workspace.text_on_disk(workspace.resolve(path))
        except StewardError:
            continue
        if own.is_own(extension, path, text):
            found.add(path)
    return frozenset(found)


def _without(paths: tuple[str, ...], mine: frozenset[str]) -> tuple[str, ...]:
    return tuple(path for path in paths if path not in mine)
