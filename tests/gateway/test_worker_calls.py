"""The real litellm in its process, against the scripted model: what it does and what it does not.

All share one process, because loading litellm takes seconds.
"""

import asyncio
import json
import logging
import os
import re
import signal
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from demo.replies import Drop, Refuse, Reply, Stall, always, call, say
from demo.scripted_model import ScriptedModel
from steward.core.errors import (
    ProviderRefusedError,
    RateLimitedError,
    StewardError,
    UnavailableError,
)
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import CallPart, Finished, Text, Vector
from steward.gateway.request import EmbeddingRequest, ToolSpec, Usage
from steward.gateway.worker.provider import Route
from steward.gateway.worker.worker import Worker
from tests.gateway.desk import asked
from tests.gateway.litellm_worker import KEY, MODEL, PYTHON, Elsewhere, require_litellm

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

LOOK_UP = ToolSpec("look_up", "Look it up.", {"type": "object", "properties": {}})


class _Kept(logging.Handler):
    """What the process complained of."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model() -> AsyncGenerator[ScriptedModel]:
    async with ScriptedModel() as model:
        yield model


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(model: ScriptedModel) -> AsyncGenerator[Elsewhere]:
    require_litellm()
    worker = Worker(PYTHON)
    logger = logging.getLogger("steward.gateway.worker")
    logger.setLevel(logging.INFO)
    logger.addHandler(kept := _Kept())
    yield Elsewhere(worker, model.url)
    await worker.close()
    logger.removeHandler(kept)
    # From loading it to the last call it spoke to the provider, and did not try anything else.
    assert not [line for line in kept.lines if "refused a connection" in line or KEY in line]


@pytest.fixture
def there(shared: Elsewhere, model: ScriptedModel) -> Elsewhere:
    model.exchanges.clear()
    return shared


async def test_an_answer_streams_with_its_usage(there: Elsewhere, model: ScriptedModel) -> None:
    model.script = always(Reply(pieces=("a", "b", "c")))
    *texts, usage, finished = await there.ask()
    assert texts == [Text("a"), Text("b"), Text("c")]
    assert isinstance(usage, Usage)
    assert usage.input_tokens > 0
    assert finished == Finished("stop")
    (exchange,) = model.exchanges
    assert exchange.headers["authorization"] == f"Bearer {KEY}"
    assert exchange.headers["accept-encoding"] == "identity"
    assert exchange.body["max_tokens"] == asked().output_tokens_max
    assert exchange.body["temperature"] == 0
    assert exchange.body["model"] == MODEL.name


async def test_a_tool_call_arrives_in_parts(there: Elsewhere, model: ScriptedModel) -> None:
    model.script = always(call("look_up", path="x" * 20))
    pieces = await there.ask(asked(tools=(LOOK_UP,)))
    parts = [piece for piece in pieces if isinstance(piece, CallPart)]
    assert parts[0].name == "look_up"
    assert "".join(part.arguments for part in parts) == '{"path": "' + "x" * 20 + '"}'
    assert pieces[-1] == Finished("tool_calls")
    assert model.exchanges[0].body["tools"][0]["function"]["name"] == "look_up"


async def test_a_long_piece_is_whole(there: Elsewhere, model: ScriptedModel) -> None:
    text = "ä\n" * 100_000
    model.script = always(say(text))
    pieces = await there.ask()
    assert "".join(piece.text for piece in pieces if isinstance(piece, Text)) == text


@pytest.mark.parametrize("name", ["small", "meta-llama/Llama-3-8b", "claude-x", "gpt-4o"])
async def test_a_usage_that_the_provider_did_not_say_is_not_made_up(
    there: Elsewhere, model: ScriptedModel, name: str
) -> None:
    model.script = always(Reply(pieces=("a", "b"), is_usage_sent=False))
    pieces = await there.ask(model=Model("elsewhere", name))
    assert pieces == [Text("a"), Text("b"), Finished("stop")]


async def test_the_key_is_in_no_place_where_others_look(
    there: Elsewhere, model: ScriptedModel
) -> None:
    model.script = always(say("hello"))
    await there.ask()
    process_id = there.worker.process_id
    assert process_id is not None
    for place in ("environ", "cmdline"):
        assert KEY.encode() not in Path(f"/proc/{process_id}/{place}").read_bytes()


@pytest.mark.parametrize(
    ("status", "kind", "word"),
    [
        (400, ProviderRefusedError, "does not take this request"),
        (401, ProviderRefusedError, "key"),
        (403, ProviderRefusedError, "key"),
        (404, ProviderRefusedError, "no such model"),
        (408, ProviderRefusedError, "does not take"),
        (422, ProviderRefusedError, "does not take"),
        (429, RateLimitedError, "in 7 seconds"),
        (503, RateLimitedError, "in 7 seconds"),
        (500, UnavailableError, "fault of its own"),
        (502, UnavailableError, "fault of its own"),
    ],
)
async def test_a_refusal_is_told_as_it_is_and_never_tried_again(
    there: Elsewhere, model: ScriptedModel, status: int, kind: type[StewardError], word: str
) -> None:
    fault = Refuse(status, "my private code", {"Retry-After": "7"})
    model.script = always(Reply(fault=fault))
    error = await there.fails()
    assert type(error) is kind
    assert word in str(error)
    assert str(status) in str(error)
    assert "my private code" not in str(error)
    assert len(model.exchanges) == 1
    assert there.is_sent


async def test_a_redirect_is_not_followed(there: Elsewhere, model: ScriptedModel) -> None:
    model.script = always(
        Reply(fault=Refuse(307, headers={"Location": f"{model.url}/chat/completions"}))
    )
    error = await there.fails()
    assert isinstance(error, ProviderRefusedError)
    assert "redirects are not followed" in str(error)
    assert len(model.exchanges) == 1


async def test_whoever_cannot_be_reached_is_not_paid(there: Elsewhere) -> None:
    nobody = replace(there, url="http://127.0.0.1:9/v1")
    assert "cannot be reached" in str(await nobody.fails())
    assert not nobody.is_sent


@pytest.mark.parametrize("after", [0, 1])
async def test_a_stream_that_breaks_is_broken(
    there: Elsewhere, model: ScriptedModel, after: int
) -> None:
    model.script = always(Reply(pieces=("a", "b"), fault=Drop(after)))
    error = await there.fails()
    assert "broke off" in str(error)
    assert not isinstance(error, ProviderRefusedError | RateLimitedError)
    assert len(model.exchanges) == 1


@asynccontextmanager
async def raw_server(
    kind: str, body: str, gone: asyncio.Event | None = None
) -> AsyncGenerator[tuple[str, list[bytes]]]:
    """Sends this to everybody; gives its URL and the requests. With `gone` the answer never ends,
    and it is set when the client hangs up."""
    requests: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        (length,) = re.findall(rb"(?i)content-length: (\d+)", head)
        requests.append(head + await reader.readexactly(int(length)))
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n{body}".encode())
        if gone is not None:
            await reader.read()
            gone.set()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", requests


ANTHROPIC: list[dict[str, object]] = [
    {
        "type": "message_start",
        "message": {
            "id": "m",
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": "small",
            "usage": {"input_tokens": 9, "output_tokens": 1},
        },
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}},
    {"type": "message_stop"},
]


def events(count: int) -> str:
    return "".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in ANTHROPIC[:count]
    )


async def test_another_format_than_openais_is_spoken(there: Elsewhere) -> None:
    async with raw_server("text/event-stream", events(6)) as (url, requests):
        pieces = await replace(there, url=url, route=Route("anthropic")).ask()
    assert pieces == [Text("a"), Usage(9, 4), Finished("stop")]
    assert requests[0].startswith(b"POST /v1/messages ")
    assert b'"max_tokens":50' in requests[0].replace(b" ", b"")


async def test_hanging_up_reaches_a_provider_of_another_format(
    there: Elsewhere, model: ScriptedModel
) -> None:
    gone = asyncio.Event()
    async with raw_server("text/event-stream", events(3), gone) as (url, _):
        reached = replace(there, url=url, route=Route("anthropic"))
        prepared = reached.provider.encode(MODEL, asked())
        async with aclosing(reached.provider.stream(prepared, lambda: None)) as pieces:
            assert await anext(pieces) == Text("a")
        async with asyncio.timeout(20):
            await gone.wait()
    await still_answers(there, model)


async def test_texts_become_vectors(there: Elsewhere) -> None:
    vectors = [{"object": "embedding", "index": n, "embedding": [n, 0.5]} for n in (0, 1)]
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    body = json.dumps({"object": "list", "data": vectors, "model": "small", "usage": usage})
    async with raw_server("application/json", body) as (url, _):
        request = EmbeddingRequest("r1", ("one", "two"))
        pieces = await replace(there, url=url).ask(request)
    assert pieces == [Vector(0, (0, 0.5)), Vector(1, (1, 0.5)), Usage(7, 0), Finished("stop")]


async def still_answers(there: Elsewhere, model: ScriptedModel) -> None:
    """It hung up because it was told to, and not because it was killed for not doing so."""
    process_id = there.worker.process_id
    model.script = always(say("hello"))
    assert (await there.ask())[0] == Text("hello")
    assert there.worker.process_id == process_id is not None


@pytest.mark.parametrize("prefix", ["openai", "mistral", "deepseek", "groq"])
async def test_hanging_up_reaches_the_provider(
    there: Elsewhere, model: ScriptedModel, prefix: str
) -> None:
    model.script = always(Reply(pieces=("a",), fault=Stall(1)))
    reached = replace(there, route=Route(prefix))
    prepared = reached.provider.encode(MODEL, asked())
    async with aclosing(reached.provider.stream(prepared, lambda: None)) as pieces:
        assert await anext(pieces) == Text("a")
    await model.exchanges[0].closed_early()
    await still_answers(there, model)


async def test_hanging_up_before_the_first_piece_reaches_the_provider(
    there: Elsewhere, model: ScriptedModel
) -> None:
    model.script = always(Reply(hold=asyncio.Event()))
    asking = asyncio.ensure_future(there.ask())
    exchange = await model.arrived()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await exchange.closed_early()
    assert there.is_sent
    await still_answers(there, model)


async def test_a_request_that_would_lose_its_tools_is_not_sent(
    there: Elsewhere, model: ScriptedModel
) -> None:
    without = replace(there, route=Route("ollama"))
    error = await without.fails(asked(tools=(LOOK_UP,)))
    assert isinstance(error, ProviderRefusedError)
    assert "nothing was sent" in str(error)
    assert not without.is_sent
    assert model.exchanges == []


async def test_a_killed_process_is_replaced(there: Elsewhere, model: ScriptedModel) -> None:
    model.script = always(Reply(pieces=("a",), fault=Stall(1)))
    asking = asyncio.ensure_future(there.ask())
    exchange = await model.arrived()
    await exchange.started()
    process_id = there.worker.process_id
    assert process_id is not None
    os.kill(process_id, signal.SIGKILL)
    with pytest.raises(UnavailableError, match="another one is started"):
        await asking
    assert there.is_sent
    model.script = always(say("hello"))
    assert (await there.ask())[0] == Text("hello")
    assert there.worker.process_id != process_id
