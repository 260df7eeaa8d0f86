"""`textDocument/inlineCompletion`, and the same text through `textDocument/completion`."""

import asyncio
import re
from pathlib import Path
from urllib.parse import unquote

from lsprotocol import types

from steward.completion.cursor import Cursor
from steward.lsp.convert import cursor_at
from steward.lsp.documents import file_path
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session
from steward.workspace.ignore import why_not_alone

_WORD_END = re.compile(r"\w*\Z")


async def inline_completion(
    session: Session, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    """Ghost text at the cursor."""
    is_automatic = params.context.trigger_kind == types.InlineCompletionTriggerKind.Automatic
    text = await _suggest(
        session, params.text_document.uri, params.position, is_automatic=is_automatic
    )
    range_ = types.Range(params.position, params.position)
    items = [types.InlineCompletionItem(insert_text=text, range=range_)] if text else []
    return types.InlineCompletionList(items=items)


async def completion(session: Session, params: types.CompletionParams) -> types.CompletionList:
    """The same suggestion as a completion item, for clients without inline completion."""
    kind = params.context.trigger_kind if params.context else types.CompletionTriggerKind.Invoked
    cursor = _cursor(session, params.text_document.uri, params.position)
    text = await _suggest(
        session,
        params.text_document.uri,
        params.position,
        is_automatic=kind != types.CompletionTriggerKind.Invoked,
    )
    if not text:
        return types.CompletionList(is_incomplete=True, items=[])
    found = _WORD_END.search(cursor.line_before) if cursor is not None else None
    word = found[0] if found else ""
    item = types.CompletionItem(
        label=(word + text).split("\n", 1)[0],
        label_details=types.CompletionItemLabelDetails(description="Steward"),
        kind=types.CompletionItemKind.Text,
        # Clients filter by the word before the cursor, so the item must begin with it.
        filter_text=word + text,
        sort_text="\uffff",
        text_edit=types.TextEdit(types.Range(params.position, params.position), text),
    )
    return types.CompletionList(is_incomplete=True, items=[item])


async def _suggest(
    session: Session, uri: str, position: types.Position, *, is_automatic: bool
) -> str:
    cursor = _cursor(session, uri, position)  # A snapshot, before any await.
    rooms = await session.rooms()
    if cursor is None or rooms.suggester is None or not await _may_be_sent(session, rooms, uri):
        return ""
    return await rooms.suggester.suggest(rooms.principal, cursor, is_automatic=is_automatic)


def _cursor(session: Session, uri: str, position: types.Position) -> Cursor | None:
    """Where in which text; `None` where nobody knows the text. The person has been told."""
    document = session.document(uri)
    return None if document.is_lost else cursor_at(document, position, session.relative(uri))


async def _may_be_sent(session: Session, rooms: Rooms, uri: str) -> bool:
    if rooms.verdicts is None:  # No folder is open.
        return await asyncio.to_thread(why_not_alone, file_path(uri) or _named(uri)) is None
    place = session.workspace_path(uri)
    # An ignored file, or one outside the workspace, is not sent anywhere.
    return place is not None and await rooms.verdicts.why_not(place) is None


def _named(uri: str) -> Path:
    """What a document that is no local file calls itself, as in `untitled:/home/ada/.env`."""
    return Path(unquote(re.split("[?#]", uri.partition(":")[2], maxsplit=1)[0]))
