"""HTTP/1.1 and OpenAI's shapes, as far as one honest server needs them.

Sources: RFC 9112 for the framing, the HTML standard's section 9.2 for the event stream, and
OpenAI's references for the bodies: chat completions, and the older completions.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from demo.replies import JsonObject, Reply, ToolCall, Usage

MODEL = "scripted"
"""The only model there is. The name says that it is none."""

BODY_BYTES_MAX = 8 * 1024 * 1024
HEADER_LINES_MAX = 100
_FRAGMENT_CHARS = 12
"""Tool arguments arrive in fragments of this size, so that nobody expects them whole."""
_FRAGMENTS_MAX = 1_000
"""Nor in more fragments than these."""
_CHARS_PER_TOKEN = 4

Event = JsonObject
"""One event of a stream, before it is bytes."""


class BadRequestError(Exception):
    """The client sent what no client should; `status` is the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request, read to its end. Header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


async def read_request(reader: asyncio.StreamReader) -> HttpRequest | None:
    """The next request on the connection; None when the client has hung up."""
    first = await reader.readline()
    if not first:
        return None
    try:
        method, path, _version = first.decode("ascii").split()
    except ValueError:
        raise BadRequestError(400, "the first line is not an HTTP request") from None
    headers = await _read_headers(reader)
    return HttpRequest(method, path, headers, await _read_body(reader, headers))


async def _read_headers(reader: asyncio.StreamReader) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(HEADER_LINES_MAX):
        line = (await reader.readline()).decode("latin-1").strip()
        if not line:
            return headers
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    raise BadRequestError(431, f"more than {HEADER_LINES_MAX} header lines")


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    declared = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not declared.isdecimal():
        raise BadRequestError(411, "send the body with a Content-Length")
    length = int(declared[:12])
    if length > BODY_BYTES_MAX:
        raise BadRequestError(413, f"the body is over {BODY_BYTES_MAX} bytes")
    return await reader.readexactly(length)


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """The status line and the headers."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def json_response(status: int, body: object, headers: Mapping[str, str] | None = None) -> bytes:
    """A whole response."""
    data = json.dumps(body).encode()
    fields = {"Content-Type": "application/json", "Content-Length": str(len(data))}
    return head(status, fields | dict(headers or {})) + data


def error_response(status: int, message: str, headers: Mapping[str, str] | None = None) -> bytes:
    """An error in OpenAI's form."""
    error = {"message": message, "type": "scripted_error", "param": None, "code": str(status)}
    return json_response(status, {"error": error}, headers)


def stream_head() -> bytes:
    """The start of a stream of events."""
    return head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; the empty one is the last."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def event(body: Event | str) -> bytes:
    """One server-sent event."""
    text = body if isinstance(body, str) else json.dumps(body)
    return f"data: {text}\n\n".encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply on its way out: it knows its number and the request it answers."""

    number: int
    request: JsonObject
    reply: Reply

    def usage(self) -> Usage:
        """What the script says, or a count from the texts: about four characters a token."""
        if self.reply.usage is not None:
            return self.reply.usage
        asked = sum(
            len(json.dumps(self.request.get(name, ""))) for name in ("messages", "prompt", "suffix")
        )
        said = sum(map(len, self.reply.pieces))
        said += sum(len(call.text) for call in self.reply.tool_calls)
        return Usage(asked // _CHARS_PER_TOKEN + 1, said // _CHARS_PER_TOKEN + 1)

    def pieces(self) -> Iterator[Event]:
        """The events that carry content, in order."""
        for text in self.reply.pieces:
            yield self._text(text) if self._is_gap else self._event({"content": text})
        for index, tool_call in enumerate(self.reply.tool_calls):
            yield from self._tool_call(index, tool_call)

    def ending(self) -> Iterator[Event]:
        """The finish reason and, to a client that asked for it, the usage."""
        finish = self._finish()
        yield self._text("", finish) if self._is_gap else self._event({}, finish)
        options: JsonObject = self.request.get("stream_options") or {}
        if options.get("include_usage") and self.reply.is_usage_sent:
            yield self._head(self._kind) | {
                "choices": [],
                "usage": usage_body(self.usage()),
            }

    def whole(self) -> JsonObject:
        """The answer as one body."""
        if self._is_gap:
            body = self._text("".join(self.reply.pieces), self._finish())
            return body | ({"usage": usage_body(self.usage())} if self.reply.is_usage_sent else {})
        message: JsonObject = {"role": "assistant", "content": "".join(self.reply.pieces) or None}
        if self.reply.tool_calls:
            message["tool_calls"] = [
                self._call_head(index, tool_call)
                | {"function": {"name": tool_call.name, "arguments": tool_call.text}}
                for index, tool_call in enumerate(self.reply.tool_calls)
            ]
        choice = {"index": 0, "message": message, "finish_reason": self._finish()}
        body = self._head("chat.completion") | {"choices": [choice]}
        if self.reply.is_usage_sent:
            body["usage"] = usage_body(self.usage())
        return body

    def _tool_call(self, index: int, tool_call: ToolCall) -> Iterator[Event]:
        first = self._call_head(index, tool_call)
        first["function"] = {"name": tool_call.name, "arguments": ""}
        yield self._event({"tool_calls": [{"index": index} | first]})
        text = tool_call.text
        size = max(_FRAGMENT_CHARS, len(text) // _FRAGMENTS_MAX)
        for at in range(0, len(text), size):
            fragment = {"arguments": text[at : at + size]}
            yield self._event({"tool_calls": [{"index": index, "function": fragment}]})

    def _call_head(self, index: int, tool_call: ToolCall) -> JsonObject:
        own = f"call_{self.number}_{index}" if tool_call.id is None else tool_call.id
        return {"id": own, "type": "function"}

    def _finish(self) -> str:
        return self.reply.finish or ("tool_calls" if self.reply.tool_calls else "stop")

    @property
    def _is_gap(self) -> bool:
        return "prompt" in self.request

    @property
    def _kind(self) -> str:
        return "text_completion" if self._is_gap else "chat.completion.chunk"

    def _event(self, delta: JsonObject, finish: str | None = None) -> Event:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return self._head(self._kind) | {"choices": [choice]}

    def _text(self, text: str, finish: str | None = None) -> Event:
        choice = {"index": 0, "text": text, "finish_reason": finish}
        return self._head(self._kind) | {"choices": [choice]}

    def _head(self, kind: str) -> JsonObject:
        return {
            "id": f"chatcmpl-scripted-{self.number}",
            "object": kind,
            "created": int(time.time()),
            "model": MODEL,
        }


def usage_body(usage: Usage) -> JsonObject:
    """The usage as OpenAI writes it."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def models_body() -> JsonObject:
    """The list of models: one."""
    model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "nobody: hand-written"}
    return {"object": "list", "data": [model]}
