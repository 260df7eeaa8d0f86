"""The floor: a server of bare pygls that answers and does nothing else.

For ghost text it asks the model over httpx as plainly as can be: nothing is reserved, booked,
checked or trimmed.
"""

import json
import os
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.lsp.server import LanguageServer

if TYPE_CHECKING:
    import httpx

server = LanguageServer("floor", "1")
clients: "list[httpx.AsyncClient]" = []


@server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
async def inline_completion(params: types.InlineCompletionParams) -> types.InlineCompletionList:
    """What the model says to the text before the cursor."""
    document = server.workspace.get_text_document(params.text_document.uri)
    offset = document.offset_at_position(params.position)
    text = await _ask(document.source[:offset])
    return types.InlineCompletionList(items=[types.InlineCompletionItem(insert_text=text)])


async def _ask(before: str) -> str:
    # Loaded at the first question: the floor of the start is bare, too.
    import httpx

    if not clients:
        clients.append(httpx.AsyncClient(base_url=os.environ["STEWARD_MODEL_URL"], trust_env=False))
    body = {
        "model": "scripted",
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [
            {"role": "system", "content": "[task: completion]"},
            {"role": "user", "content": before},
        ],
    }
    pieces: list[str] = []
    async with clients[0].stream("POST", "/chat/completions", json=body) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                choices = json.loads(line.removeprefix("data: "))["choices"]
                pieces += [choice["delta"].get("content", "") for choice in choices]
    return "".join(pieces)


@server.feature(types.TEXT_DOCUMENT_CODE_ACTION)
async def code_action(_params: types.CodeActionParams) -> list[types.CodeAction]:
    """One action, whatever was asked."""
    command = types.Command("Run", "floor.run")
    kind = types.CodeActionKind.RefactorRewrite
    return [types.CodeAction("Do something", kind=kind, command=command)]


if __name__ == "__main__":
    server.start_io()
