"""What listens sends small answers at once."""

import asyncio
import socket

import pytest

from steward.core.listening import listen


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_small_answer_does_not_wait_for_the_one_before(address: str) -> None:
    delays: asyncio.Queue[int] = asyncio.Queue()

    def met(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted: socket.socket = writer.get_extra_info("socket")
        delays.put_nowait(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    bound = listen(address, 0)
    async with await asyncio.start_server(met, sock=bound):
        _, writer = await asyncio.open_connection(*bound.getsockname()[:2])
        assert await delays.get()
        writer.close()
