"""`POST /v1/chat/completions`: a conversation as ours."""

from collections.abc import Mapping
from typing import Any

from steward.core.errors import InvalidInputError
from steward.core.limits import (
    TOOL_CALLS_MAX,
    WEB_MESSAGES_MAX,
    WEB_NAME_CHARS_MAX,
    WEB_PARTS_MAX,
    WEB_TOOLS_MAX,
)
from steward.gateway.request import Message, ModelRequest, Role, ToolCall, ToolSpec
from steward.web.fields import Fields
from steward.web.json_body import Json
from steward.web.wish import Wish, sampling, stops, wished_model

REFUSED: Mapping[str, tuple[Any, ...]] = {
    "audio": (),
    "frequency_penalty": (0,),
    "function_call": ("none",),
    "functions": ([],),
    "logit_bias": ({},),
    "logprobs": (False, 0),
    "modalities": (["text"],),
    "n": (1,),
    "prediction": (),
    "presence_penalty": (0,),
    "top_logprobs": (0,),
    "web_search_options": (),
}
"""What would change the answer and cannot be had here, with the values that ask for nothing."""

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
_CHOICES = ("auto", "none", "required")
_FORMATS = ("text", "json_object", "json_schema")


def chat_wish(body: Json, request_id: str, output_tokens_max: int) -> Wish:
    """The call that a request for a chat completion asks for.

    Raises:
        InvalidInputError: it is not well formed, or asks for what we do not do.
        LimitError: it has more parts than we take.
    """
    fields = Fields(body)
    fields.refuse(REFUSED)
    messages = tuple(
        _message(Fields(each, f"messages[{index}]"))
        for index, each in enumerate(fields.many("messages", WEB_MESSAGES_MAX))
    )
    if not messages:
        raise fields.wrong("messages", "is needed, and must not be empty")
    request = ModelRequest(
        request_id=request_id,
        task="chat",
        messages=messages,
        output_tokens_max=_output_max(fields, output_tokens_max),
        stop=stops(fields, "stop"),
        tools=_tools(fields),
        model=wished_model(fields),
        sampling=sampling(fields, warmest=2),
        tool_choice=_tool_choice(fields),
        has_parallel_tools=fields.flag("parallel_tool_calls", is_usual=True),
        response_format=_response_format(fields),
    )
    return streamed(fields, request)


def streamed(fields: Fields, request: ModelRequest) -> Wish:
    """The call, and whether its answer is streamed."""
    is_streamed = fields.flag("stream")
    options = fields.below("stream_options")
    is_usage_wanted = options is not None and options.flag("include_usage")
    return Wish(request, is_streamed, is_usage_wanted, fields.ignored)


def _output_max(fields: Fields, default: int) -> int:
    limits = [fields.whole(name, 1) for name in ("max_tokens", "max_completion_tokens")]
    return min((each for each in limits if each is not None), default=default)


def _message(fields: Fields) -> Message:
    role = _ROLES.get(fields.needed_text("role"))
    if role is None:
        raise fields.wrong("role", f"must be one of {', '.join(_ROLES)}")
    content = _content(fields)
    if role == "tool":
        return Message(
            role,
            content or "",
            tool_call_id=fields.needed_text("tool_call_id", WEB_NAME_CHARS_MAX),
        )
    calls = _calls(fields) if role == "assistant" else ()
    if fields.any("function_call") is not None:
        raise fields.wrong("function_call", "is no longer used; send `tool_calls`")
    if content is None and not calls:
        raise fields.wrong("content", "is needed")
    return Message(role, content or "", calls)


def _content(fields: Fields) -> str | None:
    parts = fields.one_or_many("content", WEB_PARTS_MAX)
    texts = [
        part if isinstance(part, str) else _part(Fields(part, fields.at(f"content[{index}]")))
        for index, part in enumerate(parts)
    ]
    return "".join(texts) if parts else None


def _part(fields: Fields) -> str:
    kind = fields.needed_text("type")
    if kind == "refusal":
        return fields.needed_text("refusal")
    if kind != "text":
        raise InvalidInputError(
            f"`{fields.at('type')}` is {kind[:40]!r}, and this server takes texts only: what a"
            " model makes of anything else, and so its price, cannot be bounded."
        )
    return fields.text("text") or ""


def _calls(fields: Fields) -> tuple[ToolCall, ...]:
    found: list[ToolCall] = []
    for index, each in enumerate(fields.many("tool_calls", TOOL_CALLS_MAX)):
        call = Fields(each, fields.at(f"tool_calls[{index}]"))
        if call.text("type") not in (None, "function"):
            raise call.wrong("type", "must be `function`")
        function = call.below("function")
        if function is None:
            raise call.wrong("function", "is needed")
        found.append(
            ToolCall(
                call.needed_text("id", WEB_NAME_CHARS_MAX),
                function.needed_text("name", WEB_NAME_CHARS_MAX),
                function.text("arguments") or "{}",
            )
        )
    return tuple(found)


def _tools(fields: Fields) -> tuple[ToolSpec, ...]:
    found: list[ToolSpec] = []
    for index, each in enumerate(fields.many("tools", WEB_TOOLS_MAX)):
        tool = Fields(each, f"tools[{index}]")
        function = tool.below("function")
        if tool.text("type") != "function" or function is None:
            raise tool.wrong("type", "must be `function`: this server runs no tools of its own")
        parameters = function.schema("parameters")
        found.append(
            ToolSpec(
                function.needed_text("name", WEB_NAME_CHARS_MAX),
                function.text("description") or "",
                parameters or {"type": "object", "properties": {}},
            )
        )
    return tuple(found)


def _tool_choice(fields: Fields) -> str | Mapping[str, object] | None:
    value = fields.any("tool_choice")
    if value is None or value in _CHOICES:
        return value
    chosen = Fields(value, "tool_choice")
    function = chosen.below("function")
    if chosen.text("type") != "function" or function is None:
        raise InvalidInputError(
            f"`tool_choice` must be one of {', '.join(_CHOICES)}, or name one function."
        )
    name = function.needed_text("name", WEB_NAME_CHARS_MAX)
    return {"type": "function", "function": {"name": name}}


def _response_format(fields: Fields) -> Mapping[str, object] | None:
    value = fields.any("response_format")
    if value is None:
        return None
    chosen = Fields(value, "response_format")
    kind = chosen.text("type")
    if kind not in _FORMATS:
        raise chosen.wrong("type", f"must be one of {', '.join(_FORMATS)}")
    return None if kind == "text" else value
