"""`textDocument/codeLens`: two words above a test that failed, and nothing else.

Everything that a lens needs comes with it, so that a client asks once (no `codeLens/resolve`).
"""

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from steward.lsp import errands
from steward.lsp.availability import why_no_ai
from steward.lsp.errands import errand_command
from steward.lsp.features.code_action import test_id
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session
from steward.lsp.spot import outline_of, range_of

if TYPE_CHECKING:
    from steward.syntax.symbols import Definition

_WITHIN_S = 5.0
_LOOK_AGAIN_S = 2.0
"""How soon is seen that tests ran."""
_LENSES = (("Fix with Steward", errands.FIX_TEST), ("Explain", errands.EXPLAIN_TEST))


async def code_lens(session: Session, params: types.CodeLensParams) -> list[types.CodeLens]:
    """Fix and explain, above each test of the document that failed when it ran last."""
    session.wants_lenses.set()
    uri = params.text_document.uri
    document, place = session.protocol.documents.find(uri), session.workspace_path(uri)
    if document is None or document.is_lost or place is None:
        return []
    rooms = await session.rooms()
    if rooms.failed_tests is None:
        return []
    failed = await asyncio.to_thread(rooms.failed_tests.now)
    names = {(each.owner, each.name) for each in failed if each.is_in(str(place))}
    if not names or await why_no_ai(session) is not None:
        return []
    outline = await outline_of(session, document, _WITHIN_S)
    return [
        _lens(title, errand, uri, str(place), one)
        for one in (outline.definitions if outline else ())
        if (one.container, one.name) in names
        for title, errand in _LENSES
    ]


def _lens(
    title: str, errand: errands.Errand, uri: str, path: str, test: "Definition"
) -> types.CodeLens:
    observed = f"{test_id(path, test.container, test.name)} failed when it ran last."
    command = errand_command(errand, uri, range_of(test), f"`{test.name}`", observed)
    top = types.Position(test.line, 0)
    return types.CodeLens(
        types.Range(top, top), types.Command(title, command.command, arguments=command.arguments)
    )


async def keep_lenses(session: Session, rooms: Rooms) -> None:
    """Have the editor ask again when other tests failed than before, until cancelled."""
    failed_tests = rooms.failed_tests
    if failed_tests is None or not session.can.refreshes_lenses:
        return
    await session.wants_lenses.wait()
    seen = await asyncio.to_thread(failed_tests.now)
    while True:
        await asyncio.sleep(_LOOK_AGAIN_S)
        now = await asyncio.to_thread(failed_tests.now)
        if now != seen:
            seen = now
            session.protocol.send_request(types.WORKSPACE_CODE_LENS_REFRESH, None)
