"""What a person thinks of an answer, a suggestion or a run, said where they see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from steward.core.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steward.lsp.rooms import Rooms
    from steward.lsp.session import Session
    from steward.operations.feedback import About


async def feedback(_session: Session, rooms: Rooms, arguments: Mapping[str, Any]) -> object:
    """Say what you think: `{about, subject?, verdict, comment?}` → `{id, about, subject}`.

    `about` is `answer`, `suggestion` or `run`, `subject` its id: of a message of a conversation, of
    an item of ghost text, of a run. Without one it is this window's newest suggestion. The verdict
    is `good` or `bad`. What you say of the same thing later takes its place.
    """
    # Imported here because it brings the database layer along, which loads after `initialize`.
    from steward.operations.feedback import ABOUTS, Said, give

    about = _one_of(arguments, "about", ABOUTS)
    verdict = _one_of(arguments, "verdict", ("good", "bad"))
    comment = _text(arguments, "comment")
    subject = _text(arguments, "subject")
    if not subject and about == "suggestion":
        subject = _newest(rooms)
    said = Said(cast("About", about), subject, verdict == "good", comment)
    now, principal = rooms.clock.now(), rooms.principal
    new_id = rooms.new_id()
    row = await rooms.database.run(lambda session: give(session, principal, said, now, new_id))
    return {"id": row.id, "about": row.about, "subject": row.subject}


def _newest(rooms: Rooms) -> str:
    newest = rooms.ghost_text.outcomes.newest
    if newest is None:
        raise NotFoundError("No suggestion was shown in this window yet.")
    return newest.id


def _one_of(arguments: Mapping[str, Any], name: str, values: tuple[str, ...]) -> str:
    value = arguments.get(name)
    if value not in values:
        raise InvalidInputError(f"`{name}` must be one of {', '.join(values)}.")
    return str(value)


def _text(arguments: Mapping[str, Any], name: str) -> str:
    value = arguments.get(name, "")
    if not isinstance(value, str):
        raise InvalidInputError(f"`{name}` must be given as text.")
    return value
