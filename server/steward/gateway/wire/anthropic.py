"""Anthropic's messages.

Source: Anthropic API reference, "Create a message" and "Streaming messages" (version 2023-06-01).
An answer's usage is spread: what was read comes with `message_start`, what was written with
`message_delta`, each time as the sum so far.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import SecretStr

from steward.core.errors import InvalidInputError, RateLimitedError, UnavailableError
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import CallPart, Finished, Piece, Prepared, SoFar, Text, Thought
from steward.gateway.request import Message, ModelRequest, ToolSpec, Usage
from steward.gateway.wire.untrusted import (
    JsonObject,
    as_count,
    as_index,
    as_object,
    as_text,
    parsed,
    said,
    written,
)

_VERSION = "2023-06-01"
_TOOL_TOKENS_MAX = 1_000
"""What a model is told of tools costs up to 804 tokens (Anthropic, "Tool use: pricing")."""
_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_COUNTS = (
    "input_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "output_tokens",
)
_TEMPERATURE_MAX = 1.0


def api_key(key: SecretStr | None) -> dict[str, str]:
    """The key as Anthropic takes it, and the version that we speak."""
    headers = {"anthropic-version": _VERSION}
    if key is not None:
        headers["x-api-key"] = key.get_secret_value()
    return headers


@dataclass(frozen=True, slots=True)
class AnthropicMessages:
    """Messages, always streamed."""

    is_streamed: bool = True

    def prepare(self, model: Model, request: ModelRequest) -> Prepared:
        """The request as it will be sent."""
        body: JsonObject = {
            "model": model.name,
            "max_tokens": request.output_tokens_max,
            "messages": _messages(request.messages),
            "stream": True,
            **_chosen(model, request),
        }
        if system := "\n\n".join(m.content for m in request.messages if m.role == "system"):
            body["system"] = system
        if request.tools:
            body["tools"] = [_tool(tool) for tool in request.tools]
            if (choice := _tool_choice(request)) is not None:
                body["tool_choice"] = choice
        if request.response_format is not None:
            body.update(_format(request.response_format))
        added = _TOOL_TOKENS_MAX if request.tools else 0
        return Prepared(written(body), "chat", "/messages", added)

    def decoder(self) -> "MessageDecoder":
        """A reader for one answer."""
        return MessageDecoder()


class MessageDecoder:
    """Reads the events of one answer."""

    def __init__(self) -> None:
        self.is_over = False
        """Whether `message_stop` has come."""
        self._has_begun = False
        self._counts: dict[str, int] = {}
        self._is_believed = True
        self._reason: str | None = None
        self._calls: dict[int, int] = {}

    def feed(self, event: str, data: str) -> Iterator[Piece]:  # noqa: ARG002
        """The pieces that one event carries.

        Raises:
            UnavailableError: of the kind that fits: it reports an error, or is not this format.
        """
        body = parsed(data)
        match body.get("type"):
            case "message_start":
                self._has_begun = True
                self._count(as_object(body.get("message")).get("usage"))
                if (usage := self._usage()) is not None:
                    yield SoFar(usage)
            case "content_block_start":
                yield from self._begin(body)
            case "content_block_delta":
                yield from self._go_on(body)
            case "message_delta":
                reason = as_text(as_object(body.get("delta")).get("stop_reason"))
                self._reason = reason or self._reason
                self._count(body.get("usage"))
                if body.get("usage") and (usage := self._usage()) is not None:
                    yield usage
            case "message_stop":
                self.is_over = True
                if self._reason is not None:
                    yield Finished(_REASONS.get(self._reason, self._reason[:64]))
            case "error":
                raise self._broken(body)
            case _:
                pass  # `ping`, the end of a block, and what they may add later.

    def _begin(self, body: JsonObject) -> Iterator[Piece]:
        block = as_object(body.get("content_block"))
        match block.get("type"):
            case "text":
                yield from _some_text(block.get("text"))
            case "tool_use":
                # Blocks are numbered with the text among them; calls are counted by themselves.
                call = self._calls.setdefault(as_index(body.get("index")), len(self._calls))
                yield CallPart(call, as_text(block.get("id")), as_text(block.get("name")))
            case _:
                pass

    def _go_on(self, body: JsonObject) -> Iterator[Piece]:
        delta = as_object(body.get("delta"))
        match delta.get("type"):
            case "text_delta":
                yield from _some_text(delta.get("text"))
            case "thinking_delta":
                if thought := as_text(delta.get("thinking")):
                    yield Thought(thought)
            case "input_json_delta":
                call = self._calls.get(as_index(body.get("index")))
                if call is None:
                    raise UnavailableError(
                        "The model's provider sent a part of a tool call that it never began. Try"
                        " again; if it stays so, use another provider."
                    )
                yield CallPart(call, arguments=as_text(delta.get("partial_json")))
            case _:
                pass

    def _count(self, usage: object) -> None:
        for name in _COUNTS:
            value = as_object(usage).get(name)
            if value is None:
                continue
            count = as_count(value)
            if count is None:
                # Half a usage cannot be told from a whole one: none of it is believed any more.
                self._is_believed = False
            else:
                self._counts[name] = count

    def _usage(self) -> Usage | None:
        if not self._is_believed or not {"input_tokens", "output_tokens"} <= self._counts.keys():
            return None
        fresh, cached, kept, wrote = (self._counts.get(name, 0) for name in _COUNTS)
        # What was read from their cache or written to it is counted beside the input.
        return Usage(fresh + cached + kept, wrote, cached, kept)

    def _broken(self, body: JsonObject) -> UnavailableError:
        words = f"The model's provider broke off its answer{said(body)}"
        kind = as_object(body.get("error")).get("type")
        if kind in ("overloaded_error", "rate_limit_error") and not self._has_begun:
            # As good as a refusal by status: it has not begun, and does not bill.
            return RateLimitedError(f"{words}: it has too much to do. Try again in a minute.")
        return UnavailableError(f"{words}. Try again in a moment.")


def _some_text(value: object) -> Iterator[Piece]:
    if text := as_text(value):
        yield Text(text)


def _chosen(model: Model, request: ModelRequest) -> JsonObject:
    sampling = request.sampling
    temperature = sampling.temperature
    fields: dict[str, object] = {
        "temperature": None if temperature is None else min(temperature, _TEMPERATURE_MAX),
        "top_p": sampling.top_p,
        "stop": [stop for stop in request.stop if stop.strip()] or None,
    }
    # A stop sequence of white space alone is refused here, and there is no seed.
    return {
        "stop_sequences" if name == "stop" else name: value
        for name, value in fields.items()
        if value is not None and name not in model.refuses
    }


def _messages(messages: Iterable[Message]) -> list[JsonObject]:
    """The conversation, in which turns take turns: neighbours of the same role are joined."""
    joined: list[JsonObject] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message)
        if joined and joined[-1]["role"] == role:
            joined[-1]["content"] += blocks
        elif blocks:
            joined.append({"role": role, "content": blocks})
    return joined


def _blocks(message: Message) -> list[JsonObject]:
    if message.role == "tool":
        # The field is Anthropic's name for the call that is answered.
        result = {"type": "tool_result", "tool_use_id": message.tool_call_id or ""}
        return [{**result, "content": message.content}]
    blocks: list[JsonObject] = []
    if message.content.strip():
        blocks.append({"type": "text", "text": message.content})
    return blocks + [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call.arguments)}
        for call in message.tool_calls
    ]


def _input(arguments: str) -> JsonObject:
    """A call's arguments as an object, which they have to be; what is none is passed on as text."""
    try:
        value: object = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return {"arguments": arguments}
    return as_object(cast("object", value)) if isinstance(value, dict) else {"arguments": arguments}


def _tool(tool: ToolSpec) -> JsonObject:
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": dict(tool.parameters),
    }


def _tool_choice(request: ModelRequest) -> JsonObject | None:
    one = {} if request.has_parallel_tools else {"disable_parallel_tool_use": True}
    match request.tool_choice:
        case "none":
            return {"type": "none"}
        case "required":
            return {"type": "any", **one}
        case {"function": {"name": str(name)}}:
            return {"type": "tool", "name": name, **one}
        case choice:
            return {"type": "auto", **one} if one or choice == "auto" else None


def _format(wanted: Mapping[str, Any]) -> JsonObject:
    """OpenAI's `response_format` in Anthropic's words; a schema is all that both know."""
    match wanted:
        case {"type": "json_schema", "json_schema": {"schema": schema}}:
            return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
        case _:
            raise InvalidInputError(
                "Anthropic's models give JSON of a schema, and none without one; nothing was sent."
                " Say the schema (`response_format` of the type `json_schema`), or choose a model"
                " of another provider."
            )
