"""A model that is none: a real HTTP server with hand-written answers in OpenAI's wire format.

For tests (`async with ScriptedModel(script) as model`), for the demo, and for a person who wants
to try Steward in an editor without a key: `python -m demo.scripted_model --port 8111`.
"""

import argparse
import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, Callable
from typing import Literal, Self, cast

from demo import wire
from demo.replies import Drop, JsonObject, Refuse, Reply, Script, Stall
from demo.script import play

WAIT_S = 20.0
"""How long a test waits for something to happen before it is a failure."""

_GAP_PATHS = ("/v1/completions", "/v1/fim/completions", "/v1/beta/completions")
"""Where gaps are closed: by OpenAI's old address, Mistral's and DeepSeek's."""


class ClientGoneError(Exception):
    """The client hung up before it had its answer."""


class Exchange:
    """One request, and what became of it."""

    def __init__(self, number: int, request: wire.HttpRequest, body: JsonObject) -> None:
        self.number = number
        self.path = request.path
        self.headers = request.headers
        self.body = body
        self.is_closed_early = False
        """True once the client has hung up in the middle of the answer."""
        self.received_s = time.perf_counter()
        """When the request had been read to its end, on `time.perf_counter`."""
        self.first_sent_s = 0.0
        """When the first piece went out; nought before."""
        self.ended_s = 0.0
        """When the answer was over, one way or the other; nought before."""
        self._started = asyncio.Event()
        self._ended = asyncio.Event()

    @property
    def messages(self) -> list[JsonObject]:
        """The conversation that was sent."""
        return cast("list[JsonObject]", self.body.get("messages", []))

    async def started(self) -> None:
        """Wait until the first piece has been sent."""
        async with asyncio.timeout(WAIT_S):
            await self._started.wait()

    async def ended(self) -> None:
        """Wait until the answer is over: sent, cut, or no longer wanted."""
        async with asyncio.timeout(WAIT_S):
            await self._ended.wait()

    async def closed_early(self) -> None:
        """Wait until the client hangs up; fails if it took the whole answer."""
        await self.ended()
        assert self.is_closed_early, f"request {self.number} was answered to its end"

    def note_piece(self) -> None:
        """A piece has gone out."""
        if not self._started.is_set():
            self.first_sent_s = time.perf_counter()
            self._started.set()

    def note_end(self) -> None:
        """The answer is over."""
        self.ended_s = time.perf_counter()
        self._ended.set()


class _WatchedReader(asyncio.StreamReader):
    """A reader that tells when the client hangs up, even while nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = asyncio.Event()

    def feed_eof(self) -> None:
        super().feed_eof()
        self.gone.set()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self.gone.set()


class ScriptedModel:
    """A model endpoint on loopback. `url` is what a client takes as its base URL."""

    def __init__(self, script: Script = play, *, port: int = 0) -> None:
        self.script = script
        """May be changed between requests."""
        self.exchanges: list[Exchange] = []
        """Every request for an answer, in the order of arrival."""
        self._port = port
        self._arrived = asyncio.Condition()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The base URL, with the version and without a slash at its end."""
        return f"http://127.0.0.1:{self._port}/v1"

    async def __aenter__(self) -> Self:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, "127.0.0.1", self._port)
        self._port = cast("int", self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up on everybody and stop listening."""
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        async with asyncio.timeout(WAIT_S), self._arrived:
            await self._arrived.wait_for(lambda: not self._writers)

    async def arrived(self, count: int = 1) -> Exchange:
        """Wait until so many requests have come in all; gives the last of them."""
        async with asyncio.timeout(WAIT_S), self._arrived:
            await self._arrived.wait_for(lambda: len(self.exchanges) >= count)
            return self.exchanges[count - 1]

    def _connection(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(_WatchedReader(), self._serve)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer_all(cast("_WatchedReader", reader), writer)
        finally:
            writer.close()
            self._writers.discard(writer)
            async with self._arrived:
                self._arrived.notify_all()

    async def _answer_all(self, reader: _WatchedReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            try:
                request = await wire.read_request(reader)
                if request is None:
                    return
                await self._route(request, reader.gone, writer)
            except (wire.BadRequestError, ValueError) as error:
                status = getattr(error, "status", 400)
                writer.write(wire.error_response(status, str(error), {"Connection": "close"}))
                await writer.drain()
                return

    async def _route(
        self, request: wire.HttpRequest, gone: asyncio.Event, writer: asyncio.StreamWriter
    ) -> None:
        match request.method, request.path.partition("?")[0]:
            case "GET", "/v1/models":
                writer.write(wire.json_response(200, wire.models_body()))
            case "POST", "/v1/chat/completions":
                await self._answer(request, _parse(request.body, "messages"), gone, writer)
            case "POST", path if path in _GAP_PATHS:
                await self._answer(request, _parse(request.body, "prompt"), gone, writer)
            case _:
                nothing = f"nothing at {request.method} {request.path}"
                writer.write(wire.error_response(404, nothing))
        await writer.drain()

    async def _answer(
        self,
        request: wire.HttpRequest,
        body: JsonObject,
        gone: asyncio.Event,
        writer: asyncio.StreamWriter,
    ) -> None:
        exchange = Exchange(len(self.exchanges) + 1, request, body)
        async with self._arrived:
            self.exchanges.append(exchange)
            self._arrived.notify_all()
        answer = wire.Answer(exchange.number, body, self.script(body))
        try:
            async with _until_gone(gone) as watch:
                await _Sender(exchange, answer, writer).send()
                watch.cancel()
        except* (ClientGoneError, ConnectionError):
            exchange.is_closed_early = True
            writer.transport.abort()
        finally:
            exchange.note_end()


@contextlib.asynccontextmanager
async def _until_gone(gone: asyncio.Event) -> AsyncGenerator[asyncio.Task[None]]:
    """A block that is cancelled with `ClientGoneError` as soon as the client hangs up."""

    async def watch() -> None:
        await gone.wait()
        raise ClientGoneError

    async with asyncio.TaskGroup() as group:
        yield group.create_task(watch())


def _parse(body: bytes, needed: Literal["messages", "prompt"]) -> JsonObject:
    parsed: object = json.loads(body)
    if isinstance(parsed, dict):
        request = cast("JsonObject", parsed)
        if isinstance(request.get(needed), list if needed == "messages" else str):
            return request
    raise wire.BadRequestError(400, f"the body does not ask for anything: it has no {needed}")


class _Sender:
    """Puts one answer on the wire, faults included."""

    def __init__(
        self, exchange: Exchange, answer: wire.Answer, writer: asyncio.StreamWriter
    ) -> None:
        self._exchange = exchange
        self._answer = answer
        self._reply: Reply = answer.reply
        self._writer = writer

    async def send(self) -> None:
        """Wait as the script says, then answer."""
        if self._reply.hold is not None:
            await self._reply.hold.wait()
        await asyncio.sleep(self._reply.delay_s)
        match self._reply.fault:
            case Refuse(status, message, headers):
                self._writer.write(wire.error_response(status, message, headers))
            case _ if self._answer.request.get("stream"):
                await self._stream()
            case Drop():
                self._writer.transport.abort()
            case Stall():
                await asyncio.Event().wait()
            case None:
                self._writer.write(wire.json_response(200, self._answer.whole()))
        if not self._writer.is_closing():
            await self._writer.drain()

    async def _stream(self) -> None:
        self._writer.write(wire.stream_head())
        if not await self._pieces():
            return
        for last in self._answer.ending():
            self._writer.write(wire.chunk(wire.event(last)))
        if self._reply.is_done_sent:
            self._writer.write(wire.chunk(wire.event("[DONE]")))
        self._writer.write(wire.chunk(b""))

    async def _pieces(self) -> bool:
        """Send the content; False when the script cut it short."""
        sent = 0
        for piece in self._answer.pieces():
            if await self._is_cut(sent):
                return False
            if sent:
                await asyncio.sleep(self._reply.piece_delay_s)
            self._writer.write(wire.chunk(wire.event(piece)))
            await self._writer.drain()
            self._exchange.note_piece()
            sent += 1
        return not await self._is_cut(sent)

    async def _is_cut(self, sent: int) -> bool:
        match self._reply.fault:
            case Drop(after) if sent >= after:
                self._writer.close()
                return True
            case Stall(after) if sent >= after:
                await self._writer.drain()
                await asyncio.Event().wait()
                return True
            case _:
                return False


BANNER = """\
This is the scripted model. It is no AI: its answers were written by hand for the sample
repository in demo/sample. It listens on {url} and takes any key.

Try Steward against it:
    STEWARD_MODEL_URL={url} STEWARD_MODEL=scripted STEWARD_MODEL_PRICE=0.15/0.60 <your editor>

Press Ctrl-C to stop it.
"""


async def serve(port: int, say: Callable[[str], object]) -> None:
    """Answer until cancelled."""
    async with ScriptedModel(port=port) as model:
        say(BANNER.format(url=model.url))
        await asyncio.Event().wait()


def main() -> None:
    """Serve the built-in script until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m demo.scripted_model", description=__doc__)
    parser.add_argument("--port", type=int, default=8111, help="0 takes any free port")
    port: int = parser.parse_args().port
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(port, lambda text: print(text, flush=True)))


if __name__ == "__main__":
    main()
