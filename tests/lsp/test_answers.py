"""One request, one answer: ids, cancelling, floods and our own faults, at the protocol object."""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from steward.core.limits import JSON_DEPTH_MAX, LIVE_REQUESTS_MAX, REFUSAL_CHARS_MAX
from steward.lsp.protocol import StewardProtocol, plain_converter
from tests.person import DEADLINE_S

Json = Any


class Wire:
    """Keeps what the protocol writes."""

    def __init__(self) -> None:
        self.messages: list[Json] = []

    def write(self, data: bytes) -> None:
        self.messages.append(json.loads(data.partition(b"\r\n\r\n")[2]))

    def to(self, id_: Json) -> list[Json]:
        """All answers to one request; `1` and `"1"` are two."""
        return [
            each
            for each in self.messages
            if "method" not in each and (type(each["id"]), each["id"]) == (type(id_), id_)
        ]


class Connection:
    """An initialized protocol with one slow request, `textDocument/hover`, and others."""

    def __init__(self) -> None:
        server = LanguageServer(
            "test", "1", protocol_cls=StewardProtocol, converter_factory=plain_converter
        )
        assert isinstance(server.protocol, StewardProtocol)
        self.protocol = server.protocol
        self.wire = Wire()
        self.release = asyncio.Event()
        self.begun = 0
        self.protocol.set_writer(self.wire)  # pyright: ignore[reportArgumentType]
        server.feature(types.INITIALIZE)(_begun)
        self._server = server
        self.on(types.TEXT_DOCUMENT_HOVER, self._slow)
        self.ask(0, types.INITIALIZE, {"processId": None, "rootUri": None, "capabilities": {}})

    def on(self, method: str, handler: Callable[[Json], Awaitable[Json]]) -> None:
        async def handle(params: Json) -> Json:
            return await handler(params)

        self._server.feature(method)(handle)

    def command(self, name: str, carry_out: Callable[..., Awaitable[Json]]) -> None:
        self._server.command(name)(carry_out)

    def ask(self, id_: Json, method: str, params: Json) -> None:
        self.receive({"id": id_, "method": method, "params": params})

    def hover(self, id_: Json) -> None:
        self.ask(id_, types.TEXT_DOCUMENT_HOVER, POSITION)

    def cancel(self, id_: Json) -> None:
        self.receive({"method": "$/cancelRequest", "params": {"id": id_}})

    def receive(self, message: Json) -> None:
        self.protocol.receive(json.dumps({"jsonrpc": "2.0", **message}).encode())

    async def answered(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while len(self.wire.messages) < count:
                await asyncio.sleep(0)

    async def _slow(self, _params: Json) -> None:
        self.begun += 1
        await self.release.wait()


def _begun(_params: Json) -> None:
    """Nothing of its own to do."""


NOBODY: tuple[Json, ...] = (3, "2", None, True, 2.0, [2], {}, "x" * 1_000)
"""No request's id, or no id."""
UNFIT: list[Json] = [
    {"result": {"applied": "\ud800", "failedChange": "x"}},
    {"result": 5},
    {"result": None},
    {},
    {"result": [[]]},
    {"error": 5},
    {"error": {}},
    {"error": {"code": "x", "message": 5}},
    {"error": {"code": 10**30, "message": "\ud800" * 100_000}},
    {"result": {"applied": True}, "error": {"code": 1, "message": "both"}},
]
"""Answers that are none."""
POSITION: Json = {
    "textDocument": {"uri": "file:///w/a.py"},
    "position": {"line": 0, "character": 0},
}


@pytest.fixture
async def connection() -> Connection:
    return Connection()


async def test_a_number_and_a_text_that_look_alike_are_two_ids(connection: Connection) -> None:
    for id_ in (1, "1", -1, 2**40, "", "\ud800", "x" * 100_000):
        connection.hover(id_)
    connection.release.set()
    await connection.answered(8)
    for id_ in (1, "1", -1, 2**40, "", "\ud800", "x" * 100_000):
        assert [answer["result"] for answer in connection.wire.to(id_)] == [None]


async def test_an_id_in_use_gets_one_answer(connection: Connection) -> None:
    connection.hover(1)
    connection.hover(1)
    connection.ask(1, "no/such", {})
    connection.release.set()
    await connection.answered(2)
    await asyncio.sleep(0)
    assert len(connection.wire.to(1)) == 1
    assert connection.begun == 1
    connection.hover(1)  # Answered, it may be used again.
    await connection.answered(3)
    assert len(connection.wire.to(1)) == 2


@pytest.mark.parametrize("id_", [None, True, False, 1.0, 1.5, [], {}, [1], {"id": 1}])
async def test_what_is_no_id_is_refused_without_one(connection: Connection, id_: Json) -> None:
    connection.hover(id_)
    (answer,) = connection.wire.to(None)
    assert answer["error"]["code"] == -32600


async def test_a_cancelled_request_is_answered_as_cancelled(connection: Connection) -> None:
    connection.hover(1)
    connection.hover("1")
    connection.hover(2)
    connection.cancel("1")  # Before it has begun, in the same breath.
    await asyncio.sleep(0)
    connection.cancel(1)
    connection.cancel(1)
    for nobody in NOBODY:
        connection.cancel(nobody)
    connection.receive({"method": "$/cancelRequest", "params": [2]})
    connection.receive({"method": "$/cancelRequest"})
    await connection.answered(3)
    assert [each["error"]["code"] for each in connection.wire.to(1)] == [-32800]
    assert [each["error"]["code"] for each in connection.wire.to("1")] == [-32800]
    assert connection.wire.to(2) == []
    connection.release.set()
    await connection.answered(4)
    connection.cancel(2)
    await asyncio.sleep(0)
    assert [each["result"] for each in connection.wire.to(2)] == [None]


async def test_a_command_is_never_left_half_done(connection: Connection) -> None:
    finished: list[int] = []

    async def command(*_arguments: Json) -> str:
        await connection.release.wait()
        finished.append(1)
        return "done"

    connection.command("test.command", command)
    connection.ask(1, types.WORKSPACE_EXECUTE_COMMAND, {"command": "test.command"})
    await asyncio.sleep(0)
    connection.cancel(1)
    connection.ask(2, "shutdown", None)
    closing = asyncio.create_task(connection.protocol.close())
    await asyncio.sleep(0)
    connection.release.set()
    await closing
    assert finished == [1]
    assert [each["result"] for each in connection.wire.to(1)] == ["done"]


async def test_the_editor_cannot_cancel_or_answer_its_own_request_as_ours(
    connection: Connection,
) -> None:
    asked = connection.protocol.send_request_async("steward/ask", {})
    ours = connection.wire.messages[-1]["id"]
    connection.hover(ours)
    connection.cancel(ours)
    await connection.answered(3)
    assert not asked.done()
    connection.receive({"id": ours, "result": {"choice": "approve"}})
    assert await asked == {"choice": "approve"}
    assert [each["error"]["code"] for each in connection.wire.to(ours)] == [-32800]


@pytest.mark.parametrize("answer", UNFIT, ids=lambda answer: str(answer)[:40])
async def test_whatever_the_editor_answers_the_wait_ends_once(
    connection: Connection, answer: Json
) -> None:
    params = types.ApplyWorkspaceEditParams(types.WorkspaceEdit())
    asked = connection.protocol.send_request_async(types.WORKSPACE_APPLY_EDIT, params)
    ours = connection.wire.messages[-1]["id"]
    for nobody in NOBODY:
        connection.receive({"id": nobody, "result": {"applied": True}})
    assert not asked.done()
    connection.receive({"id": ours, **answer})
    connection.receive({"id": ours, "result": {"applied": True}})
    with pytest.raises(JsonRpcException):
        await asked


async def test_an_answer_that_nobody_waits_for_any_more_is_dropped(connection: Connection) -> None:
    asked = connection.protocol.send_request_async("steward/ask", {})
    ours = connection.wire.messages[-1]["id"]
    asked.cancel()
    await asyncio.sleep(0)
    connection.receive({"id": ours, "result": {}})
    again = connection.protocol.send_request_async("steward/ask", {}, ours)
    connection.receive({"id": ours, "result": 1})
    assert await again == 1


async def test_a_flood_of_requests_is_refused_and_not_kept(connection: Connection) -> None:
    for number in range(LIVE_REQUESTS_MAX + 10):
        connection.hover(number + 1)
    await connection.answered(11)
    assert [each["error"]["code"] for each in connection.wire.messages[1:]] == [-32803] * 10
    connection.release.set()
    await connection.answered(LIVE_REQUESTS_MAX + 11)
    connection.hover("room again")
    await connection.answered(LIVE_REQUESTS_MAX + 12)
    assert "result" in connection.wire.messages[-1]


async def test_a_fault_of_ours_is_called_one_and_tells_nothing(connection: Connection) -> None:
    async def broken(_params: Json) -> None:
        raise ValueError("the person's own text")

    async def no_json(_params: Json) -> float:
        return math.nan

    async def no_data(_params: Json) -> object:
        return object()

    connection.on(types.TEXT_DOCUMENT_DECLARATION, broken)
    connection.on(types.TEXT_DOCUMENT_DEFINITION, no_json)
    connection.on(types.TEXT_DOCUMENT_IMPLEMENTATION, no_data)
    for method in ("declaration", "definition", "implementation"):
        connection.ask(method, f"textDocument/{method}", POSITION)
    await connection.answered(4)
    for answer in connection.wire.messages[1:]:
        assert answer["error"]["code"] == -32603
        assert "person" not in answer["error"]["message"]
        assert "data" not in answer["error"]
    assert all("method" not in each for each in connection.wire.messages), "no toast"


async def test_a_refusal_is_short_however_much_it_could_quote(connection: Connection) -> None:
    connection.ask(1, "x" * 1_000_000, {})
    (answer,) = connection.wire.to(1)
    assert answer["error"]["code"] == -32601
    assert len(answer["error"]["message"]) <= REFUSAL_CHARS_MAX


async def test_depth_is_refused_before_anything_recurses(connection: Connection) -> None:
    deep: Json = "x"
    for _ in range(JSON_DEPTH_MAX):
        deep = [deep]
    connection.ask(1, "workspace/executeCommand", {"command": "no", "arguments": [deep]})
    (answer,) = connection.wire.to(1)
    assert answer["error"]["code"] == -32600
    connection.ask(2, "workspace/executeCommand", {"command": "no", "arguments": deep[0][0][0]})
    await connection.answered(3)
    (answer,) = connection.wire.to(2)
    assert answer["error"]["code"] == -32602


async def test_requests_and_notifications_are_not_taken_for_each_other(
    connection: Connection,
) -> None:
    item = {"uri": "file:///w/a.py", "languageId": "python", "version": 1, "text": "x"}
    connection.ask(1, "textDocument/didOpen", {"textDocument": item})
    connection.ask(2, "exit", None)
    assert [connection.wire.to(id_)[0]["error"]["code"] for id_ in (1, 2)] == [-32601, -32601]
    assert not connection.protocol.ended.is_set()
    connection.receive({"method": "textDocument/hover", "params": POSITION})
    connection.receive({"method": "shutdown"})
    connection.receive({"method": "initialize", "params": {}})
    connection.receive({"method": "$/whatever", "params": {}})
    await asyncio.sleep(0)
    assert connection.begun == 0
    assert not connection.protocol.was_shut_down
    assert connection.protocol.documents.find("file:///w/a.py") is None


async def test_shutting_down_answers_what_is_open_and_exit_is_always_heard(
    connection: Connection,
) -> None:
    connection.hover(1)
    connection.ask(2, "shutdown", {"some": "clients send this"})
    connection.hover(3)
    await connection.answered(4)
    assert connection.wire.to(1)[0]["error"]["code"] == -32800
    assert connection.wire.to(2)[0]["result"] is None
    assert connection.wire.to(3)[0]["error"]["code"] == -32600
    connection.receive({"method": "exit", "params": [5]})
    assert connection.protocol.ended.is_set()


async def test_a_half_of_a_pair_is_replaced_and_moves_nothing(connection: Connection) -> None:
    text = "a\ud800b\udc00c \ud83d\ude00"
    item = {"uri": "file:///w/\udfff.py", "languageId": "python", "version": 1, "text": text}
    connection.receive({"method": "textDocument/didOpen", "params": {"textDocument": item}})
    document = connection.protocol.documents.find("file:///w/\ufffd.py")
    assert document is not None
    assert document.source == "a\ufffdb\ufffdc 😀"
    assert document.offset_at_position(types.Position(0, 6)) == 6


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"NaN",
            b'{"a": NaN}',
            b'{"a": -Infinity}',
            b'{"a": 1e999}',
            b'{"a": %s}' % (b"9" * 5_000),
        ),
        *(b"\xff{}", b'{"a": "\xed\xa0\x80"}', "{}".encode("utf-16"), b"\xef\xbb\xbf", b"{}{}"),
        *(b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000),
    ],
    ids=lambda body: str(body[:20]),
)
async def test_what_is_not_strict_json_is_refused_without_an_id(
    connection: Connection, body: bytes
) -> None:
    connection.protocol.receive(body)
    (answer,) = connection.wire.to(None)
    assert answer["error"]["code"] == -32700


async def test_a_byte_order_mark_is_passed_over(connection: Connection) -> None:
    connection.protocol.receive(b'\xef\xbb\xbf{"jsonrpc": "2.0", "id": 1, "method": "no/such"}')
    assert connection.wire.to(1)[0]["error"]["code"] == -32601


KIND = types.InlineCompletionTriggerKind


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ([1, 2, 1], [KIND.Invoked, KIND.Automatic, KIND.Invoked]),
        ([0, 1, 0, 1], [KIND.Invoked, KIND.Automatic, KIND.Invoked, KIND.Automatic]),
        ([2, *[1] * 20], [KIND.Automatic, *[KIND.Invoked] * 20]),
        ([1] * 10, [*[KIND.Invoked] * 8, *[KIND.Automatic] * 2]),
    ],
    ids=["the standard", "a draft", "many by hand", "a draft that never asks by hand"],
)
async def test_how_ghost_text_was_asked_for_is_read_as_the_client_counts(
    sent: list[int], read: list[types.InlineCompletionTriggerKind]
) -> None:
    converter = plain_converter()
    assert [converter.structure(each, KIND) for each in sent] == read
    with pytest.raises(ValueError, match="3"):
        converter.structure(3, KIND)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [({"reason": "Use the constant."}, "Use the constant."), ({}, ""), ({"reason": ["no"]}, "")],
)
async def test_the_answer_to_an_edit_may_say_why_not(
    connection: Connection, sent: Json, reason: str
) -> None:
    asked = connection.protocol.send_request_async(
        types.WORKSPACE_APPLY_EDIT, types.ApplyWorkspaceEditParams(types.WorkspaceEdit()), "edit"
    )
    connection.receive({"id": "edit", "result": {"applied": False, **sent}})
    answer = await asked
    assert (answer.applied, answer.reason) == (False, reason)
