"""Keep what is known of ghost text current: its switches, and what became of suggestions."""

import asyncio
from functools import partial

from steward.completion.reason import Reason
from steward.context.cursor import Cursor
from steward.core.errors import StewardError
from steward.lsp.features.inline_completion import why_kept_back
from steward.lsp.next_edit import watch_next_edits
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session
from steward.workspace.lines import Place


def watch_edits(session: Session, rooms: Rooms) -> None:
    """Tell of every edit from now on, and let what was accepted be looked at."""
    outcomes = rooms.ghost_text.outcomes

    def text_between(uri: str, start: Place, end: Place) -> str | None:
        document = session.protocol.documents.find(uri)
        try:
            return None if document is None else document.between(start, end)
        except StewardError:  # Nobody knows its text.
            return None

    outcomes.text_between = text_between
    session.on_edit += [outcomes.edited, *rooms.edited]
    if rooms.suggester is not None:
        session.on_edit.append(rooms.suggester.edited)
        session.on_gone.append(rooms.suggester.leave)
        rooms.suggester.why_not_now = partial(_why_not_now, session, rooms)
    if rooms.next_edits is not None:
        watch_next_edits(session, rooms, rooms.next_edits, text_between)


async def _why_not_now(session: Session, rooms: Rooms, cursor: Cursor) -> Reason | None:
    """Why a model must not be asked about a document after all."""
    if session.protocol.documents.find(cursor.document) is None:
        return Reason("typed_on")  # It is closed.
    return await why_kept_back(session, rooms, cursor.document, cursor)


async def keep_ghost_text(rooms: Rooms) -> None:
    """Look at the switches and write down what became of suggestions, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(rooms.ghost_text.switches.keep())
        tasks.create_task(rooms.ghost_text.recorder.keep())
