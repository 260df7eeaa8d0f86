"""`textDocument/inlineCompletion`, and the same text through `textDocument/completion`."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lsprotocol import types

from steward.completion.reason import Reason
from steward.context.cursor import Cursor
from steward.lsp.convert import cursor_at
from steward.lsp.documents import Document, file_path
from steward.lsp.features.agent_file import offered
from steward.lsp.next_edit import next_edit_as_ghost_text
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session
from steward.workspace.ignore import why_not_alone

if TYPE_CHECKING:
    from steward.completion.offer import Offer

_WORD_END = re.compile(r"\w*\Z")


async def inline_completion(
    session: Session, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    """Ghost text at the cursor."""
    context = params.context
    asked = _Asked(
        params.text_document.uri,
        params.position,
        is_automatic=context.trigger_kind == types.InlineCompletionTriggerKind.Automatic,
        popup=context.selected_completion_info,
    )
    found = await _suggest(session, asked)
    if found is None:
        return types.InlineCompletionList(items=_next_edit(session, asked))
    text = _inserted(session, found.offer.suggestion.text)
    if asked.popup is not None:  # The editor shows only what begins with the selected item.
        text = asked.popup.text + text
    item = types.InlineCompletionItem(
        insert_text=text, range=found.range, command=_accepted(found.offer.id)
    )
    return types.InlineCompletionList(items=[item])


async def completion(session: Session, params: types.CompletionParams) -> types.CompletionList:
    """The same suggestion as a completion item, for clients without inline completion.

    In an agent's file it is what may stand there.
    """
    if fields := offered(session, params.text_document.uri, params.position):
        return types.CompletionList(is_incomplete=False, items=fields)
    kind = params.context.trigger_kind if params.context else types.CompletionTriggerKind.Invoked
    asked = _Asked(
        params.text_document.uri,
        params.position,
        is_automatic=kind != types.CompletionTriggerKind.Invoked,
    )
    found = await _suggest(session, asked)
    if found is None:
        return types.CompletionList(is_incomplete=True, items=[])
    text = found.offer.suggestion.text
    before = _WORD_END.search(found.offer.cursor.line_before)
    word = before[0] if before else ""
    item = types.CompletionItem(
        label=(word + text).split("\n", 1)[0].rstrip("\r"),
        label_details=types.CompletionItemLabelDetails(description="Steward"),
        kind=types.CompletionItemKind.Text,
        # Clients filter by the word before the cursor, so the item must begin with it.
        filter_text=word + text,
        sort_text="\uffff",
        text_edit=types.TextEdit(found.range, text),
        command=_accepted(found.offer.id),
    )
    return types.CompletionList(is_incomplete=True, items=[item])


def _accepted(id_: str) -> types.Command:
    """What the editor runs when the person takes the suggestion."""
    told = {"id": id_}
    return types.Command("Accepted", "steward.completion.accepted", arguments=[told])


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the editor asks for, and where."""

    uri: str
    position: types.Position
    is_automatic: bool
    popup: types.SelectedCompletionInfo | None = None
    """The item that is selected in the editor's list: the suggestion goes on from it."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A suggestion that fits the document as it is now."""

    offer: Offer
    range: types.Range
    """What its text takes the place of."""


async def _suggest(session: Session, asked: _Asked) -> _Found | None:
    cursor = _cursor(session, asked)  # A snapshot, before any await.
    rooms = await session.rooms()
    suggester, ghost_text = rooms.suggester, rooms.ghost_text
    if cursor is not None:
        ghost_text.asked(cursor)
    why_not = await why_kept_back(session, rooms, asked.uri, cursor)
    if cursor is None or suggester is None or why_not is not None:
        if suggester is not None:
            suggester.leave(asked.uri)
        ghost_text.answered(cursor or Cursor("", "", "", uri=asked.uri), why_not)
        return None
    offer = await suggester.suggest(rooms.principal, cursor, is_automatic=asked.is_automatic)
    # Typing went on meanwhile: a suggestion for another text than the editor's is none.
    if session.protocol.documents.find(asked.uri) is None or _cursor(session, asked) != cursor:
        return None
    if (off := ghost_text.why_off(cursor)) is not None:  # Somebody has just switched it off.
        ghost_text.answered(cursor, off)
        return None
    ghost_text.answered(cursor, suggester.why_not(cursor.document))
    if offer is None:
        return None
    ghost_text.offered(offer)
    suggester.shown(rooms.principal, offer)
    return _Found(offer, _range(session.document(asked.uri), asked, offer))


def _next_edit(session: Session, asked: _Asked) -> list[types.InlineCompletionItem]:
    """The next edit, where it can be shown at the cursor as it is now."""
    is_open = session.protocol.documents.find(asked.uri) is not None  # It may be closed by now.
    cursor = _cursor(session, asked) if is_open else None
    if asked.popup is not None or cursor is None:
        return []
    found = next_edit_as_ghost_text(session, asked.uri, cursor)
    if found is None:
        return []
    edit, suggestion = found
    units = session.document(asked.uri).position_codec.client_num_units(
        cursor.after[: suggestion.replaces]
    )
    at = asked.position
    range_ = types.Range(at, types.Position(at.line, at.character + units))
    text = _inserted(session, suggestion.text)
    return [types.InlineCompletionItem(text, range=range_, command=_accepted(edit.id))]


def _range(document: Document, asked: _Asked, offer: Offer) -> types.Range:
    """What the text takes the place of, in the editor's own units."""
    popup = asked.popup
    start, end = (popup.range.start, popup.range.end) if popup else (asked.position,) * 2
    replaced = offer.cursor.after[: offer.suggestion.replaces]
    units = document.position_codec.client_num_units(replaced)
    return types.Range(start, types.Position(end.line, end.character + units))


def _cursor(session: Session, asked: _Asked) -> Cursor | None:
    """Where in which text, as if the selected item of a list had been typed.

    `None` where nobody knows the text; the person has been told.
    """
    document = session.document(asked.uri)
    if document.is_lost:
        return None
    path, popup = session.relative(asked.uri), asked.popup
    if popup is None:
        return cursor_at(document, asked.position, path)
    start = cursor_at(document, popup.range.start, path)
    end = cursor_at(document, popup.range.end, path)
    return replace(start, before=start.before + popup.text, after=end.after)


async def why_kept_back(
    session: Session, rooms: Rooms, uri: str, cursor: Cursor | None
) -> Reason | None:
    """Why nobody is asked about a document, whatever stands at the cursor; `None` if they may."""
    if cursor is None:
        return Reason("text_unknown", session.document(uri).why_lost)
    if (off := rooms.ghost_text.why_off(cursor)) is not None:
        return off
    if rooms.verdicts is None:  # No folder is open.
        rule = await asyncio.to_thread(why_not_alone, file_path(uri) or _named(uri))
        return None if rule is None else Reason("ignored", rule)
    place = session.workspace_path(uri)
    if place is None:
        return Reason("ignored", "it lies outside the workspace")
    rule = await rooms.verdicts.why_not(place)
    return None if rule is None else Reason("ignored", rule)


def _named(uri: str) -> Path:
    """What a document that is no local file calls itself, as in `untitled:/home/ada/.env`."""
    return Path(unquote(re.split("[?#]", uri.partition(":")[2], maxsplit=1)[0]))


def _inserted(session: Session, text: str) -> str:
    return text if session.can.keeps_carriage_returns else text.replace("\r\n", "\n")
