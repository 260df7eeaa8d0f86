"""A provider is not trusted: not with our key, not with our memory, not with its own format."""

import asyncio
import json
from pathlib import Path

import pytest

from demo.replies import JsonObject, Refuse, Reply, always, say
from demo.scripted_model import ScriptedModel
from steward.core.errors import (
    LimitError,
    ProviderRefusedError,
    RateLimitedError,
    UnavailableError,
)
from steward.gateway.catalogue.catalogue import Catalogue
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import Finished, Text
from steward.gateway.reach.providers import COMPATIBLE, OPENAI
from steward.gateway.request import Usage
from steward.gateway.settings import GatewaySettings
from tests.gateway.desk import KEY, Desk, asked, gateway_settings, open_desk
from tests.gateway.raw import END, MODEL, delta, failure, pieces, provider_at, server, stream

OPENAI_KEY = "sk-" + "for-openai-only-0123456789"


async def test_events_are_read_as_the_standard_says() -> None:
    raw = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        b": a comment\r\n\r\nevent: x\r\nid: 7\r\n"
        b"data:" + delta({"content": "a"}).encode() + b"\r\n\r\n"
        b'data: {"choices": [{"index": 0,\ndata: "delta": {"content": "b"}}]}\n\n'
        b"data: " + END.encode() + b"\n\ndata: [DONE]\n\n"
    )
    async with server(raw) as url:
        assert await pieces(url) == [Text("a"), Text("b"), Finished("stop")]


async def test_an_answer_that_ends_without_done_is_whole_if_it_gave_its_reason() -> None:
    async with server(stream(delta({"content": "a"}), END)) as url:
        assert await pieces(url) == [Text("a"), Finished("stop")]


async def test_the_end_of_a_stream_that_never_comes_is_not_waited_for() -> None:
    events = stream(delta({"content": "a"}), END, "[DONE]")
    async with server(events, gone=asyncio.Event()) as url:
        async with asyncio.timeout(20):
            assert await pieces(url) == [Text("a"), Finished("stop")]


async def test_a_stream_that_stops_without_a_reason_is_broken() -> None:
    assert "broke off" in str(await failure(stream(delta({"content": "a"}))))


async def test_an_error_in_the_middle_of_a_stream_is_an_error() -> None:
    event = json.dumps({"error": {"message": "prompt: secret text", "code": "server_error"}})
    error = await failure(stream(delta({"content": "a"}), event))
    assert "server_error" in str(error)
    assert "secret text" not in str(error)


@pytest.mark.parametrize(
    "event", ["no json", "[" * 100_000, "[1]", '{"choices": 3}', '{"choices": [null]}', "{}"]
)
async def test_nonsense_is_refused_or_left_out_and_never_crashes(event: str) -> None:
    error = await failure(stream(event))
    assert isinstance(error, UnavailableError)


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -1, "completion_tokens": 1},
        {"prompt_tokens": "1", "completion_tokens": 1},
        {"prompt_tokens": True, "completion_tokens": 1},
        {"prompt_tokens": 10**30, "completion_tokens": 1},
        {"completion_tokens": 1},
        [1],
    ],
)
async def test_a_usage_that_cannot_be_is_not_believed(usage: object) -> None:
    async with server(stream(END, json.dumps({"choices": [], "usage": usage}))) as url:
        assert await pieces(url) == [Finished("stop")]


async def test_no_more_tokens_can_be_cached_than_were_sent() -> None:
    usage = {
        "prompt_tokens": 5,
        "completion_tokens": 1,
        "prompt_tokens_details": {"cached_tokens": 9},
    }
    async with server(stream(END, json.dumps({"choices": [], "usage": usage}))) as url:
        assert await pieces(url) == [Finished("stop"), Usage(5, 1, 5)]


async def test_a_line_without_end_is_cut_off() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: " + b"x" * 2_000_000
    assert isinstance(await failure(endless), LimitError)


async def test_an_event_of_many_lines_is_cut_off_too() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    assert isinstance(await failure(endless + b"data: xxxxxxxxxxxxxxxxx\n" * 100_000), LimitError)


async def test_an_answer_without_measure_is_cut_off(desk: Desk) -> None:
    desk.model.script = always(Reply(pieces=("x" * 300_000,) * 4))
    assert isinstance(await desk.fails(), LimitError)
    assert (await desk.paid()).is_estimated


async def test_tools_without_number_are_cut_off(tmp_path: Path) -> None:
    parts = [{"index": number, "function": {"name": "x"}} for number in range(100)]
    async with server(stream(delta({"tool_calls": parts}), END)) as url:
        settings = gateway_settings(url)
        async with ScriptedModel() as model, open_desk(tmp_path, model, settings) as desk:
            error = await desk.fails()
            assert isinstance(error, LimitError)
            assert "none was used" in str(error)


async def test_a_compressed_answer_is_not_unfolded() -> None:
    bomb = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n"
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\x00" * 1000
    )
    assert "broke off" in str(await failure(bomb))


async def test_a_page_instead_of_a_stream_says_what_to_check() -> None:
    error = await failure(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>Hello")
    assert "STEWARD_MODEL_URL" in str(error)


async def test_bytes_that_are_no_http_are_an_error_of_the_connection() -> None:
    assert "broke (" in str(await failure(b"220 mail.example.org ESMTP\r\n"))


async def test_a_redirect_is_not_followed(desk: Desk) -> None:
    desk.model.script = always(say("hello"))
    target = desk.model.url.encode() + b"/chat/completions"
    error = await failure(
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: " + target + b"\r\nContent-Length: 0\r\n\r\n"
    )
    assert isinstance(error, ProviderRefusedError)
    assert "redirects are not followed" in str(error)
    assert desk.model.exchanges == []


async def test_a_refusal_never_repeats_what_we_sent(desk: Desk) -> None:

    def echo(request: JsonObject) -> Reply:
        said = request["messages"][1]["content"]
        return Reply(fault=Refuse(400, f"cannot take {said!r} with {KEY}"))

    desk.model.script = echo
    error = str(await desk.fails(asked("my private code")))
    assert "my private code" not in error
    assert KEY not in error
    assert "scripted_error" in error


async def test_a_refusal_without_end_is_read_only_so_far() -> None:
    async with server(b"HTTP/1.1 400 Bad Request\r\n\r\n", endless=b"x" * 10_000) as url:
        with pytest.raises(ProviderRefusedError, match="400"):
            await pieces(url)


async def test_whoever_sends_no_stream_is_hung_up_on() -> None:
    gone = asyncio.Event()
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>Hello"
    async with server(page, gone=gone) as url, provider_at(url) as provider:
        with pytest.raises(UnavailableError, match="not with a stream"):
            await anext(provider.stream(provider.encode(MODEL, asked()), lambda: None))
        async with asyncio.timeout(20):
            await gone.wait()


async def test_a_usage_before_the_stream_broke_is_only_the_least(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 2, "completion_tokens": 9}
    events = stream(delta({"content": "a"}), json.dumps({"choices": [], "usage": usage}))
    async with (
        ScriptedModel() as model,
        server(events) as url,
        open_desk(tmp_path, model, gateway_settings(url)) as desk,
    ):
        await desk.fails()
        paid = await desk.paid()
    assert paid.is_estimated
    assert paid.usage.output_tokens == 9
    assert paid.usage.input_tokens > 2


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({}, None),
    ],
)
async def test_a_provider_may_say_when_to_come_back(
    desk: Desk, header: dict[str, str], wanted: float | None
) -> None:
    desk.model.script = always(Reply(fault=Refuse(429, headers=header)))
    error = await desk.fails()
    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s == wanted


async def test_an_account_without_credit_is_not_a_matter_of_waiting() -> None:
    body = b'{"error": {"code": "insufficient_quota"}}'
    error = await failure(
        b"HTTP/1.1 429 Too Many\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    assert isinstance(error, ProviderRefusedError)
    assert "credit" in str(error)


async def test_the_key_goes_to_the_endpoint_it_was_set_for(desk: Desk) -> None:
    desk.model.script = always(say("hello"))
    await desk.ask()
    assert desk.model.exchanges[0].headers["authorization"] == f"Bearer {KEY}"


async def test_the_key_for_openai_goes_to_nobody_else(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(say("hello"))
    settings = gateway_settings(scripted_model.url, key=None, openai_key=OPENAI_KEY)
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        await desk.ask()
    assert "authorization" not in scripted_model.exchanges[0].headers
    assert OPENAI_KEY not in str(scripted_model.exchanges[0].headers)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        (None, OPENAI_KEY),
        ("https://api.openai.com/v1", OPENAI_KEY),
        ("https://api.openai.com.example.org/v1", None),
        ("https://example.org/api.openai.com/v1", None),
        ("http://api.openai.com/v1", None),
    ],
)
def test_only_openais_own_host_is_openai(url: str | None, wanted: str | None) -> None:
    bearer = GatewaySettings.model_validate({"url": url, "openai_key": OPENAI_KEY}).bearer
    assert (bearer.get_secret_value() if bearer else None) == wanted


async def test_the_environment_does_not_send_calls_through_a_proxy(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    desk.model.script = always(say("hello"))
    assert (await desk.ask())[0] == "hello"


async def test_the_connection_is_used_again(desk: Desk) -> None:
    desk.model.script = always(say("hello"))
    seen: set[asyncio.StreamWriter] = set()
    async with provider_at(desk.model.url) as provider:
        body = provider.encode(MODEL, asked())
        for _ in range(3):
            received = [piece async for piece in provider.stream(body, lambda: None)]
            assert received[:2] == [Text("hello"), Finished("stop")]
            seen |= desk.model._writers
    assert len(seen) == 1


def test_openai_gets_its_own_dialect() -> None:
    plain = json.loads(OPENAI.chat.prepare(Model("openai", "gpt-4.1"), asked()).body)
    assert plain["max_completion_tokens"] == 50
    assert plain["temperature"] == 0
    assert "max_tokens" not in plain
    thinking = json.loads(OPENAI.chat.prepare(known("gpt-5-mini"), asked()).body)
    assert "temperature" not in thinking
    assert "stop" not in thinking


def known(name: str) -> Model:
    settings = GatewaySettings.model_validate({"openai_key": OPENAI_KEY})
    return Catalogue(settings).find(name)


def test_text_that_is_no_unicode_can_still_be_sent() -> None:
    assert b"?" in COMPATIBLE.chat.prepare(MODEL, asked("\ud800")).body
