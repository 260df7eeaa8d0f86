"""Answers as Anthropic's clients read them."""

import json
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, cast

from steward.gateway.call.answer import Answer
from steward.gateway.provider import CallPart
from steward.gateway.request import ToolCall, Usage
from steward.web.exchange import as_json
from steward.web.telling import facts

_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
_REASONS["content_filter"] = "refusal"


class MessageTelling:
    """A message of blocks."""

    def __init__(self, id_: str) -> None:
        self._id = f"msg_{id_}"
        self._blocks = 0
        self._open: str | int | None = None
        """The block that is being told: `text`, or the number of a tool call."""
        self._before_text = b""

    def begin(self, answer: Answer) -> bytes:
        """An empty message. How long the prompt was is known at the end only."""
        message = self._message(answer, [], None, Usage(0, 0))
        return _event("message_start", {"message": message})

    def text(self, text: str) -> bytes:
        """A piece of text, in a block of its own or in the one that is open."""
        opening = self._opened("text", {"type": "text", "text": ""})
        if opening:
            self._before_text = (
                b"event: content_block_delta\n"
                b'data: {"type":"content_block_delta","index":%d,"delta":{"type":"text_delta",'
                b'"text":' % (self._blocks - 1)
            )
        return b"%b%b%b}}\n\n" % (opening, self._before_text, quoted(text).encode("ascii"))

    def call(self, part: CallPart) -> bytes:
        """A piece of a tool use; each has a block of its own."""
        block: dict[str, object] = {
            "type": "tool_use",
            "id": part.id or f"toolu_{part.index}",
            "name": part.name,
            "input": {},
        }
        events = self._opened(part.index, block)
        if part.arguments:
            delta = {"type": "input_json_delta", "partial_json": part.arguments}
            index = self._blocks - 1
            events += _event("content_block_delta", {"index": index, "delta": delta})
        return events

    def end(self, answer: Answer) -> bytes:
        """Why it ended, the tokens, and what it cost."""
        delta = {"stop_reason": _stop_reason(answer), "stop_sequence": None}
        told = {"delta": delta, "usage": _usage(answer.usage), "steward": facts(answer.trail)}
        return self._closed() + _event("message_delta", told) + _event("message_stop", {})

    def whole(self, text: str, answer: Answer) -> bytes:
        """The whole answer."""
        content: list[Mapping[str, object]] = [{"type": "text", "text": text}] if text else []
        content += [
            {"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call)}
            for call in answer.tool_calls
        ]
        message = self._message(answer, content, _stop_reason(answer), answer.usage or Usage(0, 0))
        return as_json({**message, "steward": facts(answer.trail)})

    def _message(
        self,
        answer: Answer,
        content: list[Mapping[str, object]],
        stop_reason: str | None,
        usage: Usage,
    ) -> dict[str, object]:
        return {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "model": answer.trail.model,
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": _usage(usage),
        }

    def _opened(self, what: str | int, block: Mapping[str, object]) -> bytes:
        if self._open == what:
            return b""
        closing = self._closed()
        self._open = what
        self._blocks += 1
        told = {"index": self._blocks - 1, "content_block": block}
        return closing + _event("content_block_start", told)

    def _closed(self) -> bytes:
        if self._open is None:
            return b""
        self._open = None
        return _event("content_block_stop", {"index": self._blocks - 1})


def _event(kind: str, told: Mapping[str, object]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode("ascii"), as_json({"type": kind, **told}))


def _stop_reason(answer: Answer) -> str:
    return _REASONS.get(answer.finish_reason or "stop", "end_turn")


def _usage(usage: Usage | None) -> Mapping[str, object]:
    """The tokens; Anthropic counts what was read from a cache and written to it apart."""
    found = usage or Usage(0, 0)
    fresh = found.input_tokens - found.cached_tokens - found.cache_write_tokens
    return {
        "input_tokens": max(0, fresh),
        "cache_read_input_tokens": found.cached_tokens,
        "cache_creation_input_tokens": found.cache_write_tokens,
        "output_tokens": found.output_tokens,
    }


def _input(call: ToolCall) -> object:
    """The arguments as an object; what the model wrote that is none is kept under one name."""
    try:
        found: Any = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        found = None
    return cast("object", found) if isinstance(found, dict) else {"arguments": call.arguments}
