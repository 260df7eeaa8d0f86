"""A whole session of random messages. Each follows from the seed and its number alone."""

from pathlib import Path
from random import Random
from typing import Any

from lsprotocol import types

from demo.scripted_model import ScriptedModel
from steward.lsp.server import COMMANDS
from tests.fuzz.mutate import Faulty, encoded, mutated
from tests.fuzz.oracle import OFFERED, Due, check, due
from tests.fuzz.peer import Peer
from tests.fuzz.typist import Document, Typist, position
from tests.fuzz.values import Values, client_methods

Json = Any

PROBE_EVERY = 100
_RUN_EVERY = 500
_LOOK_EVERY = 10
_EXCHANGES_KEPT = 200


class Stream:
    """Sends messages and settles, every hundred, what came back."""

    def __init__(self, peer: Peer, model: ScriptedModel, folder: Path, seed: int) -> None:
        self._peer = peer
        self._model = model
        self._seed = seed
        self._typist = Typist(folder)
        self._methods = client_methods()
        files = ("shop/delivery.py", "shop/a b.py", ".env", "é.py")
        self._uris = [(folder / name).as_uri() for name in files]
        self._owed: dict[int | str, tuple[Json, Due, bool]] = {}
        self._cancelled: set[int | str] = set()
        self._without_id = 0

    async def send(self, number: int, *, is_valid: bool) -> None:
        """Send message so and so."""
        chance = Random(f"{self._seed}/{number}/{is_valid}")
        if is_valid and chance.random() < 0.1:
            await self._peer.send(encoded(self._typist.act(chance), chance))
            return
        message = self._message(chance, number)
        if is_valid:
            sent = Faulty(encoded(message, chance), message)
        else:
            sent = _with_own_id(mutated(message, chance), number, chance)
        await self._send(sent, is_valid=is_valid)
        if chance.random() < 0.1:
            self._cancelled.add(message.get("id"))
            await self._peer.say({"method": "$/cancelRequest", "params": {"id": message.get("id")}})

    async def settle(self, number: int) -> None:
        """Wait for every answer that is owed, and look at each."""
        probe = await self._peer.ask(
            f"probe {number}", "workspace/executeCommand", _command("runs")
        )
        assert "result" in probe, probe
        await self._peer.until(lambda: not self._peer.awaited, "requests were not answered")
        await self._peer.until(
            lambda: self._peer.count[None] >= self._without_id, "a broken message was not refused"
        )
        assert self._peer.count[None] == self._without_id
        for id_, (message, wanted, is_valid) in self._owed.items():
            was_cancelled = id_ in self._cancelled
            answer = self._peer.answers.pop(id_)
            check(message, answer, wanted, is_valid=is_valid, was_cancelled=was_cancelled)
        self._owed.clear()
        self._cancelled.clear()
        chance = Random(f"{self._seed}/{number}/look")
        if number % (PROBE_EVERY * _LOOK_EVERY) == 0:
            await self.look_at_all(number)
        elif opened := [each for each in self._typist.documents if each.is_open]:
            await self._look_at(chance.choice(opened), number)
        if number % _RUN_EVERY == 0:
            await self._begin_run(number, Values(chance, ()).text())

    async def look_at_all(self, number: int) -> None:
        """Compare every document with what the server shows of it to a model."""
        for message in self._typist.reopen_all(Random(f"{self._seed}/{number}/reopen")):
            await self._peer.say(message)
        for document in self._typist.documents:
            await self._look_at(document, number)

    async def end_runs(self) -> None:
        """Cancel whatever still runs; nothing may be left that cannot be ended."""
        runs = await self._execute("runs", "last runs")
        for run in runs:
            if run["state"] not in ("finished", "failed", "cancelled"):
                await self._execute("run.cancel", f"end {run['id']}", runId=run["id"])
        runs = await self._execute("runs", "after the last runs")
        assert {run["state"] for run in runs} <= {"finished", "failed", "cancelled"}, runs

    async def _begin_run(self, number: int, goal: str) -> None:
        """An agent whose questions get answers of every kind."""
        arguments = {"agent": "fix", "goal": f"{number} {goal}"[:8000], "observations": goal}
        await self._execute("agent.run", f"run {number}", **arguments)

    async def _execute(self, name: str, id_: str, **arguments: Json) -> Json:
        answer = await self._peer.ask(id_, "workspace/executeCommand", _command(name, **arguments))
        assert "result" in answer, answer
        return answer["result"]

    async def _look_at(self, document: Document, number: int) -> None:
        # Nobody can look at a server's documents but those whom it shows them: a model.
        params = {
            "textDocument": {"uri": document.uri},
            "position": position(document.text, len(document.text)),
            "context": {"triggerKind": 1},
        }
        before = len(self._model.exchanges)
        id_ = f"look {number} {document.name}"
        answer = await self._peer.ask(id_, types.TEXT_DOCUMENT_INLINE_COMPLETION, params)
        assert "result" in answer, answer
        head = f"<path>{document.name}</path>\n"
        shown = [str(one.messages[-1]["content"]) for one in self._model.exchanges[before:]]
        seen = [text for text in shown if text.startswith(head)]
        assert seen == [f"{head}<before>{document.text}</before><after></after>"], seen
        del self._model.exchanges[:-_EXCHANGES_KEPT]

    async def _send(self, sent: Faulty, *, is_valid: bool) -> None:
        wanted = due(sent.message)
        if wanted.to == "no id":
            self._without_id += 1
        elif wanted.to == "its id":
            id_ = sent.message["id"]
            self._owed[id_] = (sent.message, wanted, is_valid)
            self._peer.awaited.add(id_)
        await self._peer.send(sent.body)

    def _message(self, chance: Random, number: int) -> Json:
        values = Values(chance, self._uris)
        method = chance.choice(self._methods)
        if chance.random() < 0.4:
            method = chance.choice((*OFFERED, types.TEXT_DOCUMENT_DID_OPEN))
        kinds: Any = types.METHOD_TO_TYPES[method]
        message: Json = {"jsonrpc": "2.0", "method": method, "params": values.of(kinds[2])}
        if method == types.WORKSPACE_EXECUTE_COMMAND and chance.random() < 0.7:
            message["params"]["command"] = chance.choice(_ANSWERED_AT_ONCE)
        if kinds[1] is not None:
            message["id"] = number if chance.random() < 0.5 else str(number)
        return message


def _with_own_id(sent: Faulty, number: int, chance: Random) -> Faulty:
    """An id that was changed may be one that was used before; then an answer tells nothing."""
    message = sent.message
    if message is None or "id" not in message or message["id"] in (number, str(number)):
        return sent
    id_ = message["id"]
    if isinstance(id_, str):
        message["id"] = f"{id_} of {number}"
    elif isinstance(id_, int) and not isinstance(id_, bool):
        message["id"] = id_ * 10**9 + number
    return Faulty(encoded(message, chance), message)


# The one command whose answer is a person's.
_ANSWERED_AT_ONCE = [name for name in COMMANDS if name != "steward.workspace.trust"]


def _command(name: str, **arguments: Json) -> Json:
    return {"command": f"steward.{name}", "arguments": [arguments] if arguments else []}
