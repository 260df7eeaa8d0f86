"""A session of thousands of random messages ends as it began: alive, exact, and no larger."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.memory import resident_mb
from demo.replies import JsonObject, Reply
from demo.script import play
from demo.scripted_model import ScriptedModel
from steward.core.money import NanoUsd, as_usd
from tests.client import ASKING
from tests.environment import steward_environment
from tests.flows.scripts import EDIT, after_plan, task_of
from tests.fuzz.peer import Peer, open_peer
from tests.fuzz.stream import PROBE_EVERY, Stream
from tests.person import DEADLINE_S

Json = Any

SEED = 1
MESSAGES = 4_000
SOAK_MESSAGES = 50_000
WARM = 1_000
GROWTH_MB_MAX = 50.0
GARBAGE: tuple[Json, ...] = (5, "x", [], {}, [{}], None, {"a": [1]})


@pytest.mark.timeout(180)
async def test_a_session_of_random_messages_is_answered_exactly(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    await session(workspace, tmp_path, scripted_model, SEED, MESSAGES)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(10, 20))
async def test_a_long_session_of_random_messages_is_answered_exactly(
    seed: int, workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    await session(workspace, tmp_path, scripted_model, seed, SOAK_MESSAGES)


async def session(
    workspace: Path, folder: Path, model: ScriptedModel, seed: int, messages: int
) -> None:
    """Every second message is mutated; every hundred, everything owed must have come."""
    model.script = script
    async with begun(workspace, folder, model, seed) as peer:
        stream = Stream(peer, model, workspace, seed)
        warm_mb = 0.0
        for number in range(1, messages + 1):
            try:
                await stream.send(number, is_valid=bool(number % 2))
                if number % PROBE_EVERY == 0:
                    await stream.settle(number)
            except (AssertionError, OSError) as error:
                log = peer.log.decode(errors="replace")
                what = log.partition("Traceback")[2][:4_000] or log[-1_000:]
                error.add_note(f"seed {seed}, message {number}; the log says:\n{what}")
                raise
            if number == WARM:
                warm_mb = resident_mb(peer.process.pid)
        assert resident_mb(peer.process.pid) - warm_mb < GROWTH_MB_MAX
        await stream.look_at_all(messages + 1)
        await stream.end_runs()
        await ended(peer)


@asynccontextmanager
async def begun(
    workspace: Path, folder: Path, model: ScriptedModel, seed: int
) -> AsyncGenerator[Peer]:
    """A server that has been introduced to an editor with this workspace."""
    own = {
        "STEWARD_COMPLETION__WAIT": "PT0S",
        "STEWARD_LEDGER__LIMIT_USD": "1000",
        "HOME": str(folder / "home"),
    }
    environment = steward_environment(folder / "data", model.url, own)
    async with open_peer(workspace, environment, Careless(Random(seed)).reply) as peer:
        folders = [{"uri": workspace.as_uri(), "name": "shop"}]
        params = {
            "processId": None,
            "rootUri": None,
            "capabilities": ASKING,
            "workspaceFolders": folders,
        }
        await peer.ask("start", "initialize", params)
        await peer.say({"method": "initialized", "params": {}})
        yield peer


async def ended(peer: Peer) -> None:
    """Leave in order; what was spent is known, what was done can be checked."""
    status = await peer.ask("money", "workspace/executeCommand", {"command": "steward.status"})
    assert status["result"]["reserved"] == as_usd(NanoUsd(0)), status
    trail = await peer.ask("trail", "workspace/executeCommand", {"command": "steward.audit"})
    assert trail["result"]["verified"] is True
    await peer.ask("end", "shutdown", None)
    await peer.say({"method": "exit"})
    async with asyncio.timeout(DEADLINE_S):
        assert await peer.process.wait() == 0
    log = peer.log.decode(errors="replace")
    _, trace, what = log.partition("Traceback")
    assert not trace, what[:4_000]
    assert len(log) < 1_000_000


@dataclass(frozen=True, slots=True)
class Careless:
    """Whoever answers the server's own requests: rightly, wrongly, twice, or never."""

    chance: Random

    def reply(self, asked: Json) -> list[Json]:
        """What is sent back."""
        id_, params = asked["id"], asked["params"]
        right = {"id": id_, "result": self._right(asked["method"], params)}
        wrong = {"id": id_, "result": self.chance.choice(GARBAGE)}
        match self.chance.randrange(10):
            case 0:
                return [wrong]
            case 1:
                return [{"id": id_, "error": self.chance.choice((5, {}, {"code": "x"}, [None]))}]
            case 2:
                return [{**right, "error": {"code": -32603, "message": "\ud800" * 2_000}}]
            case 3:
                return [wrong, right]
            case 4:
                return [right, right, {"id": f"{id_}x", "result": None}]
            case 5:
                return [{"id": id_}]
            case 6:
                return []
            case _:
                return [right]

    def _right(self, method: str, params: Json) -> Json:
        match method:
            case "steward/ask":
                return {
                    "choice": self.chance.choice(("approve", "reject")),
                    "digest": params["digest"],
                }
            case "workspace/applyEdit":
                return {"applied": self.chance.random() < 0.5}
            case _:
                return None


def script(request: JsonObject) -> Reply:
    """No ghost text, so that every look at a document is asked anew; agents propose an edit."""
    if task_of(request) == "completion":
        return Reply(pieces=("",))
    answer = after_plan(EDIT)(request) if task_of(request) == "agent" else play(request)
    assert isinstance(answer, Reply)
    return answer
