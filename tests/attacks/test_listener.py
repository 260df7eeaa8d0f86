"""Whoever reaches a listener without its token, or with it and ill will (WS-01 to WS-13)."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from steward.core.limits import MESSAGE_BYTES_MAX
from steward.lsp.listen.channel import ListenerLimits
from tests.attacks.listening import (
    DEAF,
    FLOOD,
    FOREVER,
    SOON,
    TOKEN,
    Listening,
    entered,
    listening,
    rest,
    upgrade,
)
from tests.person import DEADLINE_S
from tests.remote import (
    TRANSPORTS,
    Remote,
    Transport,
    framed,
    initialize,
    is_running,
    remote,
    until,
)

REFUSED, NOT_INITIALIZED = -32803, -32002


@pytest.fixture
async def tcp(tmp_path: Path) -> AsyncGenerator[Listening]:
    """A listener that has all the time in the world."""
    async with listening("tcp", tmp_path, limits=FOREVER) as listener:
        yield listener


WRONG_TOKENS = (
    *("", " ", "a", TOKEN[:-1], TOKEN + "a", TOKEN[:-1] + "b", TOKEN.lower(), TOKEN + "\n"),
    *("a" * 43, "\0" * 43, "\u00e9" * 43, "\ud800" * 43, TOKEN + "\0", "a" * 100_000, "null"),
    *(None, 0, True, [TOKEN], {"token": TOKEN}),
)


async def test_a_wrong_token_is_told_so_with_the_same_id_and_that_is_all(tcp: Listening) -> None:
    for token in WRONG_TOKENS:
        for id_ in (7, "seven"):
            heard = await tcp.said(framed(initialize(token, id_=id_)))
            answer = json.loads(heard.partition(b"\r\n\r\n")[2])
            assert (answer["id"], answer["error"]["code"]) == (id_, REFUSED), token
            assert TOKEN.encode() not in heard
    assert tcp.servers == []


@pytest.mark.parametrize(
    "options",
    [None, {}, [], "x", {"token": TOKEN}, {"steward": None}, {"steward": TOKEN}, {"steward": {}}],
    ids=str,
)
async def test_a_token_counts_in_its_place_only(tcp: Listening, options: Any) -> None:
    request = initialize("", id_=1)
    request["params"]["initializationOptions"] = options
    assert str(REFUSED).encode() in await tcp.said(framed(request))
    others: tuple[Any, ...] = (None, [], "x")
    for params in others:
        assert str(REFUSED).encode() in await tcp.said(framed(request | {"params": params}))
    assert tcp.servers == []


async def test_before_initialize_nothing_is_answered_but_that(tcp: Listening) -> None:
    for method in ("shutdown", "workspace/executeCommand", "$/setTrace", "no/such"):
        request = {"id": 5, "method": method, "params": initialize(TOKEN)["params"]}
        answer = json.loads((await tcp.said(framed(request))).partition(b"\r\n\r\n")[2])
        assert (answer["id"], answer["error"]["code"]) == (5, NOT_INITIALIZED)
    # The first message is the only one, whatever follows it.
    late = framed({"id": 5, "method": "shutdown"}) + framed(initialize(TOKEN))
    assert (await tcp.said(late)).count(b"Content-Length") == 1
    assert tcp.servers == []


SILENCE: list[bytes] = [
    *(b"\0" * 9000, b"\r\n\r\n", b"\n\n\n\n", b"x" * 100_000),
    *(
        framed(b""),
        framed(b"{"),
        framed(b"[" * 100_000),
        framed(b"\xff\xfe\xfd"),
        framed(b"9" * 5000),
    ),
    *(framed(b"[%s]" % json.dumps(initialize(TOKEN)).encode()), framed(b"null"), framed(b'"x"')),
    framed({"method": "exit"}),
    framed({"method": "initialize", "params": initialize(TOKEN)["params"]}),
    framed({"id": 1, "result": initialize(TOKEN)["params"]}),
    b"Content-Length: 100000000\r\n\r\n",
    b"Content-Length: 2000000\r\n\r\n",
    b"Content-Length: -1\r\n\r\n",
    b"Content-Length: 2\r\n" + framed(initialize(TOKEN)),
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" + framed(initialize(TOKEN)),
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n" + framed(initialize(TOKEN)),
    b"POST /a:b HTTP/1.1\r\n" + framed(initialize(TOKEN)),
    b"POST http://127.0.0.1/ HTTP/1.0\n" + framed(initialize(TOKEN)),
]


@pytest.mark.parametrize("sent", SILENCE, ids=lambda sent: ascii(sent[:30]))
async def test_what_is_no_editor_is_left_without_a_word(tcp: Listening, sent: bytes) -> None:
    assert await tcp.said(sent) == b""
    assert tcp.servers == []


async def test_a_server_gets_neither_the_token_nor_a_process_to_watch(
    tmp_path: Path, subtests: pytest.Subtests
) -> None:
    for transport in TRANSPORTS:
        with subtests.test(transport):
            (tmp_path / transport).mkdir()
            async with (
                listening(transport, tmp_path / transport) as listener,
                remote(transport, listener.port, TOKEN) as editor,
            ):
                # A client may say it again after an error, and again the server gets no token.
                for _ in range(2):
                    await editor.send(initialize(TOKEN))
                    got = await editor.receive()
                    assert got["params"]["processId"] is None
                    assert got["params"]["initializationOptions"] == {
                        "theirs": 1,
                        "steward": {"other": 2},
                    }
                (pid,) = listener.servers
                assert os.getsid(pid) == pid
            assert not is_running(pid)


DRIPS = {
    "tcp": (
        b"",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc",
        b"Content-",
        b"Content-Length: 100\r\n\r\n",
        framed(initialize(TOKEN))[:-1],
    ),
    "websocket": (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n", upgrade().encode()[:-2]),
}


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_whoever_does_not_come_to_the_point_is_shown_out(
    tmp_path: Path, transport: Transport
) -> None:
    async with listening(transport, tmp_path, limits=ListenerLimits(stranger_s=SOON)) as listener:
        connections = [await listener.connect() for _ in DRIPS[transport]]
        for (_, writer), sent in zip(connections, DRIPS[transport], strict=True):
            writer.write(sent)
        for reader, writer in connections:
            assert await rest(reader) == b""
            writer.transport.abort()
        assert listener.servers == []


async def test_a_stranger_that_does_not_leave_is_put_out(tmp_path: Path) -> None:
    async with listening("tcp", tmp_path, limits=ListenerLimits(stranger_s=SOON)) as listener:
        reader, writer = await listener.connect()
        writer.write(framed(initialize("wrong")))
        assert b"error" in await rest(reader)
        await until(lambda: not _accepts(writer))
        writer.transport.abort()


def _accepts(writer: asyncio.StreamWriter) -> bool:
    """Whether the other side still takes what is written."""
    writer.write(b" ")
    return not writer.transport.is_closing()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_crowd_of_strangers_keeps_no_editor_out(
    tmp_path: Path, transport: Transport
) -> None:
    limits = ListenerLimits(stranger_s=DEADLINE_S * 3, strangers_max=8)
    async with listening(transport, tmp_path, limits=limits) as listener:
        crowd = [await listener.connect() for _ in range(100)]
        for reader, _ in crowd[:-8]:
            assert await rest(reader) == b""
        async with remote(transport, listener.port, TOKEN) as editor:
            await editor.send(initialize(TOKEN))
            assert (await editor.receive())["method"] == "initialize"
            # The last of the crowd still wait; the oldest of them made room.
            assert [reader.at_eof() for reader, _ in crowd[-7:]] == [False] * 7
        for _, writer in crowd:
            writer.transport.abort()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_there_are_only_so_many_places_and_each_is_free_again(
    tmp_path: Path, transport: Transport
) -> None:
    async with listening(transport, tmp_path, limits=ListenerLimits(editors_max=1)) as listener:
        async with remote(transport, listener.port, TOKEN) as editor:
            await editor.send(initialize(TOKEN))
            assert (await editor.receive())["method"] == "initialize"
            assert not await _gets_in(transport, listener)
            assert len(listener.servers) == 1
        async with asyncio.timeout(DEADLINE_S):
            while not await _gets_in(transport, listener):
                await asyncio.sleep(0.01)
        assert not is_running(listener.servers[0])


async def _gets_in(transport: Transport, listener: Listening) -> bool:
    """Whether there is a place; if there is none, that is said."""
    try:
        async with remote(transport, listener.port, TOKEN) as editor:
            await editor.send(initialize(TOKEN))
            answer = await editor.receive()
    except InvalidStatus as refused:
        return refused.response.status_code != 503
    if "error" in answer:
        assert answer["error"]["code"] == REFUSED
        assert "places" in answer["error"]["message"]
        return False
    return True


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_message_that_is_too_large_ends_the_conversation(
    tmp_path: Path, transport: Transport
) -> None:
    async with listening(transport, tmp_path) as listener:
        for size in (MESSAGE_BYTES_MAX + 1, 100_000_000, 2**62):
            reader, writer = await entered(transport, listener)
            frame = b"\x81\xff" + size.to_bytes(8, "big") + b"mask"
            writer.write(frame if transport == "websocket" else b"Content-Length: %d\n\n" % size)
            await rest(reader)
            writer.transport.abort()
        await until(lambda: not any(map(is_running, listener.servers)))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_handshake_may_not_be_as_large_as_later_messages(
    tmp_path: Path, transport: Transport
) -> None:
    large = {"method": "x", "params": "y" * 10_000}
    async with listening(
        transport, tmp_path, limits=ListenerLimits(hello_bytes_max=10_000)
    ) as listener:
        async with remote(transport, listener.port, TOKEN) as editor:
            await editor.send(initialize(TOKEN))
            await editor.send({"method": "initialized"})
            await editor.send(large)
            assert [(await editor.receive())["method"] for _ in range(3)][-1] == "x"
        async with remote(transport, listener.port, TOKEN) as editor:
            await editor.send(initialize(TOKEN))
            await editor.send(large)
            assert await editor.is_hung_up_on()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_editor_that_does_not_read_is_dropped(
    tmp_path: Path, transport: Transport
) -> None:
    limits = ListenerLimits(stalled_s=SOON, closes_s=SOON, server_ends_s=SOON)
    async with listening(transport, tmp_path, FLOOD, limits) as listener:
        _, writer = await entered(transport, listener)
        writer.transport.pause_reading()  # pyright: ignore[reportAttributeAccessIssue]
        (pid,) = listener.servers
        await until(lambda: not is_running(pid))
        writer.transport.abort()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_server_that_neither_reads_nor_ends_is_killed(
    tmp_path: Path, transport: Transport
) -> None:
    limits = ListenerLimits(stalled_s=SOON, closes_s=SOON, server_ends_s=SOON)
    async with listening(transport, tmp_path, DEAF, limits) as listener:
        async with remote(transport, listener.port, TOKEN) as editor:
            await editor.send(initialize(TOKEN))
            await until(lambda: len(listener.servers) == 1)
            with pytest.raises(ConnectionError):
                await _talk(editor)
        (pid,) = listener.servers
        await until(lambda: not is_running(pid))


async def _talk(editor: Remote) -> None:
    """Say more than all buffers on the way to a server hold."""
    for _ in range(64):
        await editor.send({"method": "initialized", "params": "x" * 1_000_000})


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    "times", [5, pytest.param(500, marks=[pytest.mark.soak, pytest.mark.timeout(600)])]
)
async def test_editors_that_come_and_go_leave_nothing_behind(
    tmp_path: Path, transport: Transport, times: int
) -> None:
    async with listening(transport, tmp_path) as listener:
        opened = _open_files()
        for turn in range(times):
            _, writer = await entered(transport, listener)
            if turn % 2:
                writer.transport.abort()
            else:
                writer.close()
        await until(lambda: not any(map(is_running, listener.servers)))
        await until(lambda: _open_files() == opened)


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))
