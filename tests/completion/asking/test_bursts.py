"""Somebody types at the speed of a person: who is waited for, who is asked, and how often."""

import asyncio
import random
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from demo.replies import Refuse, Reply, always, in_order, say
from demo.scripted_model import ScriptedModel
from steward.core.money import NANO_PER_USD, NanoUsd
from tests.completion.desk import ANN, Desk, Typist, open_desk, settle, shown, typed
from tests.completion.test_suggest import CURSOR, allow
from tests.context.test_cursor import at

BURST = "basket.total()"
EMPTY_LINE = at("def add(a, b):\n    |\n")


@pytest.fixture
async def desk(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Desk]:
    wait = timedelta(milliseconds=75)
    async with open_desk(tmp_path, scripted_model.url, wait=wait, speculative=True) as desk:
        yield desk


async def until_landed(desk: Desk) -> None:
    """Wait for the answer that is on its way, if there is one."""
    await settle()
    flight = desk.flight(CURSOR)
    if flight is not None:
        await flight.landed
    await settle()


@pytest.mark.parametrize("seed", range(4))
async def test_a_burst_of_typing_makes_two_calls_at_most(
    desk: Desk, scripted_model: ScriptedModel, seed: int
) -> None:
    scripted_model.script = always(say("something else altogether"))
    chance = random.Random(seed)
    typist = Typist(desk, CURSOR)
    for key in BURST:
        typist.type(key)
        await desk.pauses.advance(chance.uniform(0.1, 0.15))
        await until_landed(desk)
    assert len(BURST) == 14
    assert typist.asked is not None
    await desk.pauses.advance(0.4)
    assert shown(await typist.asked)
    assert 1 <= len(scripted_model.exchanges) <= 2


async def test_nobody_is_asked_between_two_keys_that_follow_quickly(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    typist = Typist(desk, CURSOR)
    for key in BURST:
        typist.type(key)
        await desk.pauses.advance(0.05)
    assert scripted_model.exchanges == []
    assert desk.flight(CURSOR) is None


async def test_typing_along_a_suggestion_never_waits(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(say(BURST))
    typist = Typist(desk, CURSOR)
    asked = typist.ask()
    await desk.pauses.advance(0.4)
    assert shown(await asked) == BURST
    pauses = len(desk.pauses.asked)
    for number, key in enumerate(BURST[:-1], 1):
        assert shown(await typist.type(key)) == BURST[number:]
    assert len(desk.pauses.asked) == pauses
    assert len(scripted_model.exchanges) == 1


async def test_on_an_empty_line_and_by_hand_nobody_waits(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(say("x = 1"))
    assert shown(await Typist(desk, EMPTY_LINE).ask()) == "x = 1"
    assert await desk.text(at("y = |"), is_automatic=False) == "x = 1"
    assert desk.pauses.asked == []


async def test_what_is_known_or_out_of_the_question_does_not_wait_either(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(fault=Refuse(500)))
    await desk.text(CURSOR, is_automatic=False)
    asked = len(desk.pauses.asked)
    assert await desk.text(typed(CURSOR, "x")) == ""
    assert len(desk.pauses.asked) == asked


async def looks_ahead(desk: Desk, scripted_model: ScriptedModel) -> None:
    """Have a suggestion shown for long enough."""
    offer = await desk.offer(CURSOR, is_automatic=False)
    assert shown(offer) == "a + b"
    assert offer is not None
    desk.suggester.shown(ANN, offer)
    await desk.pauses.advance(0.2)
    assert len(scripted_model.exchanges) == 1
    await desk.pauses.advance(0.2)


async def test_what_comes_behind_a_suggestion_that_stays_is_known_when_it_is_taken(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = in_order(say("a + b"), say(" + c"))
    await looks_ahead(desk, scripted_model)
    await scripted_model.arrived(2)
    await until_landed(desk)
    typist = Typist(desk, CURSOR)
    offer = await typist.type("a + b")
    assert offer is not None
    assert (shown(offer), offer.origin) == (" + c", "speculative")
    assert len(scripted_model.exchanges) == 2


async def test_whoever_takes_it_sooner_joins_what_is_on_its_way(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    hold = asyncio.Event()
    scripted_model.script = in_order(say("a + b"), replace(say(" + c"), hold=hold))
    await looks_ahead(desk, scripted_model)
    await scripted_model.arrived(2)
    asked = Typist(desk, CURSOR).type("a + b")
    await settle()
    hold.set()
    assert shown(await asked) == " + c"
    assert len(scripted_model.exchanges) == 2


async def test_whoever_types_otherwise_ends_the_look_ahead(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    endless = Reply(pieces=("x",) * 100_000, piece_delay_s=0.005)
    scripted_model.script = in_order(say("a + b"), endless)
    await looks_ahead(desk, scripted_model)
    exchange = await scripted_model.arrived(2)
    await exchange.started()
    typist = Typist(desk, CURSOR)
    typist.edit("a")
    flight = desk.flight(CURSOR)
    assert flight is not None
    assert not flight.is_over
    typist.edit("?")
    await exchange.closed_early()


async def test_a_suggestion_that_does_not_stay_is_not_looked_behind(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(say("a + b"))
    offer = await desk.offer(CURSOR, is_automatic=False)
    assert offer is not None
    desk.suggester.shown(ANN, offer)
    await desk.pauses.advance(0.2)
    Typist(desk, CURSOR).edit("x")
    await desk.pauses.advance(1)
    assert len(desk.calls.seen) == 1


async def test_when_money_runs_short_nothing_is_asked_ahead(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(say("a + b"))
    await desk.text(CURSOR, is_automatic=False)
    while not desk.calls.seen:
        await settle()
    assert await desk.ledger.is_warned(ANN) is False
    await allow(desk, NANO_PER_USD, soft=NanoUsd(1))
    offer = await desk.offer(CURSOR)
    assert offer is not None
    desk.suggester.shown(ANN, offer)
    speculating = desk.suggester._desks.of(CURSOR.document).speculating
    assert speculating is not None
    await desk.pauses.advance(1)
    await speculating
    await settle()
    assert len(desk.calls.seen) == 1
    flight = desk.flight(CURSOR)
    assert flight is not None
    assert flight.origin == "model"
