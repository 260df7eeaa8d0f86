"""Each format as its provider speaks it, and as nobody should."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    RateLimitedError,
    UnavailableError,
)
from steward.gateway.answer import Meter
from steward.gateway.catalogue.book import FILL_FORMATS, KNOWN
from steward.gateway.catalogue.model import FillFormat, Model
from steward.gateway.provider import CallPart, Finished, Piece, SoFar, Text, Thought, Vector
from steward.gateway.providers import ANTHROPIC, COMPATIBLE, MISTRAL, OPENAI
from steward.gateway.request import (
    EmbeddingRequest,
    Fill,
    Message,
    ModelRequest,
    Sampling,
    ToolCall,
    ToolSpec,
    Usage,
)
from steward.gateway.wire.wire import Dialect
from tests.gateway.desk import KEY, asked
from tests.gateway.raw import END, HEAD, MODEL, delta, failure, pieces, server, stream

TOOL = ToolSpec("look", "looks", {"type": "object"})
FILLING = replace(asked(), messages=(), fill=Fill("def add(a, b):\n", "\n# {prefix} ä"))
TEXTS = EmbeddingRequest("r1", ("one", "two"))


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


async def answered(raw: bytes, dialect: Dialect = ANTHROPIC) -> list[Piece]:
    async with server(raw) as url:
        return await pieces(url, dialect=dialect)


# --- Anthropic ----------------------------------------------------------------


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


# --- Gaps ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "dialect", "path", "fields"),
    [
        (
            KNOWN["deepseek/deepseek-v4-pro"],
            COMPATIBLE,
            "/beta/completions",
            {"stream_options": {"include_usage": True}},
        ),
        (KNOWN["codestral/codestral-latest"], MISTRAL, "/fim/completions", {}),
        (
            replace(MODEL, fill=FILL_FORMATS["suffix"]),
            OPENAI,
            "/completions",
            {"stream_options": {"include_usage": True}},
        ),
    ],
)
async def test_a_gap_is_put_as_its_model_wants_it(
    model: Model, dialect: Dialect, path: str, fields: dict[str, Any]
) -> None:
    seen: list[tuple[str, bytes]] = []
    async with server(stream(delta({"content": "x"}), END), seen=seen) as url:
        got = await pieces(url, FILLING, dialect=dialect, model=model)
    assert got == [Text("x"), Finished("stop")]
    ((head, body),) = seen
    assert head.startswith(f"POST /v1{path} HTTP/1.1")
    assert json.loads(body) == {
        "model": model.name,
        "prompt": "def add(a, b):\n",
        "suffix": "\n# {prefix} ä",
        "max_tokens": 50,
        "stream": True,
        "temperature": 0.0,
        "stop": ["\n\n"],
        **fields,
    }


def test_a_template_holds_the_gap_and_nothing_in_the_text_is_taken_for_its_marks() -> None:
    body = body_of(COMPATIBLE, FILLING, replace(MODEL, fill=FILL_FORMATS["qwen"]))
    wanted = "<|fim_prefix|>def add(a, b):\n<|fim_suffix|>\n# {prefix} ä<|fim_middle|>"
    assert body["prompt"] == wanted
    assert "suffix" not in body
    nasty = replace(FILLING, fill=Fill("{suffix}", "{prefix}{suffix}"))
    body = body_of(COMPATIBLE, nasty, replace(MODEL, fill=FillFormat("/c", "{prefix}|{suffix}")))
    assert body["prompt"] == "{suffix}|{prefix}{suffix}"


def test_a_gap_takes_no_more_than_its_format_gives() -> None:
    long = replace(FILLING, output_tokens_max=10_000)
    assert body_of(COMPATIBLE, long, KNOWN["deepseek/deepseek-v4-pro"])["max_tokens"] == 4096


async def test_a_legacy_completion_has_its_text_beside_the_delta() -> None:
    event = json.dumps({"choices": [{"index": 0, "text": "x", "finish_reason": "length"}]})
    async with server(stream(event)) as url:
        model = replace(MODEL, fill=FILL_FORMATS["suffix"])
        got = await pieces(url, FILLING, model=model)
    assert got == [Text("x"), Finished("length")]


async def test_who_cannot_fill_gaps_or_make_vectors_is_not_asked() -> None:
    for request, dialect in ((FILLING, COMPATIBLE), (FILLING, ANTHROPIC), (TEXTS, ANTHROPIC)):
        with pytest.raises(InvalidInputError, match="nothing was sent"):
            await pieces("http://127.0.0.1:9/v1", request, dialect=dialect)


# --- OpenAI and those who follow it -------------------------------------------


async def test_what_was_thought_and_what_was_known_is_told() -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 8,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 99},
    }
    raw = stream(
        delta({"reasoning_content": "hm"}),
        delta({"reasoning": "so"}),
        json.dumps({"choices": [{"index": 1, "delta": {"content": "other"}}]}),
        delta({"content": "a"}, "stop"),
        json.dumps({"choices": [], "usage": usage}),
        "[DONE]",
        delta({"content": "too late"}),
    )
    assert await answered(raw, COMPATIBLE) == [
        Thought("hm"),
        Thought("so"),
        Text("a"),
        Finished("stop"),
        Usage(10, 8, 4, reasoning_tokens=8),
    ]


async def test_deepseek_says_in_its_own_field_what_it_had_seen() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 8, "prompt_cache_hit_tokens": 6}
    raw = stream(END, json.dumps({"choices": [], "usage": usage}))
    assert (await answered(raw, COMPATIBLE))[-1] == Usage(10, 8, 6)


async def test_numbers_without_end_are_no_numbers() -> None:
    for number in ("1e999", "NaN", "9" * 5_000):
        raw = stream(END, f'{{"usage": {{"prompt_tokens": {number}, "completion_tokens": 1}}}}')
        got: list[Piece] = []
        with suppress(UnavailableError):
            got = await answered(raw, COMPATIBLE)
        assert not [piece for piece in got if isinstance(piece, Usage)]


@pytest.mark.parametrize("dialect", [COMPATIBLE, ANTHROPIC])
async def test_frames_may_be_torn_anywhere(dialect: Dialect) -> None:
    raw = (
        stream('{"choices": [{"index": 0, "delta": {"content": "ä→𝄞"}}]}', END)
        if dialect is COMPATIBLE
        else named(start(), said("ä→𝄞"), *done())
    )
    async with server(raw, one_by_one=True) as url:
        got = await pieces(url, dialect=dialect)
    assert got[-1] == Finished("stop")
    assert Text("ä→𝄞") in got


def test_mistral_is_not_asked_what_it_refuses() -> None:
    body = body_of(MISTRAL, replace(asked(), sampling=Sampling(seed=3)))
    assert body["random_seed"] == 3
    assert not {"seed", "stream_options", "temperature"} & body.keys()


# --- Vectors ------------------------------------------------------------------


def document(content: object, kind: str = "application/json") -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n{json.dumps(content)}".encode()


def vector(index: object, *numbers: object) -> dict[str, Any]:
    return {"index": index, "embedding": list(numbers)}


async def test_texts_become_vectors() -> None:
    seen: list[tuple[str, bytes]] = []
    content = {"data": [vector(1, 0.5), vector(0, 1, -2.5)], "usage": {"prompt_tokens": 3}}
    async with server(document(content), seen=seen) as url:
        got = await pieces(url, replace(TEXTS, dimensions=2))
    assert got == [Vector(1, (0.5,)), Vector(0, (1.0, -2.5)), Usage(3, 0), Finished("stop")]
    ((head, body),) = seen
    assert head.startswith("POST /v1/embeddings HTTP/1.1")
    assert json.loads(body) == {"model": "m", "input": ["one", "two"], "dimensions": 2}


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        {"data": []},
        {"data": [vector(0)]},
        {"data": [vector(0, "x")]},
        {"data": [vector(0, True)]},
        {"data": [vector(0, 10**400)]},
        {"data": [vector(1, 1.0)]},
        {"data": [vector(0, 1.0), vector(0, 1.0)]},
        {"data": [vector(0, *[0.5] * 65_537)]},
    ],
)
async def test_what_is_no_list_of_vectors_is_an_error(content: object) -> None:
    error = await failure(document(content), TEXTS)
    assert isinstance(error, UnavailableError)


async def test_a_document_without_measure_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    async with server(head, endless=b" " * 1_000_000) as url:
        with pytest.raises(LimitError, match="fewer texts"):
            await pieces(url, TEXTS)
