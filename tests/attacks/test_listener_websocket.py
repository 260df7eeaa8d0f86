"""What a browser or a careless client sends to the WebSocket port (WS-02, WS-03, WS-07, WS-13)."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from steward.lsp.listen.channel import ListenerLimits
from tests.attacks.listening import (
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
from tests.remote import framed, initialize, is_running, until


@pytest.fixture
async def web(tmp_path: Path) -> AsyncGenerator[Listening]:
    """A listener that has all the time in the world."""
    async with listening("websocket", tmp_path, limits=FOREVER) as listener:
        yield listener


async def status(listener: Listening, request: str) -> int:
    """The status that a request is answered with; 0 for none."""
    reader, writer = await listener.connect()
    try:
        writer.write(request.replace("{port}", str(listener.port)).encode("latin-1"))
        async with asyncio.timeout(DEADLINE_S):
            heard = await reader.read(65536)
    except ConnectionError:
        return 0
    finally:
        writer.transport.abort()
    assert b"permessage" not in heard
    assert b"access-control" not in heard.lower()
    assert TOKEN.encode() not in heard
    return int(heard.split()[1]) if heard else 0


ACCEPTED = {
    "by number": upgrade(),
    "by name": upgrade(Host="localhost:{port}"),
    "by the other number": upgrade(Host="[::1]:{port}"),
    "offering compression": upgrade(Sec_WebSocket_Extensions="permessage-deflate"),
    "saying where it comes from": upgrade(X_Forwarded_For="192.0.2.1"),
}

HOSTS = [
    *("evil.example", "evil.example:{port}", "127.0.0.1", "localhost", "127.0.0.1:1", "[::1]"),
    *("127.0.0.1.nip.io:{port}", "[::1].evil.example:{port}", "127.0.0.1:{port}.evil.example"),
    *("127.0.0.1:{port}@evil.example", "evil.example@127.0.0.1:{port}", "127.1:{port}", ""),
    *("0.0.0.0:{port}", "2130706433:{port}", "localhost.:{port}", "LOCALHOST:{port}"),
    *("[::ffff:127.0.0.1]:{port}", "localhost:0{port}", "127.0.0.1:{port}, evil.example"),
]
ORIGINS = [
    *("https://evil.example", "null", "http://localhost.evil.example", "http://127.0.0.1:1"),
    *("http://127.0.0.1:{port}", "http://localhost:{port}", "vscode-webview://x", "file://", ""),
]
AUTHORIZATIONS = [
    None,
    *("", "Bearer", "Bearer ", f"bearer {TOKEN}", f"Basic {TOKEN}", TOKEN, f"Bearer  {TOKEN}"),
    *(f"Bearer {TOKEN}a", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN.swapcase()}"),
    *(f"Bearer {TOKEN}, Bearer {TOKEN}", f"Bearer {TOKEN} {TOKEN}", f"Bearer \u00e9{TOKEN}"),
    "Basic " + base64.b64encode(f"x:{TOKEN}".encode()).decode(),
]
FORBIDDEN = {
    403: {
        **{f"host {host}": upgrade(Host=host) for host in HOSTS},
        "no host": upgrade(Host=None),
        "two hosts": upgrade(more="Host: 127.0.0.1:{port}\r\n"),
        "two hosts, one evil": upgrade(more="host: evil.example\r\n"),
        "forwarded host": upgrade(Host="evil.example", X_Forwarded_Host="127.0.0.1:{port}"),
        **{f"origin {origin}": upgrade(Origin=origin) for origin in ORIGINS},
        "two origins": upgrade(more="Origin: null\r\norigin: http://127.0.0.1:{port}\r\n"),
    },
    401: {
        **{f"token {shown}": upgrade(Authorization=shown) for shown in AUTHORIZATIONS},
        "two tokens": upgrade(more=f"Authorization: Bearer {TOKEN}\r\n"),
        "token as a cookie": upgrade(Authorization=None, Cookie=f"token={TOKEN}"),
        "token as a protocol": upgrade(Authorization=None, Sec_WebSocket_Protocol=TOKEN),
        "local by its own word": upgrade(Authorization=None, X_Forwarded_For="127.0.0.1"),
    },
    404: {
        line: upgrade(f"GET {line} HTTP/1.1", Authorization=None)
        for line in (
            *(f"/?token={TOKEN}", f"/?Authorization=Bearer%20{TOKEN}", f"/#{TOKEN}", "//", "/."),
            *("/%2e", "/admin", "*", "http://127.0.0.1:{port}/", "http://evil.example/", "/;x"),
        )
    },
    405: {"POST": upgrade("POST / HTTP/1.1"), "OPTIONS": upgrade("OPTIONS / HTTP/1.1")},
    505: {"an old protocol": upgrade("GET / HTTP/1.0")},
    426: {"no upgrade": upgrade(Upgrade=None), "another": upgrade(Upgrade="h2c")},
    400: {
        "no key": upgrade(Sec_WebSocket_Key=None),
        "an old version": upgrade(Sec_WebSocket_Version="8"),
    },
    431: {"endless headers": upgrade(more="X: y\r\n" * 200), "a long one": upgrade(X="y" * 9000)},
    0: {
        "chunked": upgrade(Transfer_Encoding="chunked"),
        "chunked and long": upgrade(Transfer_Encoding="chunked", Content_Length="5"),
        "a body": upgrade(Content_Length="5") + "xxxxx",
        "two lengths": upgrade(Content_Length="0", more="Content-Length: 5\r\n"),
        "a folded line": upgrade(more=" Origin: x\r\n"),
        "a bare newline": upgrade().replace("\r\n", "\n"),
        "a zero byte": upgrade(more="X: a\0b\r\n"),
        "a space before the colon": upgrade(more="Origin : https://evil.example\r\n"),
        "one wrong, then a right one": upgrade(Origin="null") + upgrade(),
        "no version": "GET /\r\n\r\n",
        "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "LSP": framed(initialize(TOKEN)).decode(),
        "nonsense": "\0\1\2\3\r\n\r\n",
    },
}


async def test_a_request_is_upgraded_only_if_all_of_it_is_right(
    web: Listening, subtests: pytest.Subtests
) -> None:
    for wanted, requests in FORBIDDEN.items():
        for what, request in requests.items():
            with subtests.test(what):
                assert await status(web, request) == wanted
    assert web.servers == []
    for what, request in ACCEPTED.items():
        with subtests.test(what):
            assert await status(web, request) == 101
    await until(lambda: len(web.servers) == len(ACCEPTED))


async def test_a_peer_that_answers_no_ping_is_dropped(tmp_path: Path) -> None:
    limits = ListenerLimits(ping_s=SOON / 2, stalled_s=SOON, closes_s=SOON, server_ends_s=SOON)
    async with listening("websocket", tmp_path, limits=limits) as listener:
        reader, writer = await entered("websocket", listener)
        assert b"\x89\x04" in await rest(reader), "it was never asked"
        writer.transport.abort()
        await until(lambda: not any(map(is_running, listener.servers)))


async def test_answers_to_pings_that_nobody_reads_pile_up_only_so_far(tmp_path: Path) -> None:
    limits = ListenerLimits(message_bytes_max=1000, closes_s=SOON, server_ends_s=SOON)
    async with listening("websocket", tmp_path, limits=limits) as listener:
        _, writer = await entered("websocket", listener)
        writer.transport.pause_reading()  # pyright: ignore[reportAttributeAccessIssue]
        with pytest.raises(ConnectionError):
            await _ping(writer)
        writer.transport.abort()


async def _ping(writer: asyncio.StreamWriter) -> None:
    """Cause more answers than all buffers on their way hold."""
    for _ in range(200):
        writer.write((b"\x89\xfdmask" + b"x" * 125) * 1000)
        await writer.drain()


async def test_compressed_unmasked_and_broken_frames_end_the_conversation(web: Listening) -> None:
    for frame in (b"\xc1\x85mask\0\0\0\0\0", b"\x81\x05hello", b"\x83\x80mask", b"\x80\x80mask"):
        reader, writer = await entered("websocket", web)
        writer.write(frame)
        assert b"\x88" in await rest(reader)
        writer.transport.abort()
