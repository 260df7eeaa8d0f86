"""What the attacks on ghost text share: asking by hand anywhere, and all that was ever sent."""

import asyncio
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from lsprotocol import types

from demo.editor import Document
from demo.scripted_model import Exchange, ScriptedModel
from tests.attacks.canary import seen
from tests.client import Window
from tests.person import DEADLINE_S

FORMS = ("chat", "fill")
"""How a model is asked: in a conversation, or with the marks of a family that closes gaps."""

_FILL = """\
[gateway.providers.box]
url = "{url}"
[gateway.models]
completion = "box/my-model"
[gateway.models_known."box/my-model"]
fill = "qwen"
[gateway.prices."box/my-model"]
input = 1
output = 1
"""
_NO_OTHER = {"STEWARD_MODEL": "", "STEWARD_MODEL_URL": "", "STEWARD_MODEL_PRICE": ""}


def settings(form: str, folder: Path, url: str) -> dict[str, str]:
    """The environment that has the model asked in a form; its settings are written to a folder."""
    if form == "chat":
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.toml").write_text(_FILL.format(url=url))
    return {"STEWARD_CONFIG_DIR": str(folder), **_NO_OTHER}


async def items_at(
    window: Window,
    document: Document,
    offset: int | None = None,
    *,
    popup: types.SelectedCompletionInfo | None = None,
) -> list[types.InlineCompletionItem]:
    """What is suggested to somebody who asks by hand; at the document's end if nowhere else."""
    at = len(document.text) if offset is None else offset
    params = types.InlineCompletionParams(
        types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked, popup),
        types.TextDocumentIdentifier(document.uri),
        _position(document.text, at),
    )
    async with asyncio.timeout(DEADLINE_S):
        found = await window.client.text_document_inline_completion_async(params)
    assert isinstance(found, types.InlineCompletionList)
    return list(found.items)


def put(window: Window, document: Document, start: int, end: int, text: str) -> None:
    """Put a text in the place of another, and say no more of the document than that."""
    places = [_position(document.text, at) for at in (start, end)]
    document.text = document.text[:start] + text + document.text[end:]
    document.version += 1
    window.client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(document.version, document.uri),
            [types.TextDocumentContentChangePartial(types.Range(*places), text)],
        )
    )


def _position(text: str, offset: int) -> types.Position:
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    return types.Position(text.count("\n", 0, offset), len(line.encode("utf-16-le")) // 2)


def form_of(exchange: Exchange) -> str:
    """How the model was asked."""
    return "fill" if "prompt" in exchange.body else "chat"


def everything_sent(model: ScriptedModel) -> list[str]:
    """Every request that reached the model: the address, the headers and the body, also decoded."""
    return [_written(one) for one in model.exchanges]


def _written(one: Exchange) -> str:
    body = (json.dumps(one.body, ensure_ascii=is_ascii) for is_ascii in (True, False))
    return "\n".join((one.path, json.dumps(dict(one.headers)), *body))


def found_in(sent: Iterable[str], canaries: Iterable[str]) -> dict[str, list[str]]:
    """Which canaries stand in what was sent, and in which spelling."""
    whole = "\n".join(sent)
    return {canary: forms for canary in canaries if (forms := seen(canary, whole))}


async def until_sent(
    window: Window,
    document: Document,
    model: ScriptedModel,
    is_so: Callable[[str], bool],
) -> None:
    """Ask, each time behind another line, until a request says something."""
    start, turn = document.text, 0
    async with asyncio.timeout(DEADLINE_S):
        while not (model.exchanges and is_so(_written(model.exchanges[-1]))):
            turn += 1
            window.change(document, f"{start}{turn}")
            await items_at(window, document)
    window.change(document, start)
