"""The floor: a server of bare pygls that answers and does nothing else."""

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("floor", "1")


@server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
async def inline_completion(_params: types.InlineCompletionParams) -> types.InlineCompletionList:
    """Suggest nothing."""
    return types.InlineCompletionList(items=[])


if __name__ == "__main__":
    server.start_io()
