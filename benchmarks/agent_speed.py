"""What an agent's run adds to the model: a one-word edit, with every question answered at once."""

import asyncio
import io
import itertools
import json
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from demo.editor import Document, Editor, server_process
from demo.person import PersonAtTerminal
from demo.replies import JsonObject, Reply, call, say
from demo.screen import Screen
from demo.scripted_model import ScriptedModel
from demo.shop import open_shop
from tests.environment import steward_environment

FILE = "shop/words.py"
WORDS = ("red", "green", "blue")
_GOAL = "Make {} into {}."
WARM_UP, RUNS = 5, 30
PLAN = {
    "summary": "Change the word.",
    "steps": [{"title": "Change the word", "tool": "edit_file", "detail": "One word."}],
}


@dataclass
class AgentSpeed:
    """What was seen. Times in ms."""

    whole: list[float] = field(default_factory=list[float])
    """From the command until the editor hears that the run has ended."""
    bare: list[float] = field(default_factory=list[float])
    """As many calls of the same model, with the same bodies, over httpx."""
    calls: list[int] = field(default_factory=list[int])
    """Requests that reached the model in each run."""

    @property
    def added(self) -> list[float]:
        """What each run took beyond the bare calls behind it."""
        return [whole - bare for whole, bare in zip(self.whole, self.bare, strict=True)]


async def agent_speed() -> AgentSpeed:
    """One word of an open file is changed by an agent, again and again; each time another."""
    seen = AgentSpeed()
    with tempfile.TemporaryDirectory() as name:
        async with (
            ScriptedModel(edit_script) as model,
            _window(Path(name), model) as (editor, person),
        ):
            document = await editor.open(FILE)
            async with httpx.AsyncClient(timeout=30) as client:
                for number in range(WARM_UP + RUNS):
                    known = len(model.exchanges)
                    whole = await _edited(editor, person, document, WORDS[number % len(WORDS)])
                    asked = [each.body for each in model.exchanges[known:]]
                    bare = await _bare(client, model, asked)
                    if number >= WARM_UP:
                        seen.whole.append(whole)
                        seen.bare.append(bare)
                        seen.calls.append(len(asked))
    return seen


def edit_script(request: JsonObject) -> Reply:
    """A plan, one edit, the end; every answer at once."""
    messages = request["messages"]
    if "[task: plan]" in str(messages[0]["content"]):
        return say(json.dumps(PLAN))
    if messages[-1]["role"] == "tool":
        return say("Done.")
    said = str(messages)
    before, after = next(
        pair for pair in itertools.permutations(WORDS, 2) if _GOAL.format(*pair) in said
    )
    return call("edit_file", path=FILE, old_text=f'"{before}"', new_text=f'"{after}"')


@asynccontextmanager
async def _window(
    folder: Path, model: ScriptedModel
) -> AsyncGenerator[tuple[Editor, PersonAtTerminal]]:
    folder = folder.resolve()
    shop = await asyncio.to_thread(open_shop, folder / "shop")
    (shop.folder / FILE).write_text(f'COLOUR = "{WORDS[-1]}"\n')
    person = PersonAtTerminal(Screen(io.StringIO(), io.StringIO()), is_automatic=True)
    editor = Editor(shop.folder, person)
    environment, log = steward_environment(folder / "data", model.url), folder / "server.log"
    async with server_process(environment, log, editor.answer, person.hear) as server:
        await editor.start(server.connection)
        await editor.command("steward.usage")
        yield editor, person


async def _edited(editor: Editor, person: PersonAtTerminal, document: Document, word: str) -> float:
    before = document.text.split('"')[1]
    wanted: dict[str, Any] = {
        "agent": "fix",
        "goal": _GOAL.format(before, word),
        "uri": document.uri,
    }
    began = time.perf_counter()
    started = await editor.command("steward.agent.run", wanted)
    outcome = await person.until_ended(started["runId"])
    took = (time.perf_counter() - began) * 1000
    assert outcome["state"] == "finished", outcome
    assert word in document.text, "the word is another one"
    return took


async def _bare(client: httpx.AsyncClient, model: ScriptedModel, bodies: list[JsonObject]) -> float:
    began = time.perf_counter()
    for body in bodies:
        async with client.stream("POST", f"{model.url}/chat/completions", json=body) as answer:
            async for _ in answer.aiter_lines():
                pass
    return (time.perf_counter() - began) * 1000
