"""Which files tell agents what to do here, for a person in their editor."""

from typing import TYPE_CHECKING

from steward.core.errors import InvalidInputError
from steward.lsp.features.commands import Arguments
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session

if TYPE_CHECKING:
    from steward.context.instructions.instruction import InstructionFile


async def instructions(session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """What files tell agents to do here: `{uri?}` → `{markdown, files}`, the nearest file first.

    Each file: `{path, writer, bytes, hidden, counts, reason, importedBy}`. `writer` is `person` or
    `repository`; `reason` says why one does not count. Without a `uri` it is about the top.
    """
    # Imported here because it brings the database layer along, which loads after `initialize`.
    from steward.agents.instructing import instructions_for
    from steward.agents.instructions_page import instructions_page

    uri = arguments.get("uri", "")
    if not isinstance(uri, str):
        raise InvalidInputError("`uri` must be given as text.")
    reader = rooms.runs.hands.context.instructions if rooms.runs is not None else None
    if reader is None:
        raise InvalidInputError("Open a folder first; instructions belong to one.")
    paths = [session.relative(uri)] if uri else []
    database, seal = rooms.database, rooms.approvals.seal
    found = await instructions_for(database, seal, reader, rooms.principal, paths)
    return {"markdown": instructions_page(found), "files": [_as_json(each) for each in found]}


def _as_json(file: "InstructionFile") -> dict[str, object]:
    return {
        "path": file.path,
        "writer": file.writer,
        "bytes": file.bytes,
        "hidden": file.hidden,
        "counts": file.counts,
        "reason": file.why_not,
        "importedBy": file.imported_by,
    }
