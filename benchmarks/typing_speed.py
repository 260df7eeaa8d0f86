"""What a keystroke costs, and how soon requests are answered while other work goes on."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.client import FLOOR, Client
from benchmarks.measure import Samples, environment_of
from benchmarks.memory import settle
from benchmarks.slow_model import slow_model
from demo.editor import STEWARD
from demo.shop import open_shop
from tests.environment import steward_environment

LINE = "    total = compute(first, second)  # what both are worth together\n"
KEYSTROKES, KEYSTROKE_BLOCKS = 100, 4
LARGE = (("x" * 79 + "\n", 250_000), ("a()\n", 1_000_000), ("é", 1_000_000))
"""20 MB; a million lines; one line of a million characters: each a piece, and how many of it."""
LARGE_KEYS, DOCUMENTS = 50, 10_000
PAIRS, PAIRS_A_WRITE = 4_000, 100
PAUSE_S = 0.003

Json = dict[str, Any]


def keystrokes(lines: int) -> Samples:
    """A character typed into the middle of a document and the next request answered, in ms."""
    samples = Samples()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = environment_of(folder)
        with Client(FLOOR, environment) as floor, Client(STEWARD, environment) as steward:
            typists = [Typist(client, folder, LINE * lines) for client in (floor, steward)]
            for typist in typists:
                typist.type(lines // 2)
                settle(typist.client.pid)
            for _ in range(KEYSTROKE_BLOCKS):
                for typist, taken in zip(typists, (samples.floor, samples.steward), strict=True):
                    taken += [typist.type(lines // 2) for _ in range(KEYSTROKES)]
    return samples


def large_documents() -> list[float]:
    """A trivial request behind each message about very large, or very many, documents, in ms."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Client(STEWARD, environment_of(folder)) as client:
            typist = Typist(client, folder, "\n")
            client.request("workspace/executeCommand", {"command": "steward.usage"})
            for number in range(DOCUMENTS):
                client.send([typist.opened((folder / f"{number}.py").as_uri(), LINE)])
            samples = [typist.answered([typist.trivial()])]
            for piece, count in LARGE:
                again = typist.opened(typist.uri, piece * count)
                samples.append(typist.answered([again, typist.trivial()]))
                samples += [typist.type_and_ask() for _ in range(LARGE_KEYS)]
            return samples


class Typist:
    """An open document, and how it is typed into."""

    def __init__(self, client: Client, folder: Path, text: str) -> None:
        self.client = client
        self.uri = (folder / "words.py").as_uri()
        self._version = 1
        client.initialize(folder.as_uri(), {"steward": {"asks": True}})
        client.notify("initialized", {})
        client.send([self.opened(self.uri, text)])

    def opened(self, uri: str, text: str) -> Json:
        """The notification that a document is open; the second one begins anew."""
        item = {"uri": uri, "languageId": "python", "version": self._version, "text": text}
        return {"method": "textDocument/didOpen", "params": {"textDocument": item}}

    def keystroke(self, line: int, text: str = "x") -> Json:
        """The notification of a character typed at a line's beginning."""
        self._version += 1
        place = {"line": line, "character": 0}
        change = {"range": {"start": place, "end": place}, "text": text}
        identifier = {"uri": self.uri, "version": self._version}
        params = {"textDocument": identifier, "contentChanges": [change]}
        return {"method": "textDocument/didChange", "params": params}

    def trivial(self) -> Json:
        """A request that needs no model, under a new id."""
        place = {"line": 0, "character": 0}
        params: Json = {
            "textDocument": {"uri": self.uri},
            "range": {"start": place, "end": place},
            # A kind that Steward has none of: what is measured is the way, and not the menu.
            "context": {"diagnostics": [], "only": ["source"]},
        }
        return {
            "id": self.client.number(),
            "method": "textDocument/codeAction",
            "params": params,
        }

    def ghost_text(self, line: int, trigger: int) -> Json:
        """A request for ghost text; `trigger` is 1 by hand and 2 for typing."""
        params = {
            "textDocument": {"uri": self.uri},
            "position": {"line": line, "character": 0},
            "context": {"triggerKind": trigger},
        }
        return {
            "id": self.client.number(),
            "method": "textDocument/inlineCompletion",
            "params": params,
        }

    def type(self, line: int) -> float:
        """Type a character; the time until the request behind it is answered, in ms."""
        return self.answered([self.keystroke(line), self.trivial()])

    def type_and_ask(self) -> float:
        """As `type`, with a request for ghost text and its cancellation between."""
        wanted = self.ghost_text(0, 2)
        return self.answered([self.keystroke(0), wanted, cancelled(wanted["id"]), self.trivial()])

    def answered(self, messages: list[Json]) -> float:
        """How long it takes until the last of these messages is answered, in ms."""
        began = time.perf_counter()
        self.client.send(messages)
        while messages[-1]["id"] not in self.client.answers:
            self.client.hear()
        took = (time.perf_counter() - began) * 1000
        del self.client.answers[messages[-1]["id"]]
        return took


@dataclass(frozen=True, slots=True)
class Cancels:
    """What became of requests that were cancelled at once."""

    a_second: float
    unanswered: int


def cancels() -> Cancels:
    """Requests for ghost text, each cancelled by the very next message."""
    with tempfile.TemporaryDirectory() as name, slow_model() as url:
        folder = Path(name)
        environment = steward_environment(folder / "data", url)
        with Client(STEWARD, environment) as client:
            typist = Typist(client, folder, "\n" * 10)
            client.request("workspace/executeCommand", {"command": "steward.usage"})
            began = time.perf_counter()
            asked: list[int] = []
            for _ in range(PAIRS // PAIRS_A_WRITE):
                requests = [typist.ghost_text(1, 2) for _ in range(PAIRS_A_WRITE)]
                ids = [request["id"] for request in requests]
                client.send(message for one in requests for message in (one, cancelled(one["id"])))
                asked += ids
                while not all(number in client.answers for number in ids):
                    client.hear()
            took_s = time.perf_counter() - began
            return Cancels(PAIRS / took_s, sum(one not in client.answers for one in asked))


def cancelled(number: int) -> Json:
    """The notification that nobody waits for this request any more."""
    return {"method": "$/cancelRequest", "params": {"id": number}}


def beside_work() -> list[float]:
    """A trivial request, in ms, while a model streams and an agent's run is under way."""
    approved: list[str] = []

    def answer(method: str, params: Json) -> Json | None:
        if method == "steward/ask":
            approved.append(params["kind"])
            return {"choice": "approve", "digest": params["digest"]}
        return {"applied": False} if method == "workspace/applyEdit" else None

    with tempfile.TemporaryDirectory() as name, slow_model() as url:
        folder = Path(name).resolve()
        shop = open_shop(folder / "shop").folder
        environment = steward_environment(folder / "data", url)
        with Client(STEWARD, environment, answer) as client:
            typist = Typist(client, shop, "\n" * 10)
            run = {"agent": "fix", "goal": "Make the failing test pass.", "uri": typist.uri}
            params = {"command": "steward.agent.run", "arguments": [run]}
            client.request("workspace/executeCommand", params)
            while "plan" not in approved:  # The engine is loaded, the run has begun.
                client.hear()
            return _until_ended(typist)


def _until_ended(typist: Typist) -> list[float]:
    client = typist.client
    streamed: int | None = None
    samples: list[float] = []
    while not any(_is_end(method, params) for method, params in client.heard):
        if streamed is None or client.answers.pop(streamed, None) is not None:
            request = typist.ghost_text(1, 1)
            streamed = request["id"]
            client.send([typist.keystroke(1, "\n"), request])
        samples.append(typist.answered([typist.trivial()]))
        time.sleep(PAUSE_S)
    return samples


def _is_end(method: str, params: Json) -> bool:
    ended = ("finished", "failed", "cancelled")
    return method == "steward/run" and params["state"] in ended
