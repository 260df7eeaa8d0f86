"""Slow, large, torn and abandoned requests: each ends by itself, and costs nobody else anything."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from demo.replies import Reply, always
from demo.scripted_model import ScriptedModel
from steward.core.limits import WEB_BODY_BYTES_MAX
from steward.web.limits import WebLimits
from tests.ledger.bank import ANN
from tests.web.serving import CHAT, DEADLINE_S, HELLO, MESSAGES, QUICK, open_serving, status_of

WIDE = "\N{GRINNING FACE}"
"""One character, and twelve bytes on its way: more than all buffers hold, in an allowed answer."""
LONG = Reply(pieces=tuple(f"word {number} " for number in range(2000)), piece_delay_s=0.01)


async def test_a_client_that_leaves_closes_the_providers_connection_and_pays_what_came(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(LONG)
    for path, body in ((CHAT, HELLO), (MESSAGES, {**HELLO, "max_tokens": 5000})):
        count = len(scripted_model.exchanges) + 1
        async with open_serving(tmp_path / str(count), scripted_model) as serving:
            reader, writer = await serving.connect()
            asked = json.dumps({**body, "stream": True}).encode()
            writer.write(serving.written(path, asked))
            async with asyncio.timeout(DEADLINE_S):
                while b"word 3 " not in await reader.readuntil(b"\n\n"):
                    pass
            writer.transport.abort()
            exchange = await scripted_model.arrived(count)
            await exchange.closed_early()
            paid = await serving.desk.paid()
            assert paid.state == "settled"
            assert paid.is_estimated
            assert 0 < paid.cost_nano_usd < paid.reserved_nano_usd


async def test_a_client_that_leaves_before_the_first_word_leaves_nothing_reserved(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(hold=asyncio.Event()))
    async with open_serving(tmp_path, scripted_model) as serving:
        _, writer = await serving.connect()
        writer.write(serving.written())
        exchange = await scripted_model.arrived()
        writer.close()
        await exchange.closed_early()
        assert (await serving.desk.paid()).state == "settled"


async def test_answers_under_way_end_when_the_server_stops_and_late_ones_are_booked(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(replace(LONG, pieces=("begun ",) * 3))
    asked = json.dumps({**HELLO, "stream": True}).encode()
    async with open_serving(tmp_path, scripted_model, limits=replace(QUICK, stop_s=5)) as serving:
        reader, writer = await serving.connect()
        writer.write(serving.written(CHAT, asked))
        serving.keep(writer)
        await reader.readuntil(b"begun ")
    assert (await reader.read()).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
    writer.close()
    scripted_model.script = always(LONG)
    async with open_serving(tmp_path / "late", scripted_model, limits=QUICK) as serving:
        reader, writer = await serving.connect()
        writer.write(serving.written(CHAT, asked))
        serving.keep(writer)
        await reader.readuntil(b"word 1 ")
    assert b"steward.unavailable" in await reader.read()
    writer.close()
    await scripted_model.exchanges[-1].closed_early()


@pytest.mark.parametrize(
    "begun",
    [b"", b"POST /v1/chat", b"POST / HTTP/1.1\r\nHost: x\r\nA: ", b"\r\n"],
    ids=["silence", "a line", "a header", "an empty line"],
)
async def test_whoever_does_not_finish_a_request_is_shown_out(
    tmp_path: Path, scripted_model: ScriptedModel, begun: bytes
) -> None:
    async with open_serving(tmp_path, scripted_model, limits=QUICK) as serving:
        assert status_of(await serving.say(begun)) in (0, 408)
        assert (await serving.post(HELLO)).status_code == 200


async def test_whoever_does_not_finish_a_body_is_shown_out(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_serving(tmp_path, scripted_model, limits=QUICK) as serving:
        whole = serving.written(more={"Content-Length": "1000"})
        assert status_of(await serving.say(whole)) in (0, 408)
        torn = serving.written(more={"Content-Length": "1000", "Authorization": "Bearer none"})
        assert status_of(await serving.say(torn)) == 401
    assert scripted_model.exchanges == []


async def test_an_idle_connection_that_says_an_empty_line_is_shown_out_too(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_serving(tmp_path, scripted_model, limits=QUICK) as serving:
        reader, writer = await serving.connect()
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % serving.port)
        await reader.readuntil(b'"ok"}')
        writer.write(b"\r\n")
        async with asyncio.timeout(DEADLINE_S):
            assert await reader.read() == b""


async def test_whoever_does_not_read_is_shown_out_and_pays_what_came(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(pieces=(WIDE * 10_000,) * 90))
    async with open_serving(tmp_path, scripted_model, limits=QUICK) as serving:
        _, writer = await serving.connect()
        writer.write(serving.written(CHAT, json.dumps({**HELLO, "stream": True}).encode()))
        await scripted_model.arrived()
        async with asyncio.timeout(DEADLINE_S):
            while (await serving.desk.ledger.calls(ANN))[0].state == "open":
                await asyncio.sleep(0.05)
        paid = await serving.desk.paid()
        assert paid.state == "settled"
        assert paid.is_estimated


async def test_headers_and_bodies_have_a_largest_size(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    limits = WebLimits(head_s=5, body_s=0.5)
    async with open_serving(tmp_path, scripted_model, limits=limits) as serving:
        wide = serving.written(more={"X-Wide": "x" * 70_000})
        assert status_of(await serving.say(wide)) == 431
        endless = b"GET /healthz HTTP/1.1\r\nX-Wide: " + b"x" * 200_000
        # What it still sends may tear the answer down on its way.
        assert status_of(await serving.say(endless)) in (0, 431)
        many = serving.written(more={f"X-{number}": "x" for number in range(200)})
        assert status_of(await serving.say(many)) == 431
        large = json.dumps({**HELLO, "user": "x" * (WEB_BODY_BYTES_MAX + 1)}).encode()
        assert b"413" in (await serving.say(serving.written(body=large)))[:16]
        announced = serving.written(more={"Content-Length": str(10**19)})
        assert status_of(await serving.say(announced)) in (400, 413)
    assert scripted_model.exchanges == []


async def test_strangers_make_room_for_whoever_signs_in(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    limits = WebLimits(connections_max=8, head_s=600)
    async with open_serving(tmp_path, scripted_model, limits=limits) as serving:
        assert (await serving.post(HELLO)).status_code == 200  # Keeps its connection.
        strangers = [await serving.connect() for _ in range(30)]
        assert (await serving.post(HELLO)).status_code == 200
        async with asyncio.timeout(DEADLINE_S):
            assert await strangers[0][0].read() == b""
        assert len(await serving.desk.ledger.calls(ANN)) == 2


async def test_a_connection_carries_one_request_after_the_other(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_serving(tmp_path, scripted_model) as serving:
        reader, writer = await serving.connect()
        for _ in range(3):
            writer.write(serving.written())
            head = await reader.readuntil(b"\r\n\r\n")
            assert status_of(head) == 200
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)


async def test_a_token_that_is_revoked_ends_the_stream_that_it_opened_and_no_other(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(LONG)
    asked = json.dumps({**HELLO, "stream": True}).encode()
    async with open_serving(tmp_path, scripted_model) as serving:
        written, token = await serving.fresh_token()
        reader, writer = await serving.connect()
        writer.write(serving.written(CHAT, asked, {"Authorization": f"Bearer {written}"}))
        other, writer = await serving.connect()
        writer.write(serving.written(CHAT, asked))
        for each in (reader, other):
            await each.readuntil(b"word 1 ")
        await serving.revoke(token)
        async with asyncio.timeout(DEADLINE_S):
            last = await reader.readuntil(b"0\r\n\r\n")
        assert b"steward.unknown_token" in last
        await other.readuntil(b"word ")
        await scripted_model.exchanges[0].closed_early()
        assert not scripted_model.exchanges[1].is_closed_early


async def test_a_client_that_waits_to_be_told_to_go_on_is_told(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_serving(tmp_path, scripted_model) as serving:
        reader, writer = await serving.connect()
        head, _, body = serving.written(more={"Expect": "100-continue"}).partition(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n")
        async with asyncio.timeout(DEADLINE_S):
            assert status_of(await reader.readuntil(b"\r\n\r\n")) == 100
            writer.write(body)
            assert status_of(await reader.readuntil(b"\r\n\r\n")) == 200
