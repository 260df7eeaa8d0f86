"""What ghost text adds to the model: before it is asked, behind its last word, and without it."""

import asyncio
import io
import itertools
import tempfile
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.client import FLOOR
from benchmarks.measure import Samples
from demo.editor import Document, Editor, server_process
from demo.person import PersonAtTerminal
from demo.replies import JsonObject, Reply, say
from demo.screen import Screen
from demo.scripted_model import ScriptedModel
from demo.shop import open_shop
from tests.environment import steward_environment

ANSWER = "return first + second"
BLOCKS, REQUESTS_A_BLOCK, WARM_UP = 10, 10, 20
ALONG = 8
"""Suggestions that are typed along to their end."""
BURST = "compute_totals"
BURSTS, KEY_S = 6, 0.12
PAUSE_S = 0.6
"""Before a burst: what is asked ahead, behind a suggestion that stays, is none of its calls."""

Servers = tuple[Editor, Editor]


@dataclass
class GhostText:
    """What was seen. Times in ms."""

    before: Samples = field(default_factory=Samples)
    """From a request by hand until the model has it."""
    behind: Samples = field(default_factory=Samples)
    """From the model's last byte until the editor has the answer."""
    along: list[float] = field(default_factory=list[float])
    """From a key that was typed as suggested until what is left of the suggestion is there."""
    along_calls: int = 0
    """Requests that reached the model meanwhile."""
    burst_calls: list[int] = field(default_factory=list[int])
    """Requests that reached the model in each burst of keys."""

    @property
    def added(self) -> Samples:
        """Both together, of each request."""
        sums = (
            [sum(both) for both in zip(before, behind, strict=True)]
            for before, behind in (
                (self.before.steward, self.behind.steward),
                (self.before.floor, self.behind.floor),
            )
        )
        return Samples(*sums)


async def ghost_text() -> GhostText:
    """A document is typed into in every way that matters; the floor takes turns where it can."""
    seen = GhostText()
    with tempfile.TemporaryDirectory() as name:
        async with ScriptedModel(_script) as model, _servers(Path(name), model) as (ours, floor):
            await _by_hand(ours, floor, model, seen)
            await _typed_along(ours, model, seen)
            await _bursts(ours, model, seen)
    return seen


def _script(_request: JsonObject) -> Reply:
    return say(ANSWER)


@asynccontextmanager
async def _servers(folder: Path, model: ScriptedModel) -> AsyncGenerator[Servers]:
    folder = folder.resolve()
    shop = await asyncio.to_thread(open_shop, folder / "shop")
    person = PersonAtTerminal(Screen(io.StringIO(), io.StringIO()), is_automatic=True)
    ours, floor = Editor(shop.folder, person), Editor(shop.folder, person)
    environment, log = steward_environment(folder / "data", model.url), folder / "server.log"
    async with (
        server_process(environment, log, ours.answer, person.hear) as server,
        server_process(environment, log, floor.answer, person.hear, FLOOR) as bare,
    ):
        await ours.start(server.connection)
        await floor.start(bare.connection)
        await ours.command("steward.usage")
        yield ours, floor


async def _by_hand(ours: Editor, floor: Editor, model: ScriptedModel, seen: GhostText) -> None:
    documents = [await each.open("shop/delivery.py") for each in (ours, floor)]
    numbers = itertools.count()
    for editor, document in zip((ours, floor), documents, strict=True):
        # A client that sends nothing but the one kind is taken for one of the protocol's drafts.
        await editor.ghost_text(document, is_automatic=True)
        await _ask(editor, document, model, itertools.islice(numbers, WARM_UP))
    for _ in range(BLOCKS):
        block = list(itertools.islice(numbers, REQUESTS_A_BLOCK))
        theirs = await _ask(floor, documents[1], model, block)
        own = await _ask(ours, documents[0], model, block)
        seen.before.floor += [before for before, _ in theirs]
        seen.before.steward += [before for before, _ in own]
        seen.behind.floor += [behind for _, behind in theirs]
        seen.behind.steward += [behind for _, behind in own]


async def _ask(
    editor: Editor, document: Document, model: ScriptedModel, numbers: Iterable[int]
) -> list[tuple[float, float]]:
    """Ask by hand, at each number for something that nobody has asked for.

    Gives the times before the model has the request, and behind its last byte.
    """
    taken: list[tuple[float, float]] = []
    for number in numbers:
        await editor.change(document, f"{document.text.partition(_NEW)[0]}{_function(number)}")
        known, began = len(model.exchanges), time.perf_counter()
        items = await editor.ghost_text(document)
        ended = time.perf_counter()
        assert items, "no ghost text came; the measurement would be of nothing"
        # Meanwhile the model may be asked ahead, behind a suggestion that stayed.
        asked = model.exchanges[known:]
        exchange = next(each for each in asked if f"new_{number}(" in str(each.body))
        taken.append(((exchange.received_s - began) * 1000, (ended - exchange.ended_s) * 1000))
    return taken


_NEW = "\n\n\ndef new_"


def _function(number: int) -> str:
    return f"{_NEW}{number}(first: int, second: int) -> int:\n    "


async def _typed_along(editor: Editor, model: ScriptedModel, seen: GhostText) -> None:
    document = await editor.open("shop/basket.py")
    for number in range(ALONG):
        await editor.change(document, f"{document.text.partition(_NEW)[0]}{_function(number)}")
        assert await editor.ghost_text(document), "there is nothing to type along"
        known = len(model.exchanges)
        for at in range(1, len(ANSWER)):
            began = time.perf_counter()
            await _type(editor, document, ANSWER[at - 1])
            items = await editor.ghost_text(document, is_automatic=True)
            seen.along.append((time.perf_counter() - began) * 1000)
            assert items[0]["insertText"] == ANSWER[at:], "what is left is something else"
        seen.along_calls += len(model.exchanges) - known


async def _bursts(editor: Editor, model: ScriptedModel, seen: GhostText) -> None:
    document = await editor.open("tests/test_basket.py")
    for number in range(BURSTS):
        await editor.change(document, f"{document.text.partition(_NEW)[0]}{_NEW}{number} = ")
        await asyncio.sleep(PAUSE_S)
        known = len(model.exchanges)
        async with asyncio.TaskGroup() as asked:
            for key in BURST:
                await _type(editor, document, key)
                asked.create_task(editor.ghost_text(document, is_automatic=True))
                await asyncio.sleep(KEY_S)
        seen.burst_calls.append(len(model.exchanges) - known)


async def _type(editor: Editor, document: Document, text: str) -> None:
    """Type at the document's end."""
    place = document.end()
    document.version += 1
    document.text += text
    change = {"range": {"start": place, "end": place}, "text": text}
    identifier = {"uri": document.uri, "version": document.version}
    params = {"textDocument": identifier, "contentChanges": [change]}
    await editor.connection.notify("textDocument/didChange", params)
