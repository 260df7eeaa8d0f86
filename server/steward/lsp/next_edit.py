"""Next edits at this front door: what they know of documents, and how an editor gets them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from steward.context.cursor import Cursor
from steward.core.limits import EDITOR_REPLY_S
from steward.lsp.convert import cursor_at, position_of
from steward.lsp.documents import Document
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session
from steward.workspace.lines import Place

if TYPE_CHECKING:
    from steward.completion.next_edit.next_edits import NextEdits
    from steward.completion.next_edit.offered import NextEdit
    from steward.completion.outcomes.outcomes import TextBetween
    from steward.completion.suggestion import Suggestion

TAKEN = "steward.nextEdit.taken"
"""What the editor runs when the person takes one."""


def watch_next_edits(
    session: Session, rooms: Rooms, next_edits: NextEdits, text_between: TextBetween
) -> None:
    """Tell of every edit from now on, and answer what must be known before a model is asked."""

    def look(uri: str, place: Place) -> Cursor | None:
        document = session.protocol.documents.find(uri)
        if document is None or document.is_lost:
            return None
        return cursor_at(document, position_of(document, place), session.relative(uri))

    async def may_ask(cursor: Cursor) -> bool:
        place = session.workspace_path(cursor.uri)
        if place is None or rooms.verdicts is None:
            return False
        if rooms.ghost_text.switches.why_off(cursor) is not None:
            return False
        return await rooms.verdicts.why_not(place) is None

    next_edits.cursor_at, next_edits.may_ask = look, may_ask
    next_edits.text_between = text_between
    session.on_edit.append(next_edits.edited)
    session.on_gone.append(next_edits.leave)


def next_edit_action(session: Session, uri: str) -> types.CodeAction | None:
    """The next edit of a document as an action; `None` where there is none."""
    rooms, document = session.rooms_now, session.protocol.documents.find(uri)
    if rooms is None or rooms.next_edits is None or document is None:
        return None
    edit = rooms.next_edits.current(document.uri)
    place = Cursor(session.relative(uri), "", "", document.language_id or "", document.uri)
    if edit is None or rooms.ghost_text.switches.why_off(place) is not None:
        return None
    rooms.next_edits.shown(edit)
    return types.CodeAction(
        f"Steward: {edit.title}",
        kind=types.CodeActionKind.RefactorRewrite,
        edit=_workspace_edit(session, document, edit),
        command=taken_command(edit),
    )


def taken_command(edit: NextEdit) -> types.Command:
    """Go to where a next edit was made: nothing else tells the editor."""
    line, column = edit.change.end_after
    told = {"uri": edit.document, "line": line, "column": column}
    return types.Command("Next edit taken", TAKEN, arguments=[told])


def next_edit_as_ghost_text(
    session: Session, uri: str, cursor: Cursor
) -> tuple[NextEdit, Suggestion] | None:
    """The next edit of a document where it can be shown at a cursor; `None` elsewhere."""
    rooms = session.rooms_now
    edit = rooms.next_edits.current(uri) if rooms and rooms.next_edits else None
    if rooms is None or rooms.next_edits is None or edit is None:
        return None
    if rooms.ghost_text.switches.why_off(cursor) is not None:
        return None
    from steward.completion.next_edit.offered import as_ghost_text

    suggestion = as_ghost_text(edit, cursor)
    if suggestion is None:
        return None
    rooms.next_edits.shown(edit)
    return edit, suggestion


async def show_place(session: Session, uri: str, place: Place) -> bool:
    """Put the cursor at a place of an open document; whether the editor did."""
    document = session.protocol.documents.find(uri)
    if document is None or document.is_lost or not session.can.shows_documents:
        return False
    position = position_of(document, place)
    params = types.ShowDocumentParams(
        document.uri, take_focus=True, selection=types.Range(position, position)
    )
    asked = session.protocol.send_request_async(types.WINDOW_SHOW_DOCUMENT, params)
    try:
        async with asyncio.timeout(EDITOR_REPLY_S):
            shown = await asked
    except (JsonRpcException, TimeoutError):
        return False
    return bool(getattr(shown, "success", False))


def _workspace_edit(session: Session, document: Document, edit: NextEdit) -> types.WorkspaceEdit:
    """The change, for this version of the document only where the client understands that."""
    change = edit.change
    range_ = types.Range(position_of(document, change.start), position_of(document, change.end))
    if not session.can.document_changes:
        return types.WorkspaceEdit(
            changes={document.uri: [types.TextEdit(range_, change.inserted)]}
        )
    plain = types.TextEdit(range_, change.inserted)
    name = f"steward:{edit.id}"
    is_annotated = session.can.change_annotations
    made = types.AnnotatedTextEdit(name, range_, change.inserted) if is_annotated else plain
    identifier = types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
    # The person has read what it does, and picked it: no editor needs to ask once more.
    annotation = types.ChangeAnnotation(edit.title, needs_confirmation=False)
    return types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(identifier, [made])],
        change_annotations={name: annotation} if is_annotated else None,
    )
