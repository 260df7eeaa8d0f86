"""The command of next edits."""

from steward.core.errors import InvalidInputError
from steward.lsp.features.commands import Arguments
from steward.lsp.next_edit import show_place
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session


async def taken(session: Session, _rooms: Rooms, arguments: Arguments) -> object:
    """Go to where a next edit was made: `{uri, line, column}` → `{shown}`.

    The action of a next edit runs it behind its edit. Line and column count from 0, the column in
    characters.
    """
    uri, line, column = (arguments.get(name) for name in ("uri", "line", "column"))
    if not isinstance(uri, str) or not isinstance(line, int) or not isinstance(column, int):
        raise InvalidInputError("Name a document's `uri`, and `line` and `column` as numbers.")
    if line < 0 or column < 0:
        raise InvalidInputError("`line` and `column` count from 0.")
    return {"shown": await show_place(session, uri, (line, column))}
