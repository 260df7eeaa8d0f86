"""What is under way ends when nobody may want it any more, and a fault in it ends nothing else."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.replies import Reply, always, say
from demo.scripted_model import ScriptedModel
from steward.completion.reason import Reason
from steward.context.cursor import Cursor
from steward.syntax.tree import Tree
from tests.completion.desk import ANN, Desk, Typist, open_desk, settle, typed
from tests.context.test_cursor import at

CURSOR = at("def add(a, b):\n    return |\n")
ENDLESS = Reply(pieces=("x",) * 100_000, piece_delay_s=0.005)


@pytest.fixture
async def desk(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Desk]:
    scripted_model.script = always(say("a + b"))
    async with open_desk(tmp_path, scripted_model.url) as desk:
        yield desk


async def test_a_fault_beside_the_typing_ends_nothing_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise ValueError("a grammar broke")

    monkeypatch.setattr(Tree, "of", broken)
    offer = await desk.offer(CURSOR)
    assert offer is not None
    await settle()
    assert await desk.text(typed(CURSOR, "x")) == "a + b"


async def test_what_speaks_against_a_call_is_looked_at_right_before_it(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    async def closed(cursor: Cursor) -> Reason | None:
        return Reason("ignored", cursor.path)

    desk.suggester.why_not_now = closed
    assert await desk.text(CURSOR) == ""
    assert desk.suggester.why_not(CURSOR.document) == Reason("ignored", CURSOR.path)
    assert scripted_model.exchanges == []
    assert desk.calls.seen == []


async def test_leaving_a_document_closes_the_providers_connection(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(ENDLESS)
    for leave in (lambda: desk.suggester.leave(CURSOR.document), desk.suggester.leave_all):
        asked = Typist(desk, CURSOR).ask()
        exchange = await scripted_model.arrived(len(scripted_model.exchanges) + 1)
        await exchange.started()
        leave()
        await exchange.closed_early()
        assert await asked is None


async def test_asking_ahead_gives_way_to_whoever_asks_meanwhile(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(say("a + b"))
    async with open_desk(tmp_path, scripted_model.url, speculative=True) as desk:
        offer = await desk.offer(CURSOR)
        assert offer is not None
        desk.suggester.shown(ANN, offer)
        free = threading.Event()
        try:
            database = desk.ground.database  # Nothing can be read or written now.
            busy = [database.read(lambda _session: free.wait()) for _ in range(8)]
            busy.append(database.run(lambda _session: free.wait()))
            waiting = asyncio.gather(*busy)
            await desk.pauses.advance(0.3)  # Somebody looks whether there is money for it.
            other = asyncio.create_task(desk.text(at("def sub(a, b):\n    return |\n")))
            await settle()
        finally:
            free.set()
        await waiting
        assert await other == "a + b"
        assert len(scripted_model.exchanges) == 2
