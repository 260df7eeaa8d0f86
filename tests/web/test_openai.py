"""OpenAI's API: chat completions, completions, and what of them is refused."""

import base64
import json
import struct
from pathlib import Path

import pytest

from demo.replies import Reply, Usage, always, call, in_order, say
from tests.gateway.desk import gateway_settings
from tests.ledger.bank import ANN
from tests.web.serving import (
    CHAT,
    COMPLETIONS,
    EMBEDDINGS,
    HELLO,
    MESSAGES,
    Json,
    Serving,
    open_serving,
)
from tests.web.versatile_model import VECTOR, VersatileModel

TOOL: Json = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "look at a place",
        "parameters": {"type": "object", "properties": {"where": {"type": "string"}}},
    },
}


async def test_a_question_is_answered_and_its_price_told(serving: Serving) -> None:
    serving.model.script = always(Reply(pieces=("Good ", "day."), usage=Usage(1000, 500)))
    answer = await serving.post(HELLO)
    assert answer.status_code == 200
    told = answer.json()
    assert told["object"] == "chat.completion"
    assert told["choices"][0]["message"] == {"role": "assistant", "content": "Good day."}
    assert told["choices"][0]["finish_reason"] == "stop"
    assert told["usage"]["prompt_tokens"] == 1000
    assert told["usage"]["completion_tokens"] == 500
    paid = await serving.desk.paid()
    assert paid.cost_nano_usd == 1000 * 150 + 500 * 600
    assert answer.headers["x-steward-cost-usd"] == "0.000450000"
    assert told["steward"]["cost_usd"] == "0.000450000"


async def test_a_stream_brings_the_pieces_as_they_are_and_ends_with_the_price(
    serving: Serving,
) -> None:
    pieces = ("Eins, ", "zwei, ", 'drei "viér" \N{SNOWMAN}\n')
    serving.model.script = always(Reply(pieces=pieces, usage=Usage(1000, 500)))
    events = await serving.events({**HELLO, "stream_options": {"include_usage": True}})
    texts = [each["choices"][0]["delta"].get("content") for each in events if each["choices"]]
    assert texts == ["", *pieces, None]
    assert [each["id"] for each in events] == [events[0]["id"]] * len(events)
    assert events[-2]["choices"][0]["finish_reason"] == "stop"
    assert events[-2]["steward"]["cost_usd"] == "0.000450000"
    assert events[-1]["usage"]["total_tokens"] == 1500


async def test_a_stream_tells_no_tokens_to_whoever_did_not_ask(serving: Serving) -> None:
    events = await serving.events(HELLO)
    assert not any("usage" in each for each in events)
    assert events[-1]["choices"][0]["finish_reason"] == "stop"


async def test_tools_are_offered_asked_for_and_answered(serving: Serving) -> None:
    serving.model.script = in_order(call("look", where="under the bed"), say("Nothing there."))
    first = (await serving.post({**HELLO, "tools": [TOOL], "tool_choice": "required"})).json()
    (asked,) = first["choices"][0]["message"]["tool_calls"]
    assert first["choices"][0]["finish_reason"] == "tool_calls"
    assert json.loads(asked["function"]["arguments"]) == {"where": "under the bed"}
    sent = serving.model.exchanges[0].body
    assert sent["tools"][0]["function"] == TOOL["function"]
    assert sent["tool_choice"] == "required"
    messages = [
        *HELLO["messages"],
        first["choices"][0]["message"],
        {"role": "tool", "tool_call_id": asked["id"], "content": "dust"},
    ]
    second = await serving.post({**HELLO, "messages": messages, "tools": [TOOL]})
    assert second.json()["choices"][0]["message"]["content"] == "Nothing there."
    assert serving.model.exchanges[1].messages[-1]["content"] == "dust"
    assert serving.model.exchanges[1].messages[-2]["tool_calls"][0]["id"] == asked["id"]


@pytest.mark.parametrize(
    ("path", "more"),
    [
        (CHAT, {"tools": [TOOL], "parallel_tool_calls": False}),
        (
            MESSAGES,
            {
                "max_tokens": 9,
                "tools": [{"name": "look", "input_schema": {"type": "object"}}],
                "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
            },
        ),
    ],
)
async def test_a_client_may_want_one_tool_at_a_time(
    serving: Serving, path: str, more: Json
) -> None:
    assert (await serving.post({**HELLO, **more}, path)).status_code == 200
    assert serving.model.exchanges[0].body["parallel_tool_calls"] is False


async def test_a_streamed_tool_call_is_named_once_and_arrives_in_fragments(
    serving: Serving,
) -> None:
    serving.model.script = always(call("look", where="in the cupboard under the stairs"))
    events = await serving.events({**HELLO, "tools": [TOOL]})
    parts = [
        part
        for each in events
        if each["choices"]
        for part in each["choices"][0]["delta"].get("tool_calls", [])
    ]
    assert [part["function"].get("name") for part in parts if "name" in part["function"]] == [
        "look"
    ]
    arguments = "".join(part["function"]["arguments"] for part in parts)
    assert json.loads(arguments) == {"where": "in the cupboard under the stairs"}
    assert len(parts) > 2


async def test_what_a_client_chooses_reaches_the_provider(serving: Serving) -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    chosen = {
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 7,
        "stop": ["END", "ENDE"],
        "max_tokens": 33,
        "response_format": schema,
    }
    assert (await serving.post({**HELLO, **chosen})).status_code == 200
    sent = serving.model.exchanges[0].body
    assert {name: sent.get(name) for name in chosen} == chosen


async def test_the_servers_own_limit_is_sent_where_the_client_names_none(
    serving: Serving,
) -> None:
    await serving.post(HELLO)
    await serving.post({**HELLO, "max_tokens": 70, "max_completion_tokens": 50})
    assert serving.model.exchanges[0].body["max_tokens"] == 4096
    assert serving.model.exchanges[1].body["max_tokens"] == 50


async def test_what_changes_nothing_here_is_named(serving: Serving) -> None:
    answer = await serving.post({**HELLO, "user": "eve", "store": True, "metadata": None})
    assert answer.headers["x-steward-ignored"] == "store, user"


REFUSED: list[Json] = [
    {"n": 2},
    {"logprobs": True},
    {"audio": {"voice": "x"}},
    {"modalities": ["text", "audio"]},
    {"presence_penalty": 1},
    {"functions": [{"name": "f"}]},
    {"max_tokens": 0},
    {"max_tokens": -1},
    {"max_tokens": True},
    {"max_tokens": "100"},
    {"max_tokens": 2**63},
    {"max_tokens": 1.5},
    {"temperature": 3},
    {"temperature": "hot"},
    {"stop": 7},
    {"stop": [""]},
    {"tools": [{"type": "web_search"}]},
    {"tools": {}},
    {"tool_choice": "sometimes"},
    {"response_format": {"type": "yaml"}},
    {"model": ""},
    {"model": None},
    {"model": 7},
    {"model": "a\nb"},
    {"messages": []},
    {"messages": "hello"},
    {"messages": [{"role": "king", "content": "x"}]},
    {"messages": [{"role": "user"}]},
    {"messages": [{"role": "tool", "content": "x"}]},
    {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
    {"messages": [{"role": "user", "content": 7}]},
    {"messages": [7]},
    {"stream": "yes"},
]


async def test_what_cannot_be_done_is_refused_before_anything_is_bought(
    serving: Serving,
) -> None:
    for wrong in REFUSED:
        answer = await serving.post({**HELLO, **wrong})
        assert answer.status_code == 400, wrong
        (name,) = wrong
        assert name in answer.json()["error"]["message"], wrong
    assert serving.model.exchanges == []
    assert await serving.desk.ledger.calls(ANN) == ()


async def test_a_gap_is_closed_and_a_text_gone_on_with(serving: Serving) -> None:
    serving.model.script = always(Reply(pieces=("a + ", "b"), usage=Usage(100, 20)))
    gap = {"model": "steward", "prompt": "return ", "suffix": "\n", "max_tokens": 9, "stop": "\n"}
    told = (await serving.post(gap, COMPLETIONS)).json()
    assert told["object"] == "text_completion"
    assert told["choices"][0]["text"] == "a + b"
    assert told["usage"]["total_tokens"] == 120
    sent = serving.model.exchanges[0].body
    assert [sent[name] for name in ("prompt", "suffix", "max_tokens")] == ["return ", "\n", 9]
    events = await serving.events({"model": "steward", "prompt": ["return "]}, COMPLETIONS)
    assert [each["choices"][0]["text"] for each in events] == ["a + ", "b", ""]
    assert events[-1]["choices"][0]["finish_reason"] == "stop"
    assert events[-1]["steward"]["cost_usd"] == "0.000027000"
    for wrong in ({"prompt": ""}, {"prompt": ["a", "b"]}, {"prompt": [1, 2]}, {"best_of": 3}):
        assert (await serving.post({**gap, **wrong}, COMPLETIONS)).status_code == 400
    cannot = await serving.post({**gap, "model": "custom/large"}, COMPLETIONS)
    assert cannot.status_code == 400
    assert "fill gaps" in cannot.text


async def test_texts_become_vectors_at_the_price_of_their_tokens(serving: Serving) -> None:
    asked: Json = {"model": "custom/vectors", "input": ["one", "two"]}
    answer = await serving.post(asked, EMBEDDINGS)
    assert [each["embedding"] for each in answer.json()["data"]] == [VECTOR, VECTOR]
    assert answer.json()["usage"]["prompt_tokens"] == 16
    assert answer.headers["x-steward-cost-usd"] == "0.000001600"
    assert (await serving.desk.paid()).task == "embedding"
    packed = await serving.post({**asked, "encoding_format": "base64"}, EMBEDDINGS)
    written = packed.json()["data"][0]["embedding"]
    assert list(struct.unpack("<3f", base64.b64decode(written))) == VECTOR
    refused: list[Json] = [{"input": []}, {"input": [""]}, {"input": [[1]]}]
    for wrong in (*refused, {"encoding_format": "hex"}):
        assert (await serving.post({**asked, **wrong}, EMBEDDINGS)).status_code == 400


async def test_the_list_of_models_tells_prices_and_only_what_policy_allows(tmp_path: Path) -> None:
    async with VersatileModel() as model:
        rule = {"models": ["custom/small"]}
        settings = gateway_settings(model.url, policy=[rule])
        async with open_serving(tmp_path, model, settings=settings) as serving:
            told = (await serving.client.get("/v1/models")).json()
            refused = await serving.post({**HELLO, "model": "custom/large"})
    (only,) = told["data"]
    assert only["id"] == "custom/small"
    assert only["steward"]["usd_a_million_tokens"]["output"] == "0.600000"
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "steward.not_permitted"
    assert model.exchanges == []
