"""OpenAI's chat completions, which most providers speak.

Source: OpenAI API reference, "Create chat completion" and its streaming objects. The other side
is not trusted: whatever does not have the expected shape is left out or refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from steward.core.errors import UnavailableError
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import CallPart, Finished, Piece, Prepared, Text, Thought
from steward.gateway.request import Message, ModelRequest, ToolSpec, Usage
from steward.gateway.wire.untrusted import (
    JsonObject,
    as_count,
    as_index,
    as_object,
    as_objects,
    as_text,
    parsed,
    said,
    written,
)

_DONE = "[DONE]"
_REASON_CHARS_MAX = 64


def bearer(key: SecretStr | None) -> dict[str, str]:
    """The key as OpenAI and most others take it (RFC 6750)."""
    return {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}


@dataclass(frozen=True, slots=True)
class OpenAIChat:
    """Chat completions, always streamed."""

    limit_field: str = "max_tokens"
    """What the limit of the output is called. OpenAI renamed it; the others know the old name."""
    seed_field: str = "seed"
    must_ask_usage: bool = True
    """Whether the usage is only told to those who ask; some refuse the question."""
    is_streamed: bool = True

    def prepare(self, model: Model, request: ModelRequest) -> Prepared:
        """The request as it will be sent."""
        body: JsonObject = {
            "model": model.name,
            "messages": [_message(message) for message in request.messages],
            "stream": True,
            **({"stream_options": {"include_usage": True}} if self.must_ask_usage else {}),
            self.limit_field: request.output_tokens_max,
            **chosen(model, request, self.seed_field),
        }
        if request.tools:
            body["tools"] = [_tool(tool) for tool in request.tools]
            if request.tool_choice is not None:
                body["tool_choice"] = request.tool_choice
            if not request.has_parallel_tools:
                body["parallel_tool_calls"] = False
        if request.response_format is not None:
            body["response_format"] = dict(request.response_format)
        return Prepared(written(body), "chat", "/chat/completions")

    def decoder(self) -> "ChatDecoder":
        """A reader for one answer."""
        return ChatDecoder()


def chosen(model: Model, request: ModelRequest, seed_field: str = "seed") -> JsonObject:
    """What the request says of sampling and stops, without what the model does not take."""
    sampling = request.sampling
    fields: dict[str, object] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        "stop": list(request.stop) or None,
    }
    names = {"seed": seed_field}
    return {
        names.get(name, name): value
        for name, value in fields.items()
        if value is not None and name not in model.refuses
    }


class ChatDecoder:
    """Reads the events of one streamed answer, of a chat or of a closed gap."""

    def __init__(self) -> None:
        self.is_over = False
        """Whether `[DONE]` has come."""

    def feed(self, event: str, data: str) -> Iterator[Piece]:  # noqa: ARG002
        """The pieces that one event carries.

        Raises:
            UnavailableError: it is no event of this format, or it reports an error.
        """
        if data == _DONE:
            self.is_over = True
            return
        body = parsed(data)
        if body.get("error"):
            raise UnavailableError(
                f"The model's provider broke off its answer{said(body)}. Try again in a moment."
            )
        for choice in as_objects(body.get("choices")):
            # We ask for one choice; a second one would only mix two answers.
            if choice.get("index", 0) != 0:
                continue
            yield from _choice(choice)
        if (usage := _usage(body.get("usage"))) is not None:
            yield usage


def _choice(choice: JsonObject) -> Iterator[Piece]:
    delta = as_object(choice.get("delta"))
    # DeepSeek's models say `reasoning_content`; OpenRouter and Groq say `reasoning`.
    if thought := as_text(delta.get("reasoning_content")) or as_text(delta.get("reasoning")):
        yield Thought(thought)
    # A legacy completion has its text beside the delta instead of in it.
    if text := as_text(delta.get("content")) or as_text(choice.get("text")):
        yield Text(text)
    for part in as_objects(delta.get("tool_calls")):
        function = as_object(part.get("function"))
        yield CallPart(
            as_index(part.get("index")),
            as_text(part.get("id")),
            as_text(function.get("name")),
            as_text(function.get("arguments")),
        )
    if reason := choice.get("finish_reason"):
        yield Finished(str(reason)[:_REASON_CHARS_MAX])


def _usage(value: object) -> Usage | None:
    usage = as_object(value)
    input_tokens = as_count(usage.get("prompt_tokens"))
    output_tokens = as_count(usage.get("completion_tokens"))
    if input_tokens is None or output_tokens is None:
        return None
    sent = as_object(usage.get("prompt_tokens_details"))
    wrote = as_object(usage.get("completion_tokens_details"))
    # DeepSeek has a field of its own for what it had seen before.
    cached_tokens = as_count(sent.get("cached_tokens"))
    if cached_tokens is None:
        cached_tokens = as_count(usage.get("prompt_cache_hit_tokens")) or 0
    return Usage(
        input_tokens,
        output_tokens,
        min(cached_tokens, input_tokens),
        reasoning_tokens=min(as_count(wrote.get("reasoning_tokens")) or 0, output_tokens),
    )


def _message(message: Message) -> JsonObject:
    body: dict[str, Any] = {"role": message.role, "content": message.content}
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
