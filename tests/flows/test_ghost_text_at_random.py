"""Typing, cancelling and accepting at random: what is suggested is for the text that is there."""

import asyncio
import itertools
from pathlib import Path
from random import Random

import pytest

from demo.scripted_model import ScriptedModel
from tests.environment import steward_environment
from tests.flows.restless import Document, Editor, Encoding, around, parts, script
from tests.fuzz.peer import Peer, open_peer

LONG = "".join(f"value_{n} = {n}\n" for n in range(20_000))
MINIFIED = "x = [" + "'😀',{a:1}," * 4_000
NEVER = 10_000_000
"""Ids from here on are of requests that are not about ghost text."""


def documents(folder: Path) -> list[Document]:
    """One of each kind, with the cursor where somebody may go on."""
    texts = {
        "plain.py": ("def f(a):\n\treturn a\n\n\ndef g(b):\n    c = ", "\n"),
        "windows.py": ("def f(a):\r\n\treturn '😀'\r\n\r\nnext_one = \r\nlast = 1\r\n", "\r\n"),
        "long.py": (LONG, "\n"),
        # It stays one line: below it, a window of whole lines would not reach far enough back.
        "minified.py": (MINIFIED, " "),
    }
    return [
        Document((folder / name).as_uri(), text, newline, len(text))
        for name, (text, newline) in texts.items()
    ]


async def walk(folder: Path, model: ScriptedModel, editor: Editor, steps: int) -> None:
    """Do whatever comes to mind, and look at what is answered."""
    model.script = script
    chosen = {"STEWARD_COMPLETION__WAIT": "PT0S", "HOME": str(folder.parent / "home")}
    environment = steward_environment(folder.parent / "data", model.url, chosen)
    ids, others = itertools.count(100), itertools.count(NEVER)
    async with open_peer(folder, environment, lambda _asked: []) as peer:
        answer = await peer.ask(1, "initialize", hello(folder, editor.encoding))
        assert answer["result"]["capabilities"]["positionEncoding"] == editor.encoding
        await peer.say({"method": "initialized", "params": {}})
        for message in editor.opening():
            await peer.say(message)
        document, looked = editor.documents[0], set[int]()
        for step in range(steps):
            if step % 12 == 0:
                document = editor.chance.choice(editor.documents)
            await peer.say(editor.act(document))
            await _ask_or_cancel(peer, editor, document, next(ids))
            if editor.chance.random() < 0.4:
                await _settle(peer, editor, next(others))
            for id_ in [one for one in editor.asked if one in peer.answers and one not in looked]:
                looked.add(id_)
                if (accepted := editor.taken(id_, peer.answers[id_])) is not None:
                    await peer.say(accepted)
        await peer.until(lambda: not peer.awaited, "a request was never answered")
        for id_ in set(editor.asked) - looked:
            editor.taken(id_, peer.answers[id_])
        assert not peer.notified["window/showMessage"]
        assert b"Traceback" not in peer.log, peer.log.decode()


async def _ask_or_cancel(peer: Peer, editor: Editor, document: Document, id_: int) -> None:
    if editor.chance.random() < 0.6:
        params = editor.ask(id_, document)
        peer.awaited.add(id_)
        method = "textDocument/inlineCompletion"
        await peer.say({"id": id_, "method": method, "params": params})
    waiting = [one for one in editor.asked if one in peer.awaited]
    if waiting and editor.chance.random() < 0.2:
        cancelled = {"id": editor.chance.choice(waiting)}
        await peer.say({"method": "$/cancelRequest", "params": cancelled})


async def _settle(peer: Peer, editor: Editor, id_: int) -> None:
    """Wait until the server has taken all that was said, or until nothing is on its way."""
    if editor.chance.random() < 0.5:
        waiting = [one for one in editor.asked if one in peer.awaited]
        await peer.until(lambda: not peer.awaited.intersection(waiting), "there was no answer")
        return
    await peer.ask(id_, "workspace/executeCommand", {"command": "steward.status"})
    editor.stale |= {
        one
        for one, asked in editor.asked.items()
        if one in peer.awaited and asked.version < asked.document.version
    }


def hello(folder: Path, encoding: Encoding) -> dict[str, object]:
    """`initialize` of an editor that counts in some units."""
    return {
        "processId": None,
        "rootUri": folder.as_uri(),
        "workspaceFolders": [{"uri": folder.as_uri(), "name": "shop"}],
        "capabilities": {
            "general": {"positionEncodings": [encoding]},
            "textDocument": {"inlineCompletion": {}},
            "window": {"showMessage": {}},
        },
    }


async def explore(
    folder: Path, model: ScriptedModel, encoding: Encoding, seed: int, steps: int
) -> None:
    editor = Editor(documents(folder), encoding, Random(seed))
    async with asyncio.timeout(50):
        await walk(folder, model, editor, steps)
    assert editor.faults == []
    # Nobody was asked about a text that was never there: the server's is the editor's.
    known = editor.places()
    strange = [found for one in model.exchanges if (found := around(*parts(one.body))) not in known]
    assert strange == []
    assert editor.offered >= steps // 10


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_nothing_is_suggested_for_another_text_than_the_one_that_is_there(
    workspace: Path, scripted_model: ScriptedModel, encoding: Encoding
) -> None:
    await explore(workspace, scripted_model, encoding, 7, steps=150)


@pytest.mark.soak
@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", range(20))
async def test_nothing_is_suggested_for_another_text_in_the_long_run(
    workspace: Path, scripted_model: ScriptedModel, seed: int
) -> None:
    encoding: Encoding = ("utf-8", "utf-16", "utf-32")[seed % 3]
    await explore(workspace, scripted_model, encoding, 100 + seed, steps=500)
