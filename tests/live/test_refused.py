"""Whoever may not follow is refused before the upgrade; whoever harms others is shown out."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from demo.scripted_model import ScriptedModel
from steward.web.live.limits import LiveLimits
from tests.ledger.bank import ANN
from tests.live.following import REPORTS, following
from tests.live.happenings import Member, people, put, run_row
from tests.web.serving import DEADLINE_S, MODELS, Serving, open_serving, status_of

PATIENT = LiveLimits()


@pytest.fixture
async def serving(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Serving]:
    """A server on SQLite: none of this concerns the database."""
    async with open_serving(tmp_path, scripted_model) as opened:
        yield opened


async def refusal(serving: Serving, token: str, query: str = "", **headers: str) -> int:
    """The status that a handshake is refused with."""
    with pytest.raises(InvalidStatus) as found:
        async with following(serving, token, query, **headers):
            pass
    return found.value.response.status_code


async def cookie(serving: Serving) -> str:
    """That of a session of Ann's."""
    secret = await serving.sessions.enter(await serving.sessions.link(ANN), "")
    return f"steward-{serving.port}={secret}"


async def test_a_token_that_may_not_read_opens_no_socket(serving: Serving) -> None:
    models, _ = await serving.fresh_token(scopes=MODELS)
    revoked, row = await serving.fresh_token(scopes=REPORTS)
    await serving.revoke(row)
    await people(serving.desk.database)
    stranger, _ = await serving.fresh_token("mallory", REPORTS)
    assert [
        await refusal(serving, each) for each in ("", "stw_wrong", models, revoked, stranger)
    ] == [401, 401, 403, 401, 403]


async def test_a_token_in_the_address_opens_no_socket(serving: Serving) -> None:
    token, _ = await serving.fresh_token(scopes=REPORTS)
    assert await refusal(serving, "", f"?token={token}&access_token={token}") == 401


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost.evil.com", "http://127.0.0.1:1", ""],
)
async def test_a_page_of_another_site_opens_no_socket(serving: Serving, origin: str) -> None:
    """WS-03: with the cookie that a browser would send along, and with a token too."""
    named = {"Origin": origin} if origin else {}
    assert await refusal(serving, "", Cookie=await cookie(serving), **named) == 403
    if origin:
        token, _ = await serving.fresh_token(scopes=REPORTS)
        assert await refusal(serving, token, **named) == 403


async def test_a_page_of_this_server_opens_one_with_its_cookie(serving: Serving) -> None:
    origin = f"http://127.0.0.1:{serving.port}"
    async with following(serving, "", Cookie=await cookie(serving), Origin=origin) as page:
        assert (await page.said())["kind"] == "hello"


async def test_another_host_opens_no_socket(serving: Serving) -> None:
    token, _ = await serving.fresh_token(scopes=REPORTS)
    shake = _handshake(serving, token).replace(b"Host: 127.0.0.1", b"Host: evil.com")
    assert status_of(await serving.say(shake)) == 403


async def test_whatever_a_client_says_of_itself_gives_it_nothing(serving: Serving) -> None:
    """WS-11: in the address, in headers, and in messages."""
    database = serving.desk.database
    await people(database, Member("bob"))
    token, _ = await serving.fresh_token("bob", REPORTS)
    claims = {"role": "owner", "user": "ann", "scopes": ["manage"], "kinds": ["cost"]}
    query = "?role=owner&user=ann&user_id=ann"
    async with following(serving, token, query, X_User="ann", X_Role="owner") as bob:
        await bob.said()
        await bob.connection.send(json.dumps({"kind": "hello", **claims}))
        await put(database, run_row("of-ann"), run_row("of-bob", "bob"))
        assert (await bob.events(1))[0]["subject"] == "of-bob"


@pytest.mark.parametrize(
    "spoiled",
    [
        (b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b""),
        (b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Version: 8"),
        (b"Upgrade: websocket", b"Upgrade: h2c"),
        (b"GET /api/v1/live ", b"POST /api/v1/live "),
        (b"GET /api/v1/live ", b"GET /api/v1/usage "),
        (b"GET /api/v1/live ", b"GET /api/v1/live/ "),
        (b"GET /api/v1/live ", b"GET //api/v1/live "),
        (b"\r\n\r\n", b"\r\nContent-Length: 4\r\n\r\nabcd"),
        (b"\r\n\r\n", b"\r\n\r\n\x81\x05hello"),
    ],
)
async def test_what_is_no_handshake_is_refused(
    serving: Serving, spoiled: tuple[bytes, bytes]
) -> None:
    token, _ = await serving.fresh_token(scopes=REPORTS)
    shake = _handshake(serving, token).replace(*spoiled)
    answer = await serving.say(shake)
    assert not answer.startswith(b"HTTP/1.1 101")
    assert status_of(answer) in (0, 400, 403, 404, 405)


async def test_a_person_has_so_many_sockets_and_a_server_so_many(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    limits = LiveLimits(sockets_max=3, sockets_a_user_max=2)
    async with open_serving(tmp_path, scripted_model, live=limits) as serving:
        ann, _ = await serving.fresh_token(scopes=REPORTS)
        bob, _ = await serving.fresh_token("bob", REPORTS)
        async with (
            following(serving, ann) as first,
            following(serving, ann),
            following(serving, bob),
        ):
            await first.said()
            assert await refusal(serving, ann) == 429
            assert await refusal(serving, bob) == 503
            # Whoever has no socket is answered as before.
            recent = await serving.client.get(
                "/api/v1/live/recent", headers={"Authorization": f"Bearer {bob}"}
            )
            assert recent.status_code == 200


async def test_a_long_message_ends_the_socket_of_whoever_sends_it(serving: Serving) -> None:
    """WS-13: one that is too long, and one that only says so."""
    token, _ = await serving.fresh_token(scopes=REPORTS)
    async with following(serving, token) as loud:
        await loud.said()
        await loud.connection.send("x" * 1025)
        assert (await loud.closed())[0] == 1009
    async with following(serving, token) as busy:
        await busy.said()
        for _ in range(20):
            await busy.connection.send("x" * 1000)
        assert (await busy.closed())[0] == 1008


async def test_a_hundred_megabytes_that_are_announced_are_not_waited_for(serving: Serving) -> None:
    token, _ = await serving.fresh_token(scopes=REPORTS)
    reader, writer = await serving.connect()
    writer.write(_handshake(serving, token))
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\x81\xff" + (100 * 1024 * 1024).to_bytes(8, "big") + b"mask")
    async with asyncio.timeout(DEADLINE_S):
        assert (1009).to_bytes(2, "big") in await reader.read()


async def test_compression_is_not_agreed_to(serving: Serving) -> None:
    token, _ = await serving.fresh_token(scopes=REPORTS)
    reader, writer = await serving.connect()
    offer = b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    writer.write(_handshake(serving, token).replace(b"\r\n\r\n", offer))
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101")
    assert b"xtensions" not in head


async def test_whoever_does_not_read_is_dropped_and_holds_up_nobody(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    limits = replace(PATIENT, unread_s=0.2, closes_s=0.1, sockets_a_user_max=2)
    async with open_serving(tmp_path, scripted_model, live=limits) as serving:
        token, _ = await serving.fresh_token(scopes=REPORTS)
        deaf = socket.create_connection(("127.0.0.1", serving.port))
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(deaf, _handshake(serving, token))
        assert (await loop.sock_recv(deaf, 64)).startswith(b"HTTP/1.1 101")
        async with following(serving, token) as keen:
            await keen.said()
            name = "r" * 4000
            database = serving.desk.database
            for number in range(30):
                await put(database, *(run_row(f"{name}{number}-{each}") for each in range(40)))
                assert len(await keen.events(40)) == 40
            async with asyncio.timeout(DEADLINE_S):
                while True:  # Until its place is free.
                    with suppress(InvalidStatus):
                        async with following(serving, token) as next_one:
                            assert (await next_one.said())["kind"] == "hello"
                            break
        deaf.close()


async def test_whoever_answers_no_ping_is_shown_out(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    limits = replace(PATIENT, ping_s=0.1)
    async with open_serving(tmp_path, scripted_model, live=limits) as serving:
        token, _ = await serving.fresh_token(scopes=REPORTS)
        reader, writer = await serving.connect()
        writer.write(_handshake(serving, token))
        async with asyncio.timeout(DEADLINE_S):
            read = await reader.read()
        assert b"\x89\x00" in read
        async with following(serving, token) as alive:
            await alive.said()
            for _ in range(4):
                assert (await alive.said())["kind"] == "mark"


def _handshake(serving: Serving, token: str) -> bytes:
    return (
        "GET /api/v1/live HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{serving.port}\r\n"
        f"Authorization: Bearer {token}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode("ascii")
