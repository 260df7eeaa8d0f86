"""Ghost text follows the typing: known, joined or asked for, and never in the way."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from demo.replies import Refuse, Reply, Stall, always, in_order, say
from demo.scripted_model import ScriptedModel
from steward.context.cursor import Cursor
from steward.core.events import Spent
from steward.core.limits import GHOST_DOCUMENTS_MAX
from steward.core.money import NANO_PER_USD, NanoUsd
from steward.ledger.account import Limits
from steward.ledger.budget import Budget, set_budget
from tests.completion.desk import ANN, Desk, Typist, open_desk, settle, shown, typed
from tests.context.test_cursor import at
from tests.rooms import DEADLINE_S

CURSOR = at("def add(a, b):\n    return |\n")
ENDLESS = Reply(pieces=("x",) * 100_000, piece_delay_s=0.005)


@pytest.fixture
async def desk(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Desk]:
    scripted_model.script = always(say("a + b"))
    async with open_desk(tmp_path, scripted_model.url) as desk:
        yield desk


async def test_a_suggestion_is_what_the_model_says_made_to_fit(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(say("```python\nreturn a + b\n```"))
    assert await desk.text(CURSOR) == "a + b"
    (exchange,) = scripted_model.exchanges
    assert exchange.body["stop"] == ["\n"]
    assert exchange.body["max_tokens"] == 50


async def test_it_is_said_where_a_suggestion_comes_from(desk: Desk) -> None:
    first = await desk.offer(CURSOR)
    assert first is not None
    assert (first.origin, first.model, first.language) == ("model", "custom/small", "python")
    rest = await desk.offer(typed(CURSOR, "a "))
    assert rest is not None
    assert (rest.id, rest.suggestion.text) == (first.id, "+ b")
    other = await desk.offer(at("x = |"))
    again = await desk.offer(typed(CURSOR, "a"))
    assert other is not None
    assert again is not None
    assert again.origin == "known"
    assert len({first.id, other.id, again.id}) == 3


async def test_what_the_cursor_stands_in_is_found_out_while_the_model_writes(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    hold = asyncio.Event()
    scripted_model.script = always(replace(say("a + b"), hold=hold))
    call = at("add(first, |)\n")
    asked = Typist(desk, call).ask()
    await scripted_model.arrived()
    async with asyncio.timeout(DEADLINE_S):
        while (flight := desk.flight(call)) is None or flight.node_kind == "other":
            await settle()
    hold.set()
    offer = await asked
    assert offer is not None
    assert offer.node_kind == "argument"


async def test_typing_along_a_suggestion_asks_nobody_again(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    assert await desk.text(CURSOR) == "a + b"
    assert await desk.text(typed(CURSOR, "a ")) == "+ b"
    assert await desk.text(CURSOR) == "a + b"
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
    await desk.text(CURSOR)
    await desk.text(other)
    assert len(scripted_model.exchanges) == 2


async def test_going_back_to_an_earlier_text_asks_nobody(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = in_order(say("a + b"), say("b.total"), say("c"))
    assert await desk.text(CURSOR) == "a + b"
    assert await desk.text(typed(CURSOR, "x")) == "b.total"
    assert await desk.text(replace(CURSOR, after="\nmore\n")) == "c"
    assert await desk.text(typed(CURSOR, "a +")) == " b"
    assert await desk.text(typed(CURSOR, "xb.")) == "total"
    assert len(scripted_model.exchanges) == 3


async def test_what_the_model_had_nothing_to_say_to_is_not_asked_about_again_by_itself(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = in_order(say("  \n"), say("a + b"))
    assert await desk.text(CURSOR) == ""
    assert await desk.text(CURSOR) == ""
    assert desk.suggester.why_not(CURSOR.document) is not None
    assert len(scripted_model.exchanges) == 1
    assert await desk.text(CURSOR, is_automatic=False) == "a + b"
    assert desk.suggester.why_not(CURSOR.document) is None


async def test_what_the_answer_says_behind_the_block_answers_the_next_request(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    start = at("|")
    scripted_model.script = always(say("a = 1\n\n\nb = 2\n"))
    assert await desk.text(start) == "a = 1"
    assert await desk.text(typed(start, "a = 1\n")) == "b = 2"
    assert len(scripted_model.exchanges) == 1


async def test_in_the_middle_of_code_nobody_is_asked(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    assert await desk.text(at("ret|urn x")) == ""
    assert await desk.text(at("ret|urn x"), is_automatic=False) == ""
    assert scripted_model.exchanges == []


async def test_after_a_deletion_nothing_comes_by_itself(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    typist = Typist(desk, typed(CURSOR, "a +"))
    await typist.ask()
    typist.backspace()
    assert await typist.ask() is None
    reason = desk.suggester.why_not(CURSOR.document)
    assert reason is not None
    assert reason.because == "deleted"
    assert await desk.text(typist.cursor, is_automatic=False) == "a + b"
    assert len(scripted_model.exchanges) == 2


async def test_a_key_that_leads_elsewhere_ends_the_request_at_once(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(pieces=("a + ", "b"), fault=Stall(after_pieces=1)))
    typist = Typist(desk, CURSOR)
    asked = typist.ask()
    exchange = await scripted_model.arrived(1)
    await exchange.started()
    while (flight := desk.flight(CURSOR)) is None or flight.text != "a + ":
        await asyncio.sleep(0)
    typist.edit("a")
    assert not asked.done()
    typist.edit("x")
    await exchange.closed_early()
    assert await asked is None
    assert (await desk.ledger.standing(ANN)).reserved == 0


async def test_an_edit_elsewhere_in_the_document_ends_the_request(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(ENDLESS)
    typist = Typist(desk, replace(CURSOR, line=7))
    typist.ask()
    exchange = await scripted_model.arrived(1)
    await exchange.started()
    other = Typist(desk, replace(CURSOR, line=3))
    other.edit("x")
    await exchange.closed_early()


async def test_typing_along_an_answer_on_its_way_keeps_it(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    hold = asyncio.Event()
    scripted_model.script = always(replace(say("a + b"), hold=hold))
    typist = Typist(desk, CURSOR)
    typist.ask()
    await scripted_model.arrived(1)
    for key in "a +":
        typist.type(key)
        await desk.pauses.advance(0.1)
    hold.set()
    assert typist.asked is not None
    offer = await typist.asked
    assert offer is not None
    assert (shown(offer), offer.origin) == (" b", "flight")
    assert len(scripted_model.exchanges) == 1


async def test_an_answer_that_turns_out_otherwise_is_left_and_asked_for_anew(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    hold = asyncio.Event()
    scripted_model.script = in_order(
        replace(Reply(pieces=("a", " + b")), hold=hold, piece_delay_s=0.001), say(".total")
    )
    typist = Typist(desk, CURSOR)
    typist.ask()
    first = await scripted_model.arrived(1)
    asked = typist.type("x")
    hold.set()
    assert shown(await asked) == ".total"
    await first.ended()
    assert len(scripted_model.exchanges) == 2


async def test_another_place_in_the_document_ends_what_was_asked_before(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = in_order(ENDLESS, say("z"))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(desk.text(CURSOR))
        exchange = await scripted_model.arrived(1)
        await exchange.started()
        assert await desk.text(at("y|")) == "z"
    assert first.result() == ""
    await exchange.closed_early()
    assert (await desk.ledger.standing(ANN)).reserved == 0


async def test_a_call_for_another_document_ends_nothing(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    hold = asyncio.Event()
    scripted_model.script = always(replace(say("slow"), hold=hold))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(desk.text(CURSOR))
        await scripted_model.arrived(1)
        scripted_model.script = always(say("quick"))
        assert await desk.text(replace(CURSOR, path="b.py")) == "quick"
        hold.set()
    assert first.result() == "slow"


async def test_when_nobody_waits_any_more_it_hangs_up_and_books_what_was_used(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(pieces=("x", "y"), fault=Stall(after_pieces=1)))
    asked = Typist(desk, CURSOR).ask()
    exchange = await scripted_model.arrived(1)
    await exchange.started()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await desk.pauses.advance(0.1)
    await exchange.closed_early()
    while not desk.calls.seen:
        await asyncio.sleep(0)
    (entry,) = await desk.ledger.calls(ANN)
    standing = await desk.ledger.standing(ANN)
    assert (standing.reserved, standing.spent) == (0, entry.cost_nano_usd)


async def test_leaving_ends_what_is_under_way(tmp_path: Path) -> None:
    async with ScriptedModel(always(ENDLESS)) as model:
        async with open_desk(tmp_path, model.url) as desk:
            asked = Typist(desk, CURSOR).ask()
            exchange = await model.arrived(1)
            await exchange.started()
        await exchange.closed_early()
        assert await asked is None


@pytest.mark.parametrize(
    ("reply", "because"),
    [
        (Reply(fault=Refuse(500)), "provider_down"),
        (Reply(fault=Refuse(401)), "refused"),
        (Reply(fault=Refuse(429)), "rate_limited"),
    ],
)
async def test_a_provider_that_fails_is_left_alone_for_longer_and_longer(
    desk: Desk, scripted_model: ScriptedModel, reply: Reply, because: str
) -> None:
    scripted_model.script = always(reply)
    for pause_s in (1.0, 2.0, 4.0):
        asked = len(scripted_model.exchanges)
        assert await desk.text(CURSOR) == ""
        assert len(scripted_model.exchanges) == asked + 1
        for number in range(5):
            assert await desk.text(typed(CURSOR, "x" * number)) == ""
        reason = desk.suggester.why_not(CURSOR.document)
        assert reason is not None
        assert reason.because == because
        assert len(scripted_model.exchanges) == asked + 1
        await desk.pauses.advance(pause_s + 0.01)
    scripted_model.script = always(say("a + b"))
    assert await desk.text(CURSOR) == "a + b"
    scripted_model.script = always(reply)
    await desk.text(at("x = |"))
    await desk.pauses.advance(1.01)
    scripted_model.script = always(say("a + b"))
    assert await desk.text(at("y = |")) == "a + b", "the pause begins anew"


async def test_whoever_asks_by_hand_is_not_kept_from_a_provider_that_failed(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = in_order(Reply(fault=Refuse(500)), say("a + b"))
    assert await desk.text(CURSOR) == ""
    assert await desk.text(CURSOR, is_automatic=False) == "a + b"


async def test_while_money_is_wanting_a_keystroke_only_looks_whether_it_is_there_again(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    with desk.ground.events.watch() as seen:
        await allow(desk, 1)
        assert await desk.text(CURSOR) == ""
        assert isinstance(await anext(seen), Spent)  # A refusal is news.
        for number in range(5):
            assert await desk.text(typed(CURSOR, "x" * number)) == ""
        reason = desk.suggester.why_not(CURSOR.document)
        assert reason is not None
        assert reason.because == "over_budget"
        assert seen._queue.empty(), "the ledger was asked for money that is not there"
        await allow(desk, NANO_PER_USD)
        assert await desk.text(CURSOR) == "a + b"
    assert len(scripted_model.exchanges) == 1


async def test_without_a_provider_there_is_no_suggestion(tmp_path: Path) -> None:
    async with open_desk(tmp_path, "http://127.0.0.1:9/v1") as desk:
        assert await desk.text(CURSOR) == ""
        reason = desk.suggester.why_not(CURSOR.document)
        assert reason is not None
        assert reason.because == "provider_down"


async def test_suggestions_are_remembered_for_so_many_documents_only(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    for number in range(GHOST_DOCUMENTS_MAX + 1):
        await desk.text(replace(CURSOR, path=f"{number}.py"))
    asked = len(scripted_model.exchanges)
    assert await desk.text(replace(CURSOR, path="1.py")) == "a + b"
    assert len(scripted_model.exchanges) == asked
    await desk.text(replace(CURSOR, path="0.py"))
    assert len(scripted_model.exchanges) == asked + 1


async def allow(desk: Desk, nano_usd: int, soft: NanoUsd | None = None) -> None:
    wanted, now = Budget("user:ann", Limits(NanoUsd(nano_usd), soft)), desk.ground.clock.now()
    await desk.ground.database.run(lambda session: set_budget(session, ANN, wanted, {}, now))
