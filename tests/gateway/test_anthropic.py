"""Anthropic's messages, as Anthropic speaks them and as nobody should."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from demo.scripted_model import ScriptedModel
from steward.core.errors import (
    InvalidInputError,
    RateLimitedError,
    UnavailableError,
)
from steward.gateway.call.answer import Meter
from steward.gateway.catalogue.book import KNOWN
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import CallPart, Finished, Piece, SoFar, Text, Thought
from steward.gateway.reach.providers import ANTHROPIC, OPENAI
from steward.gateway.request import (
    Message,
    ModelRequest,
    Sampling,
    ToolCall,
    ToolSpec,
    Usage,
)
from steward.gateway.wire.wire import Dialect
from tests.gateway.desk import KEY, asked, gateway_settings, open_desk
from tests.gateway.raw import HEAD, MODEL, failure, pieces, server

TOOL = ToolSpec("look", "looks", {"type": "object"})


def body_of(dialect: Dialect, request: ModelRequest, model: Model = MODEL) -> dict[str, Any]:
    wire = dialect.chat if request.fill is None else dialect.fill
    assert wire is not None
    return json.loads(wire.prepare(model, request).body)


def named(*events: dict[str, Any]) -> bytes:
    """Events as Anthropic sends them, each with its name."""
    return HEAD + b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
        for event in events
    )


def start(**usage: object) -> dict[str, Any]:
    return {"type": "message_start", "message": {"usage": usage}}


def said(text: str, index: int = 0) -> dict[str, Any]:
    change = {"type": "text_delta", "text": text}
    return {"type": "content_block_delta", "index": index, "delta": change}


def done(reason: str = "end_turn", **usage: object) -> tuple[dict[str, Any], dict[str, Any]]:
    last = {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}
    return last, {"type": "message_stop"}


async def answered(raw: bytes) -> list[Piece]:
    async with server(raw) as url:
        return await pieces(url, dialect=ANTHROPIC)


async def test_anthropics_answer_is_text_thoughts_tools_and_a_usage_in_two_parts() -> None:
    block = "content_block_start"
    raw = named(
        start(input_tokens=10, cache_read_input_tokens=90, output_tokens=1),
        {"type": "ping"},
        {"type": block, "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "thinking_delta", "thinking": "hm"},
        },
        {"type": block, "index": 1, "content_block": {"type": "text", "text": ""}},
        said("Hello", 1),
        {"type": "content_block_stop", "index": 1},
        {"type": block, "index": 2, "content_block": {"type": "tool_use", "id": "t", "name": "n"}},
        {
            "type": "content_block_delta",
            "index": 2,
            "delta": {"type": "input_json_delta", "partial_json": '{"a":'},
        },
        {
            "type": "content_block_delta",
            "index": 2,
            "delta": {"type": "input_json_delta", "partial_json": "1}"},
        },
        {"type": "something_new"},
        *done("tool_use", output_tokens=7, cache_creation_input_tokens=5),
    )
    assert await answered(raw) == [
        SoFar(Usage(100, 1, 90)),
        Thought("hm"),
        Text("Hello"),
        CallPart(0, "t", "n"),
        CallPart(0, arguments='{"a":'),
        CallPart(0, arguments="1}"),
        Usage(105, 7, 90, 5),
        Finished("tool_calls"),
    ]


def test_anthropics_request_has_its_system_beside_and_takes_turns() -> None:
    messages = (
        Message("system", "be brief"),
        Message("user", "a"),
        Message("assistant", "", (ToolCall("1", "look", '{"x": 1}'), ToolCall("2", "look", "no"))),
        Message("tool", "found", tool_call_id="1"),
        Message("tool", "nothing", tool_call_id="2"),
        Message("user", "go on"),
        Message("system", "and kind"),
    )
    request = replace(
        asked(), messages=messages, tools=(TOOL,), stop=("\n", "END"), tool_choice="required"
    )
    assert body_of(ANTHROPIC, request) == {
        "model": "m",
        "max_tokens": 50,
        "stream": True,
        "temperature": 0.0,
        "stop_sequences": ["END"],
        "system": "be brief\n\nand kind",
        "tools": [{"name": "look", "description": "looks", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "any"},
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "a"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_use", "id": "1", "name": "look", "input": {"x": 1}},
                    {"type": "tool_use", "id": "2", "name": "look", "input": {"arguments": "no"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "1", "content": "found"},
                    {"type": "tool_result", "tool_use_id": "2", "content": "nothing"},
                    {"type": "text", "text": "go on"},
                ],
            },
        ],
    }


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (None, {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", {"type": "any", "disable_parallel_tool_use": True}),
        ("none", {"type": "none"}),
    ],
)
def test_anthropic_is_told_of_one_tool_at_a_time_with_the_choice_of_tools(
    choice: str | None, told: dict[str, object]
) -> None:
    request = replace(asked(), tools=(TOOL,), tool_choice=choice, has_parallel_tools=False)
    assert body_of(ANTHROPIC, request)["tool_choice"] == told


def test_json_without_a_schema_is_not_asked_of_anthropic_and_forgotten() -> None:
    schema = {"type": "object"}
    request = replace(
        asked(), response_format={"type": "json_schema", "json_schema": {"schema": schema}}
    )
    sent = body_of(ANTHROPIC, request)["output_config"]
    assert sent == {"format": {"type": "json_schema", "schema": schema}}
    with pytest.raises(InvalidInputError, match="schema"):
        body_of(ANTHROPIC, replace(request, response_format={"type": "json_object"}))


def test_what_anthropic_says_of_tools_is_reserved_too() -> None:
    with_tools = ANTHROPIC.chat.prepare(MODEL, replace(asked(), tools=(TOOL,)))
    assert with_tools.input_tokens_max >= len(with_tools.body) + 804
    assert ANTHROPIC.chat.prepare(MODEL, asked()).added_tokens_max == 0


def test_a_model_is_not_sent_what_it_refuses() -> None:
    model = KNOWN["anthropic/claude-sonnet-5"]
    wanted = replace(asked(), sampling=Sampling(0.5, 0.9, 7))
    body = body_of(ANTHROPIC, wanted, model)
    assert not {"temperature", "top_p", "seed"} & body.keys()
    assert body_of(OPENAI, wanted, KNOWN["openai/gpt-4.1"])["seed"] == 7
    assert "temperature" not in body_of(OPENAI, wanted, KNOWN["openai/gpt-5"])


async def test_anthropics_key_and_version_go_in_headers_of_their_own() -> None:
    seen: list[tuple[str, bytes]] = []

    class Keys:
        async def key(self, provider: str, base_url: str) -> SecretStr | None:
            return SecretStr(KEY)

    async with server(named(start(), *done()), seen=seen) as url:
        await pieces(url, dialect=ANTHROPIC, keys=Keys())
    ((head, _),) = seen
    assert head.startswith("POST /v1/messages HTTP/1.1")
    assert f"x-api-key: {KEY}" in head
    assert "anthropic-version: 2023-06-01" in head
    assert "uthorization" not in head


ERROR = {"type": "error", "error": {"type": "overloaded_error", "message": "prompt: secret"}}


async def test_an_overloaded_provider_that_has_not_begun_bills_nothing() -> None:
    error = await failure(named(ERROR), dialect=ANTHROPIC)
    assert isinstance(error, RateLimitedError)
    assert "overloaded_error" in str(error)
    assert "secret" not in str(error)


async def test_an_overloaded_provider_that_has_begun_broke_off() -> None:
    raw = named(start(input_tokens=5, output_tokens=1), said("a"), ERROR)
    error = await failure(raw, dialect=ANTHROPIC)
    assert isinstance(error, UnavailableError)
    assert not isinstance(error, RateLimitedError)


@pytest.mark.parametrize(
    "events",
    [
        (start(), said("a")),
        (start(), said("a"), {"type": "message_stop"}),
        (start(), said("a"), done()[0]),
        (
            {
                "type": "content_block_delta",
                "index": 3,
                "delta": {"type": "input_json_delta", "partial_json": "{}"},
            },
            *done(),
        ),
        ({"type": ["message_stop"]},),
        ({"type": "message_delta", "delta": 3, "usage": [1]},),
        ({"type": "message_start", "message": None},),
    ],
)
async def test_half_an_answer_of_anthropics_is_broken(events: tuple[dict[str, Any], ...]) -> None:
    assert isinstance(await failure(named(*events), dialect=ANTHROPIC), UnavailableError)


@pytest.mark.parametrize("count", [-1, 10**30, "5", True, 1.5, {"a": 1}])
@pytest.mark.parametrize("field", ["input_tokens", "cache_read_input_tokens", "output_tokens"])
async def test_a_usage_of_anthropics_that_cannot_be_is_not_believed(
    field: str, count: object
) -> None:
    usage = {"input_tokens": 5, "output_tokens": 3, field: count}
    got = await answered(named(start(**usage), said("a"), *done(output_tokens=9)))
    assert [piece for piece in got if isinstance(piece, Usage | SoFar)] == []
    assert got[-1] == Finished("stop")


async def test_a_usage_that_only_began_is_an_estimate_and_at_least_that() -> None:
    raw = named(start(input_tokens=4_000, output_tokens=1), said("a"), *done())
    meter = Meter(300, 50)
    for piece in await answered(raw):
        meter.note(piece)
    assert meter.usage() == (Usage(4_000, 1), True)


async def test_what_was_read_from_a_cache_or_kept_in_one_has_a_price_of_its_own(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 40}
    raw = named(start(**usage, output_tokens=1), said("Hello"), *done(output_tokens=7))
    async with server(raw) as url:
        settings = gateway_settings(
            scripted_model.url,
            providers={"claude": {"url": url, "wire": "anthropic"}},
            models={"completion": "claude/m", "plan": "large", "agent": "large"},
            models_known={"claude/m": {"price": RATES}},
        )
        async with open_desk(tmp_path, scripted_model, settings) as desk:
            assert (await desk.ask())[0] == "Hello"
            paid = await desk.paid()
    assert not paid.is_estimated
    assert paid.usage.input_tokens == 150
    assert paid.usage.cached_tokens == 100
    assert paid.cost_nano_usd == 10 * 3_000 + 100 * 300 + 40 * 3_750 + 7 * 15_000


RATES = {"input": "3", "output": "15", "cached_input": "0.3", "cache_write": "3.75"}
