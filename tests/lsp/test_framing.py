"""What the other side says about sizes is checked before it is believed."""

import asyncio

import pytest

from steward.core.errors import LimitError
from steward.core.limits import HEADER_BYTES_MAX, MESSAGE_BYTES_MAX
from steward.lsp.framing import read_message


async def read(sent: bytes) -> list[bytes]:
    """All messages until the other side has hung up."""
    reader = asyncio.StreamReader(limit=HEADER_BYTES_MAX)
    reader.feed_data(sent)
    reader.feed_eof()
    messages: list[bytes] = []
    while (body := await read_message(reader)) is not None:
        messages.append(body)
    return messages


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 2\r\n\r\n",
        b"content-length: 2\r\n\r\n",
        b"CONTENT-LENGTH:2\r\n\r\n",
        b"Content-Length: \t 2 \r\n\r\n",
        b"Content-Length: 0000000002\r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 2\r\nContent-Type: x\r\n\r\n",
        b"X-Content-Length: 9\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 2\n\n",
        b"content-type: x\nCONTENT-length: 2\r\n\n",
        b"no header at all\r\nContent-Length: 2\r\n\r\n",
    ],
)
async def test_headers_are_read_however_they_are_written(headers: bytes) -> None:
    assert await read(headers + b"{}" + headers + b"[]") == [b"{}", b"[]"]


@pytest.mark.parametrize(
    "headers",
    [
        b"\r\n\r\n",
        b"Content-Type: x\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 2x\r\n\r\n",
        b"Content-Length: 0x2\r\n\r\n",
        b"Content-Length: \xd9\xa2\r\n\r\n",
        b"Content-Length: %d\r\n\r\n" % (MESSAGE_BYTES_MAX + 1),
        b"Content-Length: 1" + b"0" * 12 + b"\r\n\r\n",
        b"Content-Length: 1" + b"0" * 5000 + b"\r\n\r\n",
        b"X-Content-Length: 2\r\n\r\n",
        b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 2\r\ncontent-length: 3\r\n\r\n",
        b"Content-Length : 2\r\n\r\n",
        b"Content-Length: 2\r\r\n\r\n",
        b"Content-Length:\r\n\r\n",
        b"X: x\n" * HEADER_BYTES_MAX,
        b"X: Content-Length: 2\r\n\r\n",
        b"X: " + b"x" * HEADER_BYTES_MAX + b"\r\nContent-Length: 2\r\n\r\n",
        b"x" * (1 << 20),
    ],
    ids=lambda value: str(value[:40]),
)
async def test_what_cannot_be_a_size_ends_the_conversation(headers: bytes) -> None:
    with pytest.raises(LimitError):
        await read(headers + b"{}")


async def test_a_body_may_be_empty() -> None:
    assert await read(b"Content-Length: 0\r\n\r\n" * 2) == [b"", b""]


async def test_a_header_that_never_ends_is_not_kept() -> None:
    reader = asyncio.StreamReader(limit=HEADER_BYTES_MAX)
    reading = asyncio.create_task(read_message(reader))
    fed = 0
    while not reading.done():
        reader.feed_data(b"x" * 1024)
        fed += 1024
        await asyncio.sleep(0)
    assert fed < 4 * HEADER_BYTES_MAX
    with pytest.raises(LimitError):
        await reading


async def test_a_body_may_be_longer_than_any_header() -> None:
    body = b"x" * (HEADER_BYTES_MAX * 20)
    assert await read(b"Content-Length: %d\r\n\r\n%s" % (len(body), body)) == [body]


@pytest.mark.parametrize(
    "sent", [b"", b"Content-Length: 2", b"Content-Length: 2\r\n\r\n", b"Content-Length: 2\r\n\r\n{"]
)
async def test_whoever_hangs_up_in_the_middle_has_hung_up(sent: bytes) -> None:
    assert await read(sent) == []
