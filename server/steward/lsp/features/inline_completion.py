"""`textDocument/inlineCompletion`, and the same text through `textDocument/completion`."""

import re

from lsprotocol import types

from steward.lsp.convert import cursor_at
from steward.lsp.session import Session

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
    document = session.document(params.text_document.uri)
    before = cursor_at(document, params.position, "").line_before
    text = await _suggest(
        session,
        params.text_document.uri,
        params.position,
        is_automatic=kind != types.CompletionTriggerKind.Invoked,
    )
    if not text:
        return types.CompletionList(is_incomplete=True, items=[])
    found = _WORD_END.search(before)
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
    path = session.relative(uri)
    cursor = cursor_at(session.document(uri), position, path)  # A snapshot, before any await.
    rooms = await session.rooms()
    if rooms.suggester is None:
        return ""
    if rooms.verdicts is not None:
        place = session.workspace_path(uri)
        if place is None or await rooms.verdicts.why_not(place) is not None:
            return ""  # An ignored file, or one outside the workspace, is not sent anywhere.
    return await rooms.suggester.suggest(rooms.principal, cursor, is_automatic=is_automatic)
