"""Choose, price, reserve, stream, settle: whatever way a call ends, the ledger is true."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from demo.replies import Drop, Refuse, Reply, Stall, ToolCall, Usage, always, in_order, say
from demo.scripted_model import ScriptedModel
from steward.core import audit
from steward.core.errors import (
    InvalidInputError,
    LimitError,
    OverBudgetError,
    ProviderRefusedError,
    RateLimitedError,
    UnavailableError,
    UnpricedError,
)
from steward.gateway.request import Message, ToolSpec, Usage as OurUsage
from steward.ledger.reading import overruns
from tests.gateway.desk import (
    INPUT_NANO,
    OUTPUT_MAX,
    OUTPUT_NANO,
    Desk,
    asked,
    gateway_settings,
    open_desk,
)
from tests.ledger.bank import ANN

PIECES = ("Good ", "morning", ".")


def body_bytes(desk: Desk) -> int:
    """The size of the last request's body as it travelled."""
    return int(desk.model.exchanges[-1].headers["content-length"])


def own_count_nano(desk: Desk, output_tokens: int) -> int:
    return -(-body_bytes(desk) // 3) * INPUT_NANO + output_tokens * OUTPUT_NANO


async def test_a_finished_call_costs_what_the_provider_reports(desk: Desk) -> None:
    desk.model.script = always(Reply(pieces=PIECES, usage=Usage(40, 7)))
    text, answer = await desk.ask()
    assert text == "Good morning."
    assert (answer.usage, answer.finish_reason) == (OurUsage(40, 7), "stop")
    assert answer.cost_nano_usd == 40 * INPUT_NANO + 7 * OUTPUT_NANO
    paid = await desk.paid()
    assert (paid.state, paid.is_estimated) == ("settled", False)
    assert (paid.usage, paid.cost_nano_usd) == (OurUsage(40, 7), answer.cost_nano_usd)


async def test_what_the_provider_had_seen_before_costs_less(desk: Desk) -> None:
    desk.model.script = always(Reply(pieces=PIECES, usage=Usage(40, 7, cached_tokens=30)))
    await desk.ask(asked(task="plan"))
    assert (await desk.paid()).cost_nano_usd == 10 * 150 + 30 * 50 + 7 * 600


async def test_the_most_that_a_call_can_cost_is_set_aside_while_it_runs(desk: Desk) -> None:
    desk.model.script = always(Reply(pieces=PIECES))
    async with desk.gateway.call(ANN, asked()) as answer:
        await anext(answer)
        reserved = (await desk.ledger.standing(ANN)).reserved
        assert reserved == body_bytes(desk) * INPUT_NANO + OUTPUT_MAX * OUTPUT_NANO


async def test_the_provider_is_told_the_limit_that_was_reserved(desk: Desk) -> None:
    desk.model.script = always(say("hello"))
    await desk.ask()
    sent = desk.model.exchanges[0].body
    assert sent["max_tokens"] == OUTPUT_MAX
    assert sent["model"] == "small"
    assert sent["stop"] == ["\n\n"]
    assert sent["temperature"] == 0
    assert sent["stream_options"] == {"include_usage": True}


async def test_each_kind_of_task_has_its_model(desk: Desk) -> None:
    desk.model.script = always(say("hello"))
    for number, task in enumerate(("completion", "plan", "agent")):
        await desk.ask(asked(task=task, request_id=f"r{number}"))
    models = [exchange.body["model"] for exchange in desk.model.exchanges]
    assert models == ["small", "large", "large"]
    calls = await desk.ledger.calls(ANN)
    assert [call.model for call in calls] == models


async def test_a_cancelled_call_hangs_up_and_costs_what_it_streamed(desk: Desk) -> None:
    desk.model.script = always(Reply(pieces=PIECES, fault=Stall(after_pieces=2)))
    asking = asyncio.create_task(desk.ask())
    exchange = await desk.model.arrived()
    await exchange.started()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await exchange.closed_early()
    paid = await desk.paid()
    assert (paid.state, paid.is_estimated) == ("settled", True)
    assert paid.cost_nano_usd <= own_count_nano(desk, output_tokens=5)
    assert paid.cost_nano_usd >= own_count_nano(desk, output_tokens=0)


async def test_an_answer_that_is_left_early_hangs_up_and_is_counted_by_us(desk: Desk) -> None:
    desk.model.script = always(Reply(pieces=PIECES, fault=Stall(after_pieces=2)))
    async with desk.gateway.call(ANN, asked()) as answer:
        assert [await anext(answer), await anext(answer)] == ["Good ", "morning"]
    await desk.model.exchanges[0].closed_early()
    # Twelve bytes at three a token.
    assert answer.cost_nano_usd == own_count_nano(desk, output_tokens=4)
    assert (await desk.paid()).cost_nano_usd == answer.cost_nano_usd


async def test_a_piece_counts_as_a_token_at_least(desk: Desk) -> None:
    desk.model.script = always(Reply(pieces=tuple("abcdef"), is_usage_sent=False))
    await desk.ask()
    paid = await desk.paid()
    assert paid.cost_nano_usd == own_count_nano(desk, output_tokens=6)
    assert paid.is_estimated


async def test_our_own_count_stays_within_what_was_reserved(desk: Desk) -> None:
    desk.model.script = always(Reply(pieces=("x" * 10_000,), is_usage_sent=False))
    await desk.ask()
    assert (await desk.paid()).cost_nano_usd == own_count_nano(desk, output_tokens=OUTPUT_MAX)


@pytest.mark.parametrize("said", [Usage(0, 0), Usage(0, 7), Usage(9, 0)])
async def test_a_provider_that_says_nought_of_an_answer_is_not_believed(
    desk: Desk, said: Usage
) -> None:
    desk.model.script = always(Reply(pieces=PIECES, usage=said))
    await desk.ask()
    paid = await desk.paid()
    assert paid.is_estimated
    assert paid.cost_nano_usd >= own_count_nano(desk, output_tokens=5)


async def test_a_call_that_breaks_in_the_middle_costs_what_it_streamed(desk: Desk) -> None:
    desk.model.script = always(Reply(pieces=PIECES, fault=Drop(after_pieces=1)))
    error = await desk.fails()
    assert isinstance(error, UnavailableError)
    assert "Try again" in str(error)
    paid = await desk.paid()
    assert paid.is_estimated
    assert paid.cost_nano_usd == own_count_nano(desk, output_tokens=2)


async def test_a_provider_that_bills_more_than_was_reserved_is_booked_in_full_and_told_of(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.model.script = always(Reply(pieces=PIECES, usage=Usage(9_000_000, 7)))
    await desk.ask()
    assert (await desk.database.read(overruns)).calls == 1
    assert (await desk.database.read(audit.read))[-1].action == "ledger.overrun"
    assert "billed more than was reserved" in caplog.text
    assert (await desk.paid()).cost_nano_usd == 9_000_000 * INPUT_NANO + 7 * OUTPUT_NANO
    assert isinstance(await desk.fails(asked("more", request_id="r2")), OverBudgetError)
    assert len(desk.model.exchanges) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ProviderRefusedError),
        (401, ProviderRefusedError),
        (403, ProviderRefusedError),
        (404, ProviderRefusedError),
        (422, ProviderRefusedError),
        (429, RateLimitedError),
        (503, RateLimitedError),
    ],
)
async def test_a_call_that_the_provider_refused_costs_nothing(
    desk: Desk, status: int, kind: type[UnavailableError]
) -> None:
    desk.model.script = always(Reply(fault=Refuse(status)))
    error = await desk.fails()
    assert type(error) is kind
    assert str(status) in str(error)
    assert (await desk.paid()).state == "released"


async def test_a_provider_that_fails_may_have_billed(desk: Desk) -> None:
    desk.model.script = always(Reply(fault=Refuse(500)))
    assert type(await desk.fails()) is UnavailableError
    paid = await desk.paid()
    assert (paid.state, paid.is_estimated) == ("settled", True)
    assert paid.cost_nano_usd == own_count_nano(desk, output_tokens=0)


async def test_a_call_that_reaches_nobody_costs_nothing(
    tmp_path: Path, unused_tcp_port: int, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(f"http://127.0.0.1:{unused_tcp_port}/v1")
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        error = await desk.fails()
        assert "cannot be reached" in str(error)
        assert (await desk.paid()).state == "released"


async def test_an_answer_that_nobody_reads_is_never_asked_for(desk: Desk) -> None:
    async with desk.gateway.call(ANN, asked()):
        pass
    assert desk.model.exchanges == []
    assert (await desk.paid()).state == "released"


async def test_an_error_of_the_reader_ends_the_call_and_is_not_the_providers(desk: Desk) -> None:
    desk.model.script = always(Reply(pieces=PIECES, fault=Stall(after_pieces=1)))

    async def read() -> None:
        async with desk.gateway.call(ANN, asked()) as answer:
            await anext(answer)
            raise ProviderRefusedError("of the reader")

    with pytest.raises(ProviderRefusedError, match="of the reader"):
        await read()
    await desk.model.exchanges[0].closed_early()
    assert (await desk.paid()).state == "settled"


async def test_a_call_over_budget_is_never_sent(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_desk(tmp_path, scripted_model, limit_nano_usd=1_000) as desk:
        error = await desk.fails()
        assert isinstance(error, OverBudgetError)
        assert "2026-12-01" in str(error)
        assert await desk.ledger.calls(ANN) == ()
    assert scripted_model.exchanges == []


async def test_a_model_without_a_price_is_never_called(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(scripted_model.url, prices={})
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        error = await desk.fails()
        assert isinstance(error, UnpricedError)
        assert "STEWARD_MODEL_PRICE" in str(error)
        assert desk.gateway.unavailable_reason(ANN) == str(error)
        assert await desk.ledger.calls(ANN) == ()
    assert scripted_model.exchanges == []


async def test_openais_price_is_not_taken_for_another_endpoints(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(scripted_model.url, models={"completion": "gpt-4o-mini"}, prices={})
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        assert isinstance(await desk.fails(), UnpricedError)


async def test_a_model_that_was_declared_free_is_called_and_costs_nothing(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    free = {"small": {"input": "0", "output": "0"}}
    settings = gateway_settings(scripted_model.url, prices=free)
    scripted_model.script = always(say("hello"))
    async with open_desk(tmp_path, scripted_model, settings, limit_nano_usd=0) as desk:
        text, answer = await desk.ask()
        assert (text, answer.cost_nano_usd) == ("hello", 0)


async def test_a_task_without_a_model_says_what_to_set(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(scripted_model.url, models={"completion": "small"})
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        assert "Set STEWARD_MODEL" in str(await desk.fails(asked(task="plan")))
        assert "Set STEWARD_MODEL" in (desk.gateway.unavailable_reason(ANN, "plan") or "")
        assert desk.gateway.unavailable_reason(ANN, "completion") is None
        assert desk.gateway.unavailable_reason(ANN) is None, "ghost text works"
    assert scripted_model.exchanges == []


async def test_the_same_request_is_not_sent_twice(desk: Desk) -> None:
    desk.model.script = always(Reply(pieces=PIECES))
    await desk.ask()
    error = await desk.fails()
    assert isinstance(error, InvalidInputError)
    assert "'r1'" in str(error)
    assert len(desk.model.exchanges) == 1
    assert (await desk.paid()).state == "settled"


async def test_a_request_too_large_to_send_is_refused_before_anything_is_reserved(
    desk: Desk,
) -> None:
    error = await desk.fails(asked("é" * 3_000_000))
    assert isinstance(error, LimitError)
    assert "Nothing was sent" in str(error)
    assert await desk.ledger.calls(ANN) == ()
    assert desk.model.exchanges == []


async def test_a_large_request_is_prepared_without_stopping_the_loop(desk: Desk) -> None:
    desk.model.script = always(say("hello"))
    await desk.ask(asked("x = 1\n" * 20_000))
    assert len(desk.model.exchanges[0].messages[1]["content"]) == 120_000


TOOL = ToolSpec("read_file", "Read a file.", {"type": "object", "properties": {"path": {}}})


async def test_the_tools_that_the_model_asks_for_arrive_whole(desk: Desk) -> None:
    calls = (ToolCall("read_file", {"path": "a" * 300}), ToolCall("run_tests"))
    desk.model.script = always(Reply(pieces=("Let me look.",), tool_calls=calls))
    text, answer = await desk.ask(asked(tools=(TOOL,)))
    assert text == "Let me look."
    assert answer.finish_reason == "tool_calls"
    first, second = answer.tool_calls
    assert (first.name, first.arguments) == ("read_file", '{"path": "' + "a" * 300 + '"}')
    assert (second.name, second.arguments) == ("run_tests", "{}")
    assert first.id != second.id
    sent = desk.model.exchanges[0].body["tools"]
    assert sent[0]["function"]["parameters"] == dict(TOOL.parameters)


async def test_the_conversation_goes_on_with_what_the_tools_gave(desk: Desk) -> None:
    desk.model.script = in_order(Reply(tool_calls=(ToolCall("run_tests"),)), say("done"))
    _, answer = await desk.ask(asked(tools=(TOOL,)))
    request = asked(request_id="r2", tools=(TOOL,))
    used = Message("assistant", "", tool_calls=answer.tool_calls)
    result = Message("tool", "OK", tool_call_id=answer.tool_calls[0].id)
    await desk.ask(replace(request, messages=(*request.messages, used, result)))
    *_, sent_use, sent_result = desk.model.exchanges[1].messages
    assert sent_use["tool_calls"][0]["function"] == {"name": "run_tests", "arguments": "{}"}
    assert sent_use["content"] is None
    assert sent_result == {"role": "tool", "content": "OK", "tool_call_id": "call_1_0"}


async def test_the_calls_of_a_run_are_booked_to_the_run(desk: Desk) -> None:
    desk.model.script = always(say("hello"))
    _, answer = await desk.ask(asked(run_id="run-1"))
    assert await desk.ledger.run_cost("run-1") == answer.cost_nano_usd


async def test_a_call_that_is_cancelled_before_it_is_sent_costs_nothing(desk: Desk) -> None:
    asking = asyncio.create_task(desk.ask())
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert desk.model.exchanges == []
    assert (await desk.ledger.standing(ANN)).left == 1_000_000_000


async def test_many_calls_at_once_use_up_no_more_than_there_is(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(pieces=PIECES, usage=Usage(40, 7)))
    async with open_desk(tmp_path, scripted_model, limit_nano_usd=200_000) as desk:
        async with asyncio.TaskGroup() as group:
            calls = [
                group.create_task(_asked_or_refused(desk, f"r{number}")) for number in range(12)
            ]
        admitted = sum(call.result() for call in calls)
        standing = await desk.ledger.standing(ANN)
        assert 0 < admitted < 12
        assert standing.spent == admitted * (40 * INPUT_NANO + 7 * OUTPUT_NANO)
        assert len(scripted_model.exchanges) == admitted


async def _asked_or_refused(desk: Desk, request_id: str) -> bool:
    try:
        await desk.ask(asked(request_id=request_id))
    except OverBudgetError:
        return False
    return True
