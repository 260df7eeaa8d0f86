"""OpenAI's chat completions on the wire: requests as bytes, events as pieces.

Source: OpenAI API reference, "Create chat completion" and its streaming objects. The other side
is not trusted: whatever does not have the expected shape is left out or refused.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from steward.core.errors import UnavailableError
from steward.core.limits import TOKENS_MAX
from steward.gateway.provider import CallPart, Finished, Piece, Text
from steward.gateway.request import Message, ModelRequest, ToolSpec, Usage

JsonObject = dict[str, Any]

_REASONING = ("gpt-5", "o1", "o3", "o4")


def encode(model: str, request: ModelRequest, *, is_openai: bool) -> bytes:
    """The body of the request."""
    body: JsonObject = {
        "model": model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        # OpenAI renamed the field; the others know the old name only.
        "max_completion_tokens" if is_openai else "max_tokens": request.output_tokens_max,
    }
    # OpenAI's reasoning models refuse both of these.
    if not (is_openai and model.startswith(_REASONING)):
        body["temperature"] = 0
        if request.stop:
            body["stop"] = list(request.stop)
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _message(message: Message) -> JsonObject:
    body: JsonObject = {"role": message.role, "content": message.content}
    if message.tool_calls:
        body["content"] = message.content or None
        body["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        body["tool_call_id"] = message.tool_call_id
    return body


def _tool(tool: ToolSpec) -> JsonObject:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }
    return {"type": "function", "function": function}


def decode(data: str) -> Iterator[Piece]:
    """The pieces that one event carries.

    Raises:
        UnavailableError: it is no event of this format, or it reports an error.
    """
    event = _object(_parsed(data))
    if event.get("error"):
        raise UnavailableError(
            f"The model's provider broke off its answer{said(event)}. Try again in a moment."
        )
    for choice in _objects(event.get("choices")):
        # We ask for one choice; a second one would only mix two answers.
        if choice.get("index", 0) != 0:
            continue
        yield from _delta(_object(choice.get("delta")))
        if reason := choice.get("finish_reason"):
            yield Finished(str(reason)[:64])
    if (usage := _usage(event.get("usage"))) is not None:
        yield usage


def said(body: Mapping[str, Any]) -> str:
    """What an error says of itself in a word, ready to be appended; nothing of its prose.

    Its prose may repeat what we sent, and is not shown.
    """
    error = _object(body.get("error"))
    words = [
        word
        for name in ("code", "type", "param")
        if isinstance(word := error.get(name), str)
        and 0 < len(word) <= 64
        and word.replace("_", "").replace(".", "").isalnum()
    ]
    return f" ({', '.join(words)})" if words else ""


def _parsed(data: str) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnavailableError(
            "The model's provider sent something that is no OpenAI-compatible stream. Check that"
            " STEWARD_MODEL_URL is the API's base address, usually ending in /v1."
        ) from error


def _delta(delta: JsonObject) -> Iterator[Piece]:
    content = delta.get("content")
    if isinstance(content, str) and content:
        yield Text(content)
    for part in _objects(delta.get("tool_calls")):
        function = _object(part.get("function"))
        index = part.get("index", 0)
        yield CallPart(
            index if isinstance(index, int) else 0,
            _string(part.get("id")),
            _string(function.get("name")),
            _string(function.get("arguments")),
        )


def _usage(value: object) -> Usage | None:
    usage = _object(value)
    details = _object(usage.get("prompt_tokens_details"))
    input_tokens = _count(usage.get("prompt_tokens"))
    output_tokens = _count(usage.get("completion_tokens"))
    if input_tokens is None or output_tokens is None:
        return None
    cached_tokens = _count(details.get("cached_tokens")) or 0
    return Usage(input_tokens, output_tokens, min(cached_tokens, input_tokens))


def _count(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= TOKENS_MAX:
        return value
    return None


def _object(value: object) -> JsonObject:
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def _objects(value: object) -> list[JsonObject]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [_object(item) for item in items]


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
