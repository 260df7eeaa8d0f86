"""The floor: a server of bare pygls that answers and does nothing else."""

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("floor", "1")


@server.feature(types.TEXT_DOCUMENT_CODE_ACTION)
async def code_action(_params: types.CodeActionParams) -> list[types.CodeAction]:
    """One action, whatever was asked."""
    command = types.Command("Run", "floor.run")
    kind = types.CodeActionKind.RefactorRewrite
    return [types.CodeAction("Do something", kind=kind, command=command)]


if __name__ == "__main__":
    server.start_io()
