"""Each format as its provider speaks it, and as nobody should."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    UnavailableError,
)
from steward.gateway.catalogue.book import FILL_FORMATS, KNOWN
from steward.gateway.catalogue.model import FillFormat, Model
from steward.gateway.fill_settings import FillSettings
from steward.gateway.provider import Finished, Piece, Text, Thought, Vector
from steward.gateway.reach.providers import ANTHROPIC, COMPATIBLE, MISTRAL, OPENAI
from steward.gateway.request import (
    EmbeddingRequest,
    Fill,
    ModelRequest,
    Sampling,
    ToolSpec,
    Usage,
)
from steward.gateway.wire.wire import Dialect
from tests.gateway.desk import asked
from tests.gateway.raw import END, HEAD, MODEL, delta, failure, pieces, server, stream

TOOL = ToolSpec("look", "looks", {"type": "object"})
FILLING = replace(asked(), messages=(), fill=Fill("def add(a, b):\n", "\n# {prefix} ä"))
TEXTS = EmbeddingRequest("r1", ("one", "two"))


def body_of(dialect: Dialect, request: ModelRequest, model: Model = MODEL) -> dict[str, Any]:
    wire = dialect.chat if request.fill is None else dialect.fill
    assert wire is not None
    return json.loads(wire.prepare(model, request).body)


async def answered(raw: bytes, dialect: Dialect) -> list[Piece]:
    async with server(raw) as url:
        return await pieces(url, dialect=dialect)


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


def test_what_a_gap_takes_besides_never_replaces_what_was_reserved() -> None:
    besides = {"max_tokens": 9_999, "stream": False, "top_k": 3}
    body = body_of(COMPATIBLE, FILLING, replace(MODEL, fill=FillFormat("/c", parameters=besides)))
    assert (body["max_tokens"], body["stream"], body["top_k"]) == (50, True, 3)


@pytest.mark.parametrize("name", ["n", "best_of", "max_tokens", "service_tier"])
def test_a_gap_cannot_be_made_dearer_by_settings(name: str) -> None:
    with pytest.raises(ValidationError, match="decides what a call may cost"):
        FillSettings(parameters={name: 4})


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


TURN = """\
event: content_block_delta
data: {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "ä→𝄞"}}

event: message_delta
data: {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}

event: message_stop
data: {"type": "message_stop"}

"""


@pytest.mark.parametrize("dialect", [COMPATIBLE, ANTHROPIC])
async def test_frames_may_be_torn_anywhere(dialect: Dialect) -> None:
    raw = (
        stream('{"choices": [{"index": 0, "delta": {"content": "ä→𝄞"}}]}', END)
        if dialect is COMPATIBLE
        else HEAD + TURN.encode()
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
