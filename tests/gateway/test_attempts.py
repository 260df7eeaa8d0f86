"""What fails is tried again, or of another model; each attempt is paid and told on its own."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from demo.replies import (
    Drop,
    JsonObject,
    Refuse,
    Reply,
    Script,
    Usage,
    always,
    in_order,
    say,
)
from demo.scripted_model import ScriptedModel
from steward.core import audit
from steward.core.errors import (
    OverBudgetError,
    ProviderRefusedError,
    RateLimitedError,
    UnavailableError,
)
from steward.core.money import NANO_PER_USD
from steward.gateway.request import ModelRequest, Task
from tests.gateway.desk import (
    INPUT_NANO,
    KEY,
    OUTPUT_NANO,
    Desk,
    asked,
    gateway_settings,
    open_desk,
)
from tests.gateway.test_http import server
from tests.ledger.bank import ANN

BROKEN = Reply(fault=Refuse(500))
FALLBACKS = {"fallbacks": {"large": ["small"]}}


def wanted(request_id: str = "r1", task: Task = "agent", content: str = "say it") -> ModelRequest:
    return asked(content, request_id=request_id, task=task)


def by_model(**replies: Reply) -> Script:
    """A script that answers by the model that is asked."""

    def script(body: JsonObject) -> Reply:
        return replies[body["model"]]

    return script


def models_asked(desk: Desk) -> list[str]:
    return [exchange.body["model"] for exchange in desk.model.exchanges]


async def assert_settled(desk: Desk) -> None:
    """Every attempt has ended, and the account stands where they say."""
    calls = await desk.ledger.calls(ANN)
    standing = await desk.ledger.standing(ANN)
    assert {call.state for call in calls} <= {"settled", "released"}
    assert (standing.reserved, standing.spent) == (0, sum(call.cost_nano_usd for call in calls))


async def test_a_provider_that_names_a_pause_is_asked_again_after_it(desk: Desk) -> None:
    busy = Reply(fault=Refuse(429, headers={"Retry-After": "7"}))
    desk.model.script = in_order(busy, say("hello"))
    text, answer = await desk.ask(wanted())
    assert text == "hello"
    assert desk.pauses == [pytest.approx(7 + 0.375)]
    assert [(each.number, each.error) for each in answer.attempts] == [
        (1, "steward.rate_limited"),
        (2, ""),
    ]
    first, second = await desk.ledger.calls(ANN)
    assert (first.request_id, first.attempt, first.state) == ("r1", 1, "released")
    assert (second.request_id, second.attempt, second.state) == ("r1", 2, "settled")
    await assert_settled(desk)


async def test_a_failure_that_may_have_been_billed_is_paid_beside_the_attempt_after_it(
    desk: Desk,
) -> None:
    desk.model.script = in_order(BROKEN, Reply(pieces=("hello",), usage=Usage(40, 7)))
    _, answer = await desk.ask(wanted())
    first, second = await desk.ledger.calls(ANN)
    assert first.is_estimated
    assert second.cost_nano_usd == 40 * INPUT_NANO + 7 * OUTPUT_NANO
    assert answer.cost_nano_usd == first.cost_nano_usd + second.cost_nano_usd
    await assert_settled(desk)


async def test_why_an_attempt_was_made_stands_in_the_audit_trail(desk: Desk) -> None:
    desk.model.script = in_order(BROKEN, say("hello"))
    await desk.ask(replace(wanted(), run_id="run-1"))
    (entry,) = [
        entry for entry in await desk.database.read(audit.read) if entry.action == "gateway.attempt"
    ]
    assert (entry.subject, entry.detail["attempt"], entry.detail["request"]) == ("run-1", 2, "r1")
    assert entry.detail["reason"] == "custom/large failed (steward.unavailable)"


async def test_attempts_are_bounded_in_number(desk: Desk) -> None:
    desk.model.script = always(BROKEN)
    assert type(await desk.fails(wanted())) is UnavailableError
    assert len(desk.model.exchanges) == 3
    assert desk.pauses == [pytest.approx(0.375), pytest.approx(0.75)]
    await assert_settled(desk)


async def test_attempts_are_bounded_in_time(tmp_path: Path, scripted_model: ScriptedModel) -> None:
    settings = gateway_settings(scripted_model.url, retries={"within": "PT30S"})
    scripted_model.script = always(Reply(fault=Refuse(429, headers={"Retry-After": "20"})))
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        error = await desk.fails(wanted())
        assert isinstance(error, RateLimitedError)
        assert error.retry_after_s == 20
        assert len(desk.pauses) == 1, "a third attempt would begin after more than 30 seconds"


async def test_ghost_text_is_not_tried_twice(desk: Desk) -> None:
    desk.model.script = always(BROKEN)
    await desk.fails(wanted(task="completion"))
    assert len(desk.model.exchanges) == 1


async def test_a_request_that_was_refused_is_not_repeated(desk: Desk) -> None:
    desk.model.script = always(Reply(fault=Refuse(400)))
    assert isinstance(await desk.fails(wanted()), ProviderRefusedError)
    assert len(desk.model.exchanges) == 1


@pytest.mark.parametrize("after_pieces", [0, 1])
async def test_nothing_is_tried_again_once_the_reader_has_seen_a_piece(
    desk: Desk, after_pieces: int
) -> None:
    broken = Reply(pieces=("Good ", "morning"), fault=Drop(after_pieces=after_pieces))
    desk.model.script = in_order(broken, say("hello"))
    if after_pieces:
        assert isinstance(await desk.fails(wanted()), UnavailableError)
        assert (await desk.paid()).is_estimated
    else:
        assert (await desk.ask(wanted()))[0] == "hello"
    assert len(desk.model.exchanges) == 2 - after_pieces
    await assert_settled(desk)


@pytest.fixture
async def pair(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Desk]:
    """A desk where the small model is asked when the large one fails, however often that is."""
    settings = gateway_settings(scripted_model.url, breaker={"failures": 100}, **FALLBACKS)
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        yield desk


async def test_another_model_is_asked_where_one_will_not_answer_and_that_is_told(
    pair: Desk,
) -> None:
    pair.model.script = by_model(large=Reply(fault=Refuse(401)), small=say("hello"))
    text, answer = await pair.ask(wanted())
    assert text == "hello"
    assert models_asked(pair) == ["large", "small"]
    assert pair.pauses == [0.0]
    assert answer.trail.model == "custom/small"
    assert answer.trail.notes() == (
        "custom/small was asked because custom/large failed (steward.provider_refused)",
    )
    calls = await pair.ledger.calls(ANN)
    assert [(call.model, call.provider, call.attempt) for call in calls] == [
        ("large", "custom", 1),
        ("small", "custom", 2),
    ]
    await assert_settled(pair)


async def test_another_model_is_asked_when_the_first_one_was_tried_often_enough(
    pair: Desk,
) -> None:
    pair.model.script = by_model(large=BROKEN, small=say("hello"))
    await pair.ask(wanted())
    assert models_asked(pair) == ["large"] * 3 + ["small"]


async def test_a_chain_ends_after_so_many_attempts_in_all(pair: Desk) -> None:
    pair.model.script = always(BROKEN)
    await pair.fails(wanted())
    assert len(pair.model.exchanges) == 5
    await assert_settled(pair)


async def test_another_provider_is_asked_while_the_first_is_left_alone(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with ScriptedModel(always(say("from the other"))) as other:
        settings = gateway_settings(
            scripted_model.url,
            providers={"other": {"url": other.url}},
            prices={"large": {"input": "1", "output": "1"}, "other/m": {"input": 2, "output": 2}},
            fallbacks={"large": ["other/m"]},
            breaker={"failures": 2},
            retries={"tries": 2},
        )
        scripted_model.script = always(BROKEN)
        async with open_desk(tmp_path, scripted_model, settings) as desk:
            assert (await desk.ask(wanted("r1")))[0] == "from the other"
            text, answer = await desk.ask(wanted("r2"))
            assert (text, answer.trail.model) == ("from the other", "other/m")
            assert len(scripted_model.exchanges) == 2, "then it is left alone"
            assert len(other.exchanges) == 2
            last = (await desk.ledger.calls(ANN))[-1]
            assert (last.provider, last.model, last.attempt) == ("other", "m", 1)
            assert answer.trail.notes() == ("other/m was asked because custom kept failing",)
            assert KEY not in str(other.exchanges[0].headers)
            await assert_settled(desk)


async def test_a_fallback_without_a_price_is_passed_over(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(
        scripted_model.url,
        fallbacks={"large": ["no-such-price", "small"]},
    )
    scripted_model.script = by_model(large=Reply(fault=Refuse(404)), small=say("hello"))
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        assert (await desk.ask(wanted()))[0] == "hello"


async def test_an_answer_that_was_broken_off_before_its_first_word_is_paid_and_tried_again(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    # Anthropic says what the input costs before it says that it is overloaded.
    usage = {"input_tokens": 400, "output_tokens": 1}
    begins = {"type": "message_start", "message": {"usage": usage}}
    busy = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    said = "".join(
        f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in (begins, busy)
    )
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    async with server(f"{head}{said}".encode()) as url:
        settings = gateway_settings(
            scripted_model.url,
            providers={"claude": {"url": url, "wire": "anthropic"}},
            models={"agent": "claude/m"},
            prices={"claude/m": {"input": "0.15", "output": "0.60"}},
        )
        async with open_desk(tmp_path, scripted_model, settings) as desk:
            assert "overloaded_error" in str(await desk.fails(wanted()))
            calls = await desk.ledger.calls(ANN)
            assert [(call.state, call.is_estimated) for call in calls] == [("settled", True)] * 3
            assert all(call.cost_nano_usd >= 400 * INPUT_NANO for call in calls)
            await assert_settled(desk)


async def test_a_budget_that_ends_in_the_middle_of_a_chain_ends_the_chain(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    # Each failed attempt costs what was sent; there is room for two of them beside a third's
    # promise, and no more.
    settings = gateway_settings(
        scripted_model.url, retries={"tries": 20, "attempts": 20}, breaker={"failures": 100}
    )
    scripted_model.script = always(BROKEN)
    limit = 120_000
    async with open_desk(tmp_path, scripted_model, settings, limit_nano_usd=limit) as desk:
        error = await desk.fails(wanted())
        assert isinstance(error, OverBudgetError)
        for told in ("2026-12-01", "another attempt had failed", "answers 500"):
            assert told in str(error)
        assert error.details["limit_nano_usd"] == limit
        sent = len(scripted_model.exchanges)
        assert 1 < sent < 20
        assert len(await desk.ledger.calls(ANN)) == sent
        assert (await desk.ledger.standing(ANN)).spent <= limit
        await assert_settled(desk)


async def test_a_request_id_is_good_for_one_chain(desk: Desk) -> None:
    desk.model.script = in_order(BROKEN, say("hello"), say("again"))
    await desk.ask(wanted())
    error = await desk.fails(wanted())
    assert "made before" in str(error)
    assert len(desk.model.exchanges) == 2


async def test_a_caller_who_leaves_between_two_attempts_owes_nothing_more(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    waits = asyncio.Event()

    async def pause(_seconds: float) -> None:
        waits.set()
        await asyncio.Event().wait()

    scripted_model.script = always(BROKEN)
    async with open_desk(tmp_path, scripted_model, pause=pause) as desk:
        asking = asyncio.create_task(desk.ask(wanted()))
        async with asyncio.timeout(20):
            await waits.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert len(await desk.ledger.calls(ANN)) == 1
        await assert_settled(desk)


async def test_a_provider_that_keeps_failing_is_left_alone_and_looked_at_again(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(
        scripted_model.url, breaker={"failures": 2, "rest": "PT20S"}, retries={"tries": 1}
    )
    scripted_model.script = always(BROKEN)
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        for number in range(2):
            await desk.fails(wanted(f"r{number}"))
        error = await desk.fails(wanted("r2"))
        assert "'custom'" not in str(error)
        assert "custom failed several times in a row" in str(error)
        assert "left alone for 20 seconds; nothing was sent" in str(error)
        assert len(scripted_model.exchanges) == len(await desk.ledger.calls(ANN)) == 2
        desk.clock.advance(timedelta(seconds=20))
        scripted_model.script = always(say("hello"))
        assert (await desk.ask(wanted("r3")))[0] == "hello"
        assert (await desk.ask(wanted("r4")))[0] == "hello"
        await assert_settled(desk)


async def test_a_call_whose_own_failures_were_too_many_says_how_the_provider_failed(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(scripted_model.url, breaker={"failures": 2})
    scripted_model.script = always(BROKEN)
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        assert "answers 500" in str(await desk.fails(wanted()))
        assert len(scripted_model.exchanges) == 2


async def test_refusals_do_not_make_a_provider_look_broken(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(scripted_model.url, breaker={"failures": 1})
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        for number, status in enumerate((400, 401, 404, 429)):
            scripted_model.script = always(Reply(fault=Refuse(status)))
            await desk.fails(wanted(f"r{number}", "completion"))
        scripted_model.script = always(say("hello"))
        assert (await desk.ask(wanted("r9")))[0] == "hello"


FAULTS: dict[str, Reply] = {
    "429": Reply(fault=Refuse(429, headers={"Retry-After": "soon"})),
    "302": Reply(fault=Refuse(302, headers={"Location": "http://127.0.0.1:9/v1"})),
    "503": Reply(fault=Refuse(503)),
    "500": Reply(fault=Refuse(500)),
    "drop 0": Reply(pieces=("a", "b"), fault=Drop(after_pieces=0)),
    "drop 1": Reply(pieces=("a", "b"), fault=Drop(after_pieces=1)),
    "no usage": Reply(pieces=("a", "b"), is_usage_sent=False),
    "no done": Reply(pieces=("a", "b"), is_done_sent=False),
    "wild usage": Reply(pieces=("a", "b"), usage=Usage(10**8, 10**8)),
}


async def test_after_every_fault_the_books_are_closed(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(scripted_model.url, breaker={"failures": 100}, **FALLBACKS)
    limit = 1_000 * NANO_PER_USD
    async with open_desk(tmp_path, scripted_model, settings, limit_nano_usd=limit) as desk:
        for name, reply in FAULTS.items():
            scripted_model.script = always(reply)
            with suppress(UnavailableError):
                await desk.ask(wanted(name))
            assert len(await desk.ledger.calls(ANN)) == len(scripted_model.exchanges), name
            await assert_settled(desk)
