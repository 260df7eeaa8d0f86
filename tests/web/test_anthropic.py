"""Anthropic's API: messages of blocks, there and back."""

import json

from demo.replies import Reply, ToolCall, Usage, always, in_order, say
from tests.web.serving import MESSAGES, Json, Serving

HELLO: Json = {
    "model": "steward",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "hello"}],
}
TOOL: Json = {
    "name": "look",
    "description": "look at a place",
    "input_schema": {"type": "object", "properties": {"where": {"type": "string"}}},
}


async def test_a_question_is_answered_and_its_price_told(serving: Serving) -> None:
    serving.model.script = always(
        Reply(pieces=("Good ", "day."), usage=Usage(1000, 500, cached_tokens=200))
    )
    answer = await serving.post(HELLO, MESSAGES)
    told = answer.json()
    assert told["type"] == "message"
    assert told["content"] == [{"type": "text", "text": "Good day."}]
    assert told["stop_reason"] == "end_turn"
    assert told["usage"]["input_tokens"] == 800
    assert told["usage"]["cache_read_input_tokens"] == 200
    assert told["usage"]["output_tokens"] == 500
    assert answer.headers["x-steward-cost-usd"] == told["steward"]["cost_usd"]


async def test_blocks_become_messages_and_back(serving: Serving) -> None:
    use = ToolCall("look", {"where": "up"})
    serving.model.script = in_order(Reply(pieces=("I look.",), tool_calls=(use,)), say("Stars."))
    asked = {**HELLO, "system": [{"type": "text", "text": "be brief"}], "tools": [TOOL]}
    first = (await serving.post({**asked, "tool_choice": {"type": "any"}}, MESSAGES)).json()
    assert first["stop_reason"] == "tool_use"
    text, used = first["content"]
    assert text["text"] == "I look."
    assert used["input"] == {"where": "up"}
    result = {"type": "tool_result", "tool_use_id": used["id"], "content": "sky"}
    wrong = {
        "type": "tool_result",
        "tool_use_id": "other",
        "is_error": True,
        "content": [{"type": "text", "text": "no"}],
    }
    said = {"type": "text", "text": "well?", "cache_control": {"type": "ephemeral"}}
    messages = [
        *HELLO["messages"],
        {"role": "assistant", "content": first["content"]},
        {"role": "user", "content": [result, wrong, said]},
    ]
    second = await serving.post({**asked, "messages": messages}, MESSAGES)
    assert second.json()["content"][0]["text"] == "Stars."
    sent = serving.model.exchanges[1].messages
    assert [each["role"] for each in sent] == [
        *("system", "user", "assistant", "tool", "tool", "user")
    ]
    assert json.loads(sent[2]["tool_calls"][0]["function"]["arguments"]) == {"where": "up"}
    assert [each["content"] for each in sent[3:]] == ["sky", "Error: no", "well?"]
    assert serving.model.exchanges[0].body["tool_choice"] == "required"


async def test_a_stream_opens_and_closes_each_block(serving: Serving) -> None:
    use = ToolCall("look", {"where": "behind the curtain"})
    serving.model.script = always(
        Reply(pieces=("I ", "look."), tool_calls=(use,), usage=Usage(1000, 500))
    )
    events = await serving.events({**HELLO, "tools": [TOOL]}, MESSAGES)
    kinds = [each["type"] for each in events]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    shape = [kind for kind in kinds if kind != "content_block_delta"]
    block = ["content_block_start", "content_block_stop"]
    assert shape == ["message_start", *block, *block, "message_delta", "message_stop"]
    deltas = [each for each in events if each["type"] == "content_block_delta"]
    texts = [each["delta"]["text"] for each in deltas if each["index"] == 0]
    inputs = [each["delta"]["partial_json"] for each in deltas if each["index"] == 1]
    assert "".join(texts) == "I look."
    assert json.loads("".join(inputs)) == {"where": "behind the curtain"}
    assert events[-2]["delta"]["stop_reason"] == "tool_use"
    assert events[-2]["usage"]["output_tokens"] == 500
    assert events[-2]["steward"]["cost_usd"] == "0.000450000"


REFUSED: list[Json] = [
    {"max_tokens": None},
    {"thinking": {"type": "enabled", "budget_tokens": 1024}},
    {"top_k": 5},
    {"mcp_servers": [{"url": "x"}]},
    {"temperature": 1.5},
    {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    {"tools": [{"name": "f"}]},
    {"tool_choice": {"type": "sometimes"}},
    {"messages": [{"role": "system", "content": "x"}]},
    {"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]},
    {"messages": [{"role": "user", "content": [{"type": "document", "source": {}}]}]},
    {"messages": [{"role": "assistant", "content": [{"type": "thinking", "thinking": "x"}]}]},
    {"stop_sequences": [7]},
]


async def test_what_cannot_be_done_is_refused_in_this_apis_words(serving: Serving) -> None:
    for wrong in REFUSED:
        answer = await serving.post({**HELLO, **wrong}, MESSAGES)
        assert answer.status_code == 400, wrong
        told = answer.json()
        (name,) = wrong
        assert told["type"] == "error"
        assert told["error"]["type"] == "invalid_request_error"
        assert name in told["error"]["message"], wrong
    assert serving.model.exchanges == []
