"""A page of ours in an editor that does nothing with what a command gives."""

import asyncio

from lsprotocol import types

from steward.core.limits import SHOWN_CHARS_MAX
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session


async def show_page(session: Session, rooms: Rooms, name: str, page: str) -> None:
    """Open a page of Markdown; an editor that shows no documents gets it as a message.

    `name` is ours and no text of anybody's: a page of that name takes the place of the last one.
    """
    from steward.core.private_files import write_private

    if session.can.shows_documents:
        file = rooms.previews / f"{name}.md"
        await asyncio.to_thread(write_private, file, page.encode(), may_replace=True)
        params = types.ShowDocumentParams(file.as_uri())
        # Not waited for: the editor may show it only when it has the command's answer.
        session.protocol.send_request(types.WINDOW_SHOW_DOCUMENT, params)
        return
    cut = page if len(page) <= SHOWN_CHARS_MAX else f"{page[:SHOWN_CHARS_MAX]}…"
    session.protocol.notify(
        types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(types.MessageType.Info, cut)
    )
