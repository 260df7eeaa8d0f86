"""A model that says one thing after the other to one program, and remembers what it was sent."""

import json
import threading
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import cast

from benchmarks.peers.gemini_wire import GeminiModel
from benchmarks.peers.hands import Hands
from benchmarks.peers.programs import Program
from demo.replies import JsonObject, Reply, always, say
from demo.scripted_model import ScriptedModel
from steward.context.tokens import count

Turn = Callable[[], Reply]
"""Made when it is said, so that something may happen just before."""

_CONVERSATION = ("messages", "contents", "systemInstruction")


class Conversation:
    """The script of one run."""

    def __init__(self, hands: Hands, turns: Iterable[Turn], *, said_max: int = 100) -> None:
        self.bodies: list[JsonObject] = []
        """Every request, as it came."""
        self.said = 0
        """How many of the turns were taken."""
        self.enough = threading.Event()
        """Set once `said_max` turns were taken."""
        self._hands = hands
        self._turns = iter(turns)
        self._said_max = said_max

    def __call__(self, body: JsonObject) -> Reply:
        """The next turn; behind the last, that it is over."""
        self.bodies.append(body)
        if (beside := self._hands.aside(body)) is not None:
            return beside
        turn = next(self._turns, None)
        if turn is None:
            return say("Done.")
        self.said += 1
        if self.said >= self._said_max:
            self.enough.set()
        return turn()

    def first_tokens(self) -> int:
        """Of the first request that describes tools, or else of the first: a title needs none."""
        work = next((body for body in self.bodies if body.get("tools")), self.bodies[0])
        return _tokens(work)

    def tokens(self) -> list[int]:
        """Of each request: its texts, and the tools as they are described to the model."""
        return [_tokens(body) for body in self.bodies]

    def was_sent(self, texts: Iterable[str]) -> bool:
        """Whether one of these stood in any request."""
        sent = [json.dumps(body) for body in self.bodies]
        return any(text in each for text in texts for each in sent)


def _tokens(body: JsonObject) -> int:
    tools = json.dumps(body["tools"]) if body.get("tools") else ""
    return count("\n".join(_texts([body.get(part) for part in _CONVERSATION]))) + count(tools)


def _texts(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for each in cast("list[object]", value) for text in _texts(each)]
        case dict():
            fields = cast("dict[str, object]", value)
            return [text for each in fields.values() for text in _texts(each)]
        case _:
            return []


@asynccontextmanager
async def model_for(program: Program) -> AsyncGenerator[ScriptedModel | GeminiModel]:
    """A model in this program's wire, whose script is set for each run."""
    idle = always(say("Nothing was asked yet."))
    model = GeminiModel(idle) if program.is_gemini else ScriptedModel(idle)
    async with model:
        yield model
