"""Where the budget does not cover a whole answer, the model may write what it does cover."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from demo.replies import JsonObject, Reply, Usage, always, say
from demo.scripted_model import ScriptedModel
from steward.core.errors import OverBudgetError
from steward.core.money import NanoUsd, PicoUsd
from steward.gateway.call.lower import USEFUL_TOKENS_MIN, fitting
from steward.gateway.prices import Price
from steward.gateway.request import ModelRequest, Task
from tests.gateway.desk import INPUT_NANO, OUTPUT_NANO, Desk, asked, open_desk
from tests.ledger.bank import ANN

WANTED = 4_000


def long(request_id: str = "r1", task: Task = "agent") -> ModelRequest:
    return replace(asked(request_id=request_id, task=task), output_tokens_max=WANTED)


def room_for(output_tokens: int) -> int:
    """A limit that covers such an answer, and at most the room for a dozen tokens more."""
    return 270 * INPUT_NANO + output_tokens * OUTPUT_NANO


def sent_max(desk: Desk) -> int:
    return desk.model.exchanges[-1].body["max_tokens"]


async def test_an_answer_is_as_long_as_what_is_left_covers(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    limit = room_for(1_000)
    scripted_model.script = always(Reply(pieces=("Good",), usage=Usage(40, 7)))
    async with open_desk(tmp_path, scripted_model, limit_nano_usd=limit) as desk:
        async with desk.gateway.call(ANN, long()) as answer:
            await anext(answer)
            reserved = (await desk.ledger.standing(ANN)).reserved
        sent = sent_max(desk)
        body = int(desk.model.exchanges[0].headers["content-length"])
        assert USEFUL_TOKENS_MIN < sent < WANTED
        assert answer.lowered_to == sent
        # As many as fit, and not one more: the body may be shorter by a digit or two.
        assert body * INPUT_NANO + sent * OUTPUT_NANO <= reserved <= limit
        assert (body + 4) * INPUT_NANO + (sent + 1) * OUTPUT_NANO > limit


async def test_a_shortened_answer_that_is_billed_beyond_its_reservation_is_told_of(
    tmp_path: Path, scripted_model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    scripted_model.script = always(Reply(pieces=("Good",), usage=Usage(40, 2_000)))
    async with open_desk(tmp_path, scripted_model, limit_nano_usd=room_for(1_000)) as desk:
        await desk.ask(long())
    assert "billed more than was reserved" in caplog.text


async def test_an_answer_that_is_covered_is_not_shortened(desk: Desk) -> None:
    desk.model.script = always(say("hello"))
    _, answer = await desk.ask(long())
    assert (answer.lowered_to, sent_max(desk)) == (None, WANTED)


async def test_an_answer_too_short_to_be_useful_is_not_bought(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    limit = room_for(USEFUL_TOKENS_MIN - 20)
    async with open_desk(tmp_path, scripted_model, limit_nano_usd=limit) as desk:
        error = await desk.fails(long())
        assert isinstance(error, OverBudgetError)
        for told in ("'ann'", "shortest useful answer", "is spent", "set aside", "2026-12-01"):
            assert told in str(error)
        assert await desk.ledger.calls(ANN) == ()
    assert scripted_model.exchanges == []


async def test_ghost_text_is_refused_rather_than_shortened(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_desk(tmp_path, scripted_model, limit_nano_usd=room_for(1_000)) as desk:
        assert isinstance(await desk.fails(long(task="completion")), OverBudgetError)
    assert scripted_model.exchanges == []


async def test_calls_side_by_side_share_what_is_left_and_never_pass_it(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    limit = room_for(WANTED) * 2 + room_for(1_000)
    gate = asyncio.Event()

    # Each uses all that it may: what was promised is spent.
    def all_of_it(body: JsonObject) -> Reply:
        return Reply(pieces=("x",), usage=Usage(100, body["max_tokens"]), hold=gate)

    scripted_model.script = all_of_it
    async with open_desk(tmp_path, scripted_model, limit_nano_usd=limit) as desk:
        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(_asked_or_refused(desk, f"r{n}")) for n in range(20)]
            await scripted_model.arrived(3)
            assert (await desk.ledger.standing(ANN)).reserved <= limit
            gate.set()
        admitted = [task.result() for task in asking]
        sent = sorted(exchange.body["max_tokens"] for exchange in scripted_model.exchanges)
        assert sent[1:3] == [WANTED, WANTED]
        assert USEFUL_TOKENS_MIN <= sent[0] < WANTED
        assert sum(admitted) == len(sent) == 3
        standing = await desk.ledger.standing(ANN)
        assert standing.spent <= limit
        assert standing.reserved == 0


async def _asked_or_refused(desk: Desk, request_id: str) -> bool:
    try:
        await desk.ask(long(request_id))
    except OverBudgetError:
        return False
    return True


@given(
    rates=st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)),
    input_max=st.integers(1, 10**6),
    wanted=st.integers(USEFUL_TOKENS_MIN, 10**6),
    share=st.floats(0, 1),
)
def test_what_fits_is_covered_and_one_token_more_is_not(
    rates: tuple[int, int], input_max: int, wanted: int, share: float
) -> None:
    price = Price(PicoUsd(rates[0]), PicoUsd(rates[0]), PicoUsd(rates[1]), "v1")
    least, worst = (price.worst(input_max, n) for n in (USEFUL_TOKENS_MIN, wanted))
    covered = NanoUsd(least + int((worst - least) * share))
    found = fitting(price, input_max, wanted, covered)
    assert price.worst(input_max, found) <= covered
    assert found == wanted or price.worst(input_max, found + 1) > covered
