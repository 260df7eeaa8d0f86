"""What is measured, and how. Steward and the floor take turns: both see the same machine."""

import asyncio
import io
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.client import FLOOR, Client
from benchmarks.crowd import furnish
from benchmarks.memory import resident_mb, settle
from demo.editor import STEWARD, Editor, server_process
from demo.person import PersonAtTerminal
from demo.replies import JsonObject, Reply, say
from demo.screen import Screen
from demo.script import play
from demo.scripted_model import ScriptedModel
from demo.shop import open_shop
from tests.environment import steward_environment

STARTS = 20
BLOCKS, REQUESTS_A_BLOCK = 10, 300
SUGGESTIONS = 140
NO_MODEL = "http://127.0.0.1:9/v1"
"""Nothing listens on the discard port; what is measured here asks no model."""


@dataclass
class Samples:
    """Measurements of one thing, for Steward and for the floor."""

    steward: list[float] = field(default_factory=list[float])
    floor: list[float] = field(default_factory=list[float])

    def medians(self) -> tuple[float, float]:
        """The median of each."""
        return statistics.median(self.steward), statistics.median(self.floor)

    def ratio(self) -> float:
        """How many times the floor Steward takes, pair by pair: the middle of all pairs."""
        pairs = zip(self.steward, self.floor, strict=True)
        return statistics.median(steward / floor for steward, floor in pairs)

    def p99(self) -> tuple[float, float]:
        """The 99th percentile of each."""
        return p99_of(self.steward), p99_of(self.floor)


def p99_of(samples: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(samples, n=100)[98]


def starts() -> tuple[Samples, Samples]:
    """From the start of the process until `initialize` is answered (ms), and memory then (MB)."""
    times, sizes = Samples(), Samples()
    for _ in range(STARTS):
        for command, time_ms, size_mb in (
            (FLOOR, times.floor, sizes.floor),
            (STEWARD, times.steward, sizes.steward),
        ):
            with tempfile.TemporaryDirectory() as folder:
                began = time.perf_counter()
                with Client(command, environment_of(Path(folder))) as client:
                    client.initialize(Path(folder).as_uri())
                    time_ms.append((time.perf_counter() - began) * 1000)
                    size_mb.append(resident_mb(client.pid))
    return times, sizes


def round_trips() -> Samples:
    """A request that needs no model and no file, in ms: what can be done with a line?"""
    samples = Samples()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = environment_of(folder)
        with Client(FLOOR, environment) as floor, Client(STEWARD, environment) as steward:
            for client in (floor, steward):
                client.initialize(folder.as_uri())
                client.notify("initialized", {})
                client.notify("textDocument/didOpen", {"textDocument": _document(folder)})
                _block(client, folder)
                settle(client.pid)
            for _ in range(BLOCKS):
                samples.floor += _block(floor, folder)
                samples.steward += _block(steward, folder)
    return samples


def _block(client: Client, folder: Path) -> list[float]:
    place = {"line": 0, "character": 3}
    params: JsonObject = {
        "textDocument": {"uri": _document(folder)["uri"]},
        "range": {"start": place, "end": place},
        # A kind that Steward has none of: what is measured is the way, and not the menu.
        "context": {"diagnostics": [], "only": ["source"]},
    }
    samples: list[float] = []
    for _ in range(REQUESTS_A_BLOCK):
        began = time.perf_counter()
        client.request("textDocument/codeAction", params)
        samples.append((time.perf_counter() - began) * 1000)
    return samples


def _document(folder: Path) -> JsonObject:
    uri = (folder / "words.py").as_uri()
    return {"uri": uri, "languageId": "python", "version": 1, "text": "several_words = 1\n"}


@dataclass(frozen=True, slots=True)
class Work:
    """What a session with a model takes of memory, in MB."""

    idle_mb: float
    after_mb: float


async def work() -> Work:
    """A session as a person has it: a database, ghost text, an agent's run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        shop = await asyncio.to_thread(open_shop, folder / "shop")
        person = PersonAtTerminal(Screen(io.StringIO(), io.StringIO()), is_automatic=True)
        editor = Editor(shop.folder, person)
        async with ScriptedModel(_script) as model:
            await asyncio.to_thread(furnish, folder / "home", model.url)
            environment = steward_environment(folder / "home" / "data", model.url)
            log = folder / "server.log"
            async with server_process(environment, log, editor.answer, person.hear) as server:
                await editor.start(server.connection)
                await editor.command("steward.usage")
                await asyncio.to_thread(settle, server.pid)
                idle_mb = resident_mb(server.pid)
                await _ghost_texts(editor)
                await _agent_run(editor, person)
                await asyncio.to_thread(settle, server.pid)
                return Work(idle_mb, resident_mb(server.pid))


def _script(request: JsonObject) -> Reply:
    is_completion = "[task: completion]" in str(request["messages"][0]["content"])
    return say("return first + second") if is_completion else play(request)


async def _ghost_texts(editor: Editor) -> None:
    """Have many places completed that nobody has asked about before."""
    document = await editor.open("shop/delivery.py")
    original = document.text
    # A client that sends nothing but the one kind is taken for one of the protocol's drafts.
    await editor.ghost_text(document, is_automatic=True)
    for number in range(SUGGESTIONS):
        new = f"\n\n\ndef sum_{number}(first: int, second: int) -> int:\n    "
        await editor.change(document, original.rstrip() + new)
        assert await editor.ghost_text(document), "no ghost text came"
    await editor.change(document, original)


async def _agent_run(editor: Editor, person: PersonAtTerminal) -> None:
    goal = "Make the failing test pass."
    document = await editor.open("tests/test_basket.py")
    wanted = {"agent": "fix", "goal": goal, "uri": document.uri}
    started = await editor.command("steward.agent.run", wanted)
    outcome = await person.until_ended(started["runId"])
    assert outcome["state"] == "finished", outcome


def environment_of(folder: Path) -> Mapping[str, str]:
    """For a server that asks no model."""
    return steward_environment(folder / "data", NO_MODEL)
