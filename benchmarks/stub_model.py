"""The quickest model there can be: bytes that were made beforehand, in a process of its own.

`model` in a request says how many pieces the answer has, as `stub-200`; `endless` never ends, and
tells on standard output when its reader has left.
"""

import asyncio
import json
import time

_EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}\n\n'
_LAST = (
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":20}}\n\n'
    b"data: [DONE]\n\n"
)
_STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
_TICK_S = 0.005


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _whole(pieces: int) -> bytes:
    message = {"role": "assistant", "content": "word " * pieces}
    body = json.dumps(
        {
            "id": "stub",
            "object": "chat.completion",
            "created": 1,
            "model": "stub",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 20, "completion_tokens": 20, "total_tokens": 40},
        }
    ).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Stub(asyncio.Protocol):
    def __init__(self) -> None:
        self._read = b""
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._task is not None:
            print(time.perf_counter(), flush=True)
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, found, body = self._read.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        if len(body) >= length:
            self._read = body[length:]
            self._answer(json.loads(body[:length]))

    def _answer(self, request: dict[str, object]) -> None:
        pieces = str(request["model"]).rpartition("-")[2]
        if pieces == "endless":
            self._transport.write(_STREAM)
            self._task = asyncio.get_running_loop().create_task(self._go_on())
        elif request.get("stream"):
            events = _chunk(_EVENT) * int(pieces) + _chunk(_LAST)
            self._transport.write(_STREAM + events + b"0\r\n\r\n")
        else:
            self._transport.write(_whole(int(pieces)))

    async def _go_on(self) -> None:
        while True:
            self._transport.write(_chunk(_EVENT))
            await asyncio.sleep(_TICK_S)


async def _main() -> None:
    server = await asyncio.get_running_loop().create_server(_Stub, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
