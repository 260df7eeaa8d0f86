"""The scripted model speaks OpenAI's wire format and fails to order."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from demo.replies import Drop, Refuse, Reply, Script, Stall, Usage, always, call, in_order, say
from demo.scripted_model import ScriptedModel

HELLO = {"model": "scripted", "messages": [{"role": "user", "content": "hello"}]}
STREAMED = HELLO | {"stream": True, "stream_options": {"include_usage": True}}


@pytest.fixture
async def client(scripted_model: ScriptedModel) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=scripted_model.url, trust_env=False) as client:
        yield client


async def stream(client: httpx.AsyncClient, body: dict[str, Any]) -> list[str]:
    """The data of every event, in order."""
    async with client.stream("POST", "/chat/completions", json=body) as answer:
        lines = [line async for line in answer.aiter_lines() if line]
    assert all(line.startswith("data: ") for line in lines)
    return [line.removeprefix("data: ") for line in lines]


def script(model: ScriptedModel, chosen: Script) -> None:
    model.script = chosen


async def test_a_stream_brings_the_pieces_then_the_usage_then_done(
    scripted_model: ScriptedModel, client: httpx.AsyncClient
) -> None:
    script(scripted_model, always(Reply(pieces=("a", "b"), usage=Usage(7, 2, cached_tokens=3))))
    *events, done = await stream(client, STREAMED)
    bodies = [json.loads(event) for event in events]
    assert [body["choices"][0]["delta"] for body in bodies[:2]] == [
        {"content": "a"},
        {"content": "b"},
    ]
    assert bodies[2]["choices"][0]["finish_reason"] == "stop"
    assert bodies[3]["choices"] == []
    assert bodies[3]["usage"]["prompt_tokens"] == 7
    assert bodies[3]["usage"]["prompt_tokens_details"] == {"cached_tokens": 3}
    assert done == "[DONE]"


async def test_usage_is_streamed_only_to_a_client_that_asks_for_it(
    scripted_model: ScriptedModel, client: httpx.AsyncClient
) -> None:
    events = await stream(client, HELLO | {"stream": True})
    assert not any("usage" in event for event in events)


async def test_a_tool_call_arrives_in_fragments_that_join_to_its_arguments(
    scripted_model: ScriptedModel, client: httpx.AsyncClient
) -> None:
    script(scripted_model, always(call("read_file", path="a/rather/long/path/to/a/file.py")))
    bodies = [json.loads(event) for event in (await stream(client, STREAMED))[:-1]]
    deltas = [body["choices"][0]["delta"] for body in bodies if body["choices"]]
    calls = [delta["tool_calls"][0] for delta in deltas if delta]
    assert calls[0]["id"] == "call_1_0"
    assert calls[0]["function"] == {"name": "read_file", "arguments": ""}
    assert len(calls) > 2
    joined = "".join(piece["function"]["arguments"] for piece in calls)
    assert json.loads(joined) == {"path": "a/rather/long/path/to/a/file.py"}
    assert bodies[-2]["choices"][0]["finish_reason"] == "tool_calls"


async def test_without_streaming_the_answer_is_one_body(
    scripted_model: ScriptedModel, client: httpx.AsyncClient
) -> None:
    script(scripted_model, in_order(say("hello"), call("commit", branch="b", message="m")))
    text = (await client.post("/chat/completions", json=HELLO)).json()
    assert text["choices"][0]["message"]["content"] == "hello"
    assert text["usage"]["total_tokens"] == sum(
        text["usage"][part] for part in ("prompt_tokens", "completion_tokens")
    )
    tools = (await client.post("/chat/completions", json=HELLO)).json()
    function = tools["choices"][0]["message"]["tool_calls"][0]["function"]
    assert (function["name"], json.loads(function["arguments"])) == (
        "commit",
        {"branch": "b", "message": "m"},
    )


async def test_a_refusal_has_its_status_headers_and_an_error_in_the_usual_form(
    scripted_model: ScriptedModel, client: httpx.AsyncClient
) -> None:
    script(scripted_model, always(Reply(fault=Refuse(429, "slow down", {"Retry-After": "3"}))))
    answer = await client.post("/chat/completions", json=STREAMED)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert answer.json()["error"]["message"] == "slow down"


async def test_a_dropped_connection_breaks_in_the_middle_of_the_answer(
    scripted_model: ScriptedModel, client: httpx.AsyncClient
) -> None:
    script(scripted_model, always(Reply(pieces=("a", "b", "c"), fault=Drop(after_pieces=2))))
    with pytest.raises(httpx.RemoteProtocolError):
        await stream(client, STREAMED)
    await scripted_model.exchanges[0].ended()
    assert not scripted_model.exchanges[0].is_closed_early


async def test_a_client_that_hangs_up_is_noticed(
    scripted_model: ScriptedModel, client: httpx.AsyncClient
) -> None:
    script(scripted_model, always(Reply(pieces=("a",), fault=Stall(after_pieces=1))))
    async with client.stream("POST", "/chat/completions", json=STREAMED):
        exchange = await scripted_model.arrived()
        await exchange.started()
        assert not exchange.is_closed_early
    await exchange.closed_early()


async def test_a_client_that_takes_its_answer_did_not_hang_up(
    scripted_model: ScriptedModel, client: httpx.AsyncClient
) -> None:
    await stream(client, STREAMED)
    await client.aclose()
    await scripted_model.exchanges[0].ended()
    assert not scripted_model.exchanges[0].is_closed_early


async def test_a_held_answer_waits_for_the_test(
    scripted_model: ScriptedModel, client: httpx.AsyncClient
) -> None:
    hold = asyncio.Event()
    script(scripted_model, always(Reply(pieces=("a",), hold=hold)))
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(stream(client, STREAMED))
        exchange = await scripted_model.arrived()
        assert exchange.first_sent_s == 0.0
        hold.set()
    assert '"content": "a"' in answer.result()[0]


async def test_a_stream_may_end_without_usage_and_without_done(
    scripted_model: ScriptedModel, client: httpx.AsyncClient
) -> None:
    script(scripted_model, always(Reply(pieces=("a",), is_usage_sent=False, is_done_sent=False)))
    assert len(await stream(client, STREAMED)) == 2


async def test_one_connection_carries_many_calls(
    scripted_model: ScriptedModel, client: httpx.AsyncClient
) -> None:
    for _ in range(3):
        await stream(client, STREAMED)
    assert (await client.get("/models")).json()["data"][0]["id"] == "scripted"
    assert len(scripted_model.exchanges) == 3


async def test_a_request_that_is_none_is_told_so(
    scripted_model: ScriptedModel, client: httpx.AsyncClient
) -> None:
    assert (await client.post("/chat/completions", content=b"{")).status_code == 400
    assert (await client.post("/chat/completions", json={"messages": 1})).status_code == 400
    assert (await client.post("/embeddings", json={})).status_code == 404
    assert scripted_model.exchanges == []
