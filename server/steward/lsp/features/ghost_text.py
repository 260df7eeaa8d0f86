"""Commands about ghost text: what became of a suggestion, the switches, and why there is none."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from steward.completion.reason import Reason
from steward.context.cursor import Cursor
from steward.core.errors import InvalidInputError
from steward.lsp.features.commands import Arguments
from steward.lsp.features.inline_completion import why_kept_back
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session

if TYPE_CHECKING:
    from steward.completion.outcomes.report import Line
    from steward.completion.switches import Scope
    from steward.completion.why import Standing

_REPORTED = timedelta(days=30)


async def accepted(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Say that a suggestion was accepted, as its item's command does: `{id}` → `{known}`."""
    return {"known": rooms.ghost_text.outcomes.accepted(_text(arguments, "id"))}


async def dismissed(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Say that a suggestion was put away by hand: `{id}` → `{known}`."""
    id_ = _text(arguments, "id")
    is_known = rooms.ghost_text.outcomes.dismissed(id_)
    if not is_known and rooms.next_edits is not None:
        is_known = rooms.next_edits.dismissed(id_)
    return {"known": is_known}


async def switch(session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Switch ghost text: `{on, scope?, language?, uri?}` → what `steward.completion.why` gives.

    `scope` is "all", "language" or "workspace". The language is the one that is named, or that of
    the document `uri`; the workspace is this window's. It holds in all windows of the person.
    """
    # Imported here because it brings the database layer along, which loads after `initialize`.
    from steward.completion.switches import checked

    is_on = arguments.get("on")
    if not isinstance(is_on, bool):
        raise InvalidInputError("`on` must be given as true or false.")
    scope = _scope(arguments)
    name = ""
    if scope == "language":
        name = _language(session, arguments)
    elif scope == "workspace":
        name = rooms.principal.workspace
        if not name:
            raise InvalidInputError("Open a folder first; without one there is no workspace.")
    await rooms.ghost_text.switches.flip(checked(scope, name, is_on=is_on))
    if not is_on and rooms.suggester is not None:
        rooms.suggester.leave_all()
    uri = _text(arguments, "uri", "")
    if (place := _place(session, uri)) is not None:
        # From now on the status is about this document, whose switch it may be.
        rooms.ghost_text.answered(place, None)
    return await _told(session, rooms, uri)


async def why(session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Why there is no suggestion now: `{uri?}` → `{state, because, reason, language, switches}`.

    `state` is "ready", "quiet" (not at this place or in this file), "off" or "unavailable".
    `switches` says of "all", "language" and "workspace" whether each is on, or `null` where there
    is nothing to switch. Without an open document it is told where ghost text was last asked for.
    """
    return await _told(session, rooms, _text(arguments, "uri", ""))


async def show_report(_session: Session, rooms: Rooms, _arguments: Arguments) -> object:
    """What became of your suggestions in the last thirty days: → `{markdown}`."""
    from steward.completion.outcomes.report import report

    principal, last = rooms.principal, rooms.clock.now().date()
    lines = await rooms.database.read(
        lambda session: report(
            session, principal.tenant_id, "language", (last - _REPORTED, last), principal.user
        )
    )
    return {"markdown": _page(lines)}


async def _told(session: Session, rooms: Rooms, uri: str) -> object:
    from steward.completion.switches import switched_language

    place = _place(session, uri)
    now = rooms.ghost_text.standing() if place is None else await _standing(session, rooms, place)
    language = "" if place is None else switched_language(place.path, place.language_id)
    return {
        "state": now.state,
        "because": now.because,
        "reason": now.reason or None,
        "language": language,
        "switches": rooms.ghost_text.switches.stand(language),
    }


def _place(session: Session, uri: str) -> Cursor | None:
    """An open document, without its text; `None` where it is not open."""
    document = session.protocol.documents.find(uri)
    if document is None:
        return None
    return Cursor(session.relative(uri), "", "", document.language_id or "", uri)


async def _standing(session: Session, rooms: Rooms, place: Cursor) -> "Standing":
    """What holds for a document now, also before ghost text was ever asked for there."""
    from steward.completion.why import standing

    where = None if session.document(place.uri).is_lost else place
    if (kept_back := await why_kept_back(session, rooms, place.uri, where)) is not None:
        return standing(kept_back)
    now = rooms.ghost_text.standing(place.uri)
    unavailable = rooms.gateway.unavailable_reason(rooms.principal, "completion")
    if now.state == "ready" and unavailable is not None:
        return standing(Reason("no_model", unavailable))
    # An editor asks a moment after a key, and not at all once something else has its keys.
    if now.state == "ready" and rooms.suggester is not None:
        return standing(rooms.suggester.why_not_yet(place.uri))
    return now


def _scope(arguments: Arguments) -> "Scope":
    match arguments.get("scope", "all"):
        case "all":
            return "all"
        case "language":
            return "language"
        case "workspace":
            return "workspace"
        case other:
            raise InvalidInputError(
                f'`scope` is "all", "language" or "workspace", not {str(other)[:80]!r}.'
            )


def _language(session: Session, arguments: Arguments) -> str:
    from steward.completion.switches import switched_language

    if named := _text(arguments, "language", ""):
        return named
    uri = _text(arguments, "uri", "")
    if not uri:
        raise InvalidInputError("Name a `language`, or the `uri` of a document in it.")
    document = session.document(uri)
    return switched_language(session.relative(uri), document.language_id or "")


def _page(lines: "Sequence[Line]") -> str:
    rows = [
        f"| {line.name} | {line.counts.offered:,} | {line.counts.shown:,}"
        f" | {line.counts.accepted:,} | {line.counts.partly:,} | {line.counts.rejected:,}"
        f" | {_share(line.acceptance)} | {line.counts.accepted_characters:,}"
        f" | {_share(line.still_there(30))} | {_share(line.still_there(600))} |"
        for line in lines
    ]
    head = [
        "# What became of suggestions",
        "",
        "The last thirty days. Of the code nothing is kept but these numbers.",
        "",
        "| language | offered | shown | accepted | in part | rejected | acceptance | characters"
        " | there after 30 s | after 10 min |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join([*head, *rows]) + "\n"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _text(arguments: Arguments, name: str, default: str | None = None) -> str:
    value = arguments.get(name, default)
    if not isinstance(value, str):
        raise InvalidInputError(f"`{name}` must be given as text.")
    return value
