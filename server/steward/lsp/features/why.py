"""Why a line is there: which run, question and answer are behind it. No model is asked."""

from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types

from steward.core.errors import InvalidInputError
from steward.lsp.documents import file_path
from steward.lsp.errands import READING
from steward.lsp.page import show_page
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session

if TYPE_CHECKING:
    from steward.lsp.features.commands import Arguments

_LINES_MAX = 10**9


async def show_why(session: Session, rooms: Rooms, arguments: "Arguments") -> object:
    """Why lines of an open document are there: `{uri, line, lastLine?, show?}`, from nought on.

    → `{markdown, file, lines, causes, isCut}`; of each line `{number, text, verdict, commit,
    sources}`, whose number counts from one, and of each cause who approved what and what it cost.
    The verdict is `agent`, `person`, `unclear` or `unknown`. With `show` the page is opened in
    the editor too, for clients that do nothing with what a command gives.
    """
    # Imported here because it brings the database layer along, which loads after `initialize`.
    from steward.agents.why import Why
    from steward.agents.why_page import why_page, why_values

    uri = arguments.get("uri")
    file = file_path(uri) if isinstance(uri, str) else None
    if file is None:
        raise InvalidInputError("`uri` must name a file on this machine.")
    first = _line(arguments, "line")
    last = _line(arguments, "lastLine") if "lastLine" in arguments else first
    text = session.document(str(uri)).source
    asking = Why(rooms.database, rooms.principal, rooms.approvals.seal)
    answer = await asking.ask(file, text, first + 1, last + 1)
    page = why_page(answer, rooms.principal.workspace)
    if arguments.get("show") is True:
        await show_page(session, rooms, "why", page)
    return {"markdown": page, **_camel(why_values(answer))}


def why_action(uri: str, where: types.Range) -> types.CodeAction:
    """What the menu offers; a client that shows no answers of commands has the page as Markdown."""
    argument: dict[str, object] = {"uri": uri, "line": where.start.line, "show": True}
    if where.end.line > where.start.line:
        # A whole line ends where the next one begins.
        argument["lastLine"] = where.end.line - (where.end.character == 0)
    title = "Steward: why is this line here?"
    command = types.Command(title, "steward.why", arguments=[argument])
    return types.CodeAction(title, kind=READING, command=command)


def _line(arguments: "Arguments", name: str) -> int:
    value = arguments.get(name)
    if type(value) is not int or not 0 <= value < _LINES_MAX:
        raise InvalidInputError(f"`{name}` must be the number of a line, counted from nought.")
    return value


def _camel(value: object) -> Any:
    """The same with names as the protocol writes them."""
    if isinstance(value, dict):
        named = cast("dict[str, object]", value)
        return {_name(key): _camel(each) for key, each in named.items()}
    if isinstance(value, (list, tuple)):
        return [_camel(each) for each in cast("list[object]", value)]
    return value


def _name(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)
