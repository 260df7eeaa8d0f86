"""Ghost text follows the typing: reused, superseded, and never in the way."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from demo.replies import Refuse, Reply, Stall, always, say
from demo.scripted_model import ScriptedModel
from steward.completion.cursor import Cursor
from steward.completion.rhythm import Rhythm
from steward.completion.suggest import Suggester
from steward.core.events import Spent
from steward.core.money import NANO_PER_USD, NanoUsd
from steward.core.principal import Principal
from steward.ledger.account import Limits
from steward.ledger.budget import Budget, set_budget
from steward.ledger.ledger import Ledger
from tests.completion.test_cursor import at
from tests.rooms import DEADLINE_S, Ground, numbered, open_gateway, open_ground

ANN = Principal("ann", "session-1", "/work")
FOREVER_S = 3600.0
CURSOR = at("def add(a, b):\n    return |\n")
ENDLESS = Reply(pieces=("x",) * 100_000, piece_delay_s=0.005)


class Desk:
    """Suggesters that differ only in how long they wait, and what is behind them."""

    def __init__(
        self, at_once: Suggester, patient: Suggester, ledger: Ledger, ground: Ground
    ) -> None:
        self.at_once = at_once
        self.patient = patient
        self.ledger = ledger
        self.ground = ground

    async def suggest(self, cursor: Cursor, *, is_automatic: bool = True) -> str:
        async with asyncio.timeout(DEADLINE_S):
            return await self.at_once.suggest(ANN, cursor, is_automatic=is_automatic)


@asynccontextmanager
async def open_desk(folder: Path, url: str) -> AsyncGenerator[Desk]:
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(open_ground(folder / "steward.db"))
        gateway, ledger = await stack.enter_async_context(
            open_gateway(url, folder, ground.database, ground.clock, ground.events)
        )
        ids = numbered("request")
        at_once, patient = (
            Suggester(gateway, ids, Rhythm(ground.clock, wait_s), output_tokens_max=50)
            for wait_s in (0.0, FOREVER_S)
        )
        yield Desk(at_once, patient, ledger, ground)


@pytest.fixture
async def desk(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Desk]:
    scripted_model.script = always(say("a + b"))
    async with open_desk(tmp_path, scripted_model.url) as desk:
        yield desk


def typed(cursor: Cursor, text: str) -> Cursor:
    return replace(cursor, before=cursor.before + text)


async def test_a_suggestion_is_what_the_model_says_made_to_fit(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(say("```python\nreturn a + b\n```"))
    assert await desk.suggest(CURSOR) == "a + b"
    (exchange,) = scripted_model.exchanges
    assert exchange.body["stop"] == ["\n"]
    assert exchange.body["max_tokens"] == 50
    assert "<before>def add(a, b):\n    return </before>" in exchange.messages[1]["content"]


async def test_typing_along_a_suggestion_asks_nobody_again(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    assert await desk.suggest(CURSOR) == "a + b"
    assert await desk.suggest(typed(CURSOR, "a ")) == "+ b"
    assert await desk.suggest(CURSOR) == "a + b"
    assert len(scripted_model.exchanges) == 1


@pytest.mark.parametrize(
    "other",
    [
        typed(CURSOR, "b"),
        typed(CURSOR, "a + b"),
        replace(CURSOR, after="\nmore\n"),
        replace(CURSOR, path="b.py"),
        replace(CURSOR, before="x = "),
    ],
    ids=["typed otherwise", "typed to the end", "text below", "another file", "another line"],
)
async def test_anywhere_else_the_model_is_asked_again(
    desk: Desk, scripted_model: ScriptedModel, other: Cursor
) -> None:
    await desk.suggest(CURSOR)
    await desk.suggest(other)
    assert len(scripted_model.exchanges) == 2


async def test_in_the_middle_of_code_nobody_is_asked(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    assert await desk.suggest(at("ret|urn x")) == ""
    assert scripted_model.exchanges == []


async def test_a_later_call_ends_the_one_before_and_hangs_up(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(ENDLESS)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(desk.suggest(CURSOR))
        exchange = await scripted_model.arrived(1)
        await exchange.started()
        scripted_model.script = always(say("z"))
        assert await desk.suggest(typed(CURSOR, "y")) == "z"
    assert first.result() == ""
    await exchange.closed_early()
    assert (await desk.ledger.standing(ANN)).reserved == 0


async def test_a_call_for_another_document_ends_nothing(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    hold = asyncio.Event()
    scripted_model.script = always(replace(say("slow"), hold=hold))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(desk.suggest(CURSOR))
        await scripted_model.arrived(1)
        scripted_model.script = always(say("quick"))
        assert await desk.suggest(replace(CURSOR, path="b.py")) == "quick"
        hold.set()
    assert first.result() == "slow"


async def test_cancelling_hangs_up_and_books_what_was_used(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(pieces=("x", "y"), fault=Stall(after_pieces=1)))
    task = asyncio.create_task(desk.suggest(CURSOR))
    exchange = await scripted_model.arrived(1)
    await exchange.started()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await exchange.closed_early()
    (entry,) = await desk.ledger.calls(ANN)
    standing = await desk.ledger.standing(ANN)
    assert (standing.reserved, standing.spent) == (0, entry.cost_nano_usd)


async def test_only_automatic_suggestions_wait(desk: Desk, scripted_model: ScriptedModel) -> None:
    waiting = asyncio.create_task(desk.patient.suggest(ANN, CURSOR, is_automatic=True))
    other = replace(CURSOR, path="b.py")
    async with asyncio.timeout(DEADLINE_S):
        assert await desk.patient.suggest(ANN, other, is_automatic=False) == "a + b"
        # At the beginning of an empty line nobody is in the middle of a word.
        line = at("def add(a, b):\n    |\n")
        assert await desk.patient.suggest(ANN, line, is_automatic=True) == "a + b"
    assert not waiting.done()
    assert len(scripted_model.exchanges) == 2
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_what_was_superseded_while_it_waited_asks_nobody(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(desk.suggest(typed(CURSOR, "xyz"[:count]))) for count in range(4)
        ]
    assert [task.result() for task in tasks] == ["", "", "", "a + b"]
    assert len(scripted_model.exchanges) == 1


@pytest.mark.parametrize(
    "reply",
    [Reply(fault=Refuse(500)), Reply(fault=Refuse(401)), Reply(fault=Refuse(429)), say("  \n")],
    ids=["broken", "no key", "too often", "nothing to say"],
)
async def test_what_goes_wrong_is_no_suggestion(
    desk: Desk, scripted_model: ScriptedModel, reply: Reply
) -> None:
    scripted_model.script = always(reply)
    assert await desk.suggest(CURSOR) == ""
    scripted_model.script = always(say("a + b"))
    assert await desk.suggest(CURSOR) == "a + b"


async def test_while_money_is_wanting_a_keystroke_only_looks_whether_it_is_there_again(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    ground = desk.ground

    async def allow(nano_usd: int) -> None:
        wanted, now = Budget("user:ann", Limits(NanoUsd(nano_usd))), ground.clock.now()
        await ground.database.run(lambda session: set_budget(session, ANN, wanted, {}, now))

    await allow(1)
    with ground.events.watch() as seen:
        assert await desk.suggest(CURSOR) == ""
        assert isinstance(await anext(seen), Spent)  # A refusal is news.
        for number in range(5):
            assert await desk.suggest(typed(CURSOR, "x" * number)) == ""
        assert seen._queue.empty(), "the ledger was asked for money that is not there"
        await allow(NANO_PER_USD)
        assert await desk.suggest(CURSOR) == "a + b"
    assert len(scripted_model.exchanges) == 1


async def test_without_a_provider_there_is_no_suggestion(tmp_path: Path) -> None:
    async with open_desk(tmp_path, "http://127.0.0.1:9/v1") as desk:
        assert await desk.suggest(CURSOR) == ""


async def test_suggestions_are_remembered_for_so_many_documents_only(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    for number in range(70):
        await desk.suggest(replace(CURSOR, path=f"{number}.py"))
    asked = len(scripted_model.exchanges)
    assert await desk.suggest(replace(CURSOR, path="69.py")) == "a + b"
    assert len(scripted_model.exchanges) == asked
    await desk.suggest(replace(CURSOR, path="0.py"))
    assert len(scripted_model.exchanges) == asked + 1
