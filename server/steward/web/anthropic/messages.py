"""`POST /v1/messages`: a conversation in Anthropic's blocks as ours."""

import json
from collections.abc import Mapping
from typing import Any

from steward.core.errors import InvalidInputError
from steward.core.limits import (
    WEB_MESSAGES_MAX,
    WEB_NAME_CHARS_MAX,
    WEB_PARTS_MAX,
    WEB_TOOLS_MAX,
)
from steward.gateway.request import Message, ModelRequest, ToolCall, ToolSpec
from steward.web.fields import Fields
from steward.web.json_body import Json
from steward.web.wish import Wish, sampling, stops, wished_model

_REFUSED: Mapping[str, tuple[Any, ...]] = {
    "container": (),
    "context_management": ({},),
    "mcp_servers": ([],),
    "output_config": ({},),
    "output_format": (),
    "thinking": ({"type": "disabled"},),
    "top_k": (),
}
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def messages_wish(body: Json, request_id: str) -> Wish:
    """The call that a request for a message asks for.

    Raises:
        InvalidInputError: it is not well formed, or asks for what we do not do.
        LimitError: it has more parts than we take.
    """
    fields = Fields(body)
    fields.refuse(_REFUSED)
    output_tokens_max = fields.whole("max_tokens", 1)
    if output_tokens_max is None:
        raise fields.wrong("max_tokens", "is needed")
    tool_choice, has_parallel_tools = _tool_choice(fields)
    request = ModelRequest(
        request_id=request_id,
        task="chat",
        messages=conversation(fields),
        output_tokens_max=output_tokens_max,
        stop=stops(fields, "stop_sequences"),
        tools=_tools(fields),
        model=wished_model(fields),
        sampling=sampling(fields, warmest=1),
        tool_choice=tool_choice,
        has_parallel_tools=has_parallel_tools,
    )
    return Wish(request, fields.flag("stream"), True, fields.ignored)


def conversation(fields: Fields) -> tuple[Message, ...]:
    """The system's text and the messages."""
    found: list[Message] = []
    system = fields.any("system")
    if system is not None:
        found.append(Message("system", _text_of(system, "system")))
    listed = fields.many("messages", WEB_MESSAGES_MAX)
    for index, each in enumerate(listed):
        found += _messages(Fields(each, f"messages[{index}]"))
    if not listed:
        raise fields.wrong("messages", "is needed, and must not be empty")
    return tuple(found)


def _messages(fields: Fields) -> list[Message]:
    """One of Anthropic's messages; each tool result in it is a message of ours."""
    role = fields.needed_text("role")
    if role not in ("user", "assistant"):
        raise fields.wrong("role", "must be `user` or `assistant`; `system` has its own field")
    content = fields.one_or_many("content", WEB_PARTS_MAX)
    blocks = [_block(each, fields.at(f"content[{index}]")) for index, each in enumerate(content)]
    return _said(blocks) if role == "assistant" else _heard(blocks)


def _block(value: object, where: str) -> Fields:
    """A block; a text in its place is a block of text."""
    return Fields({"type": "text", "text": value} if isinstance(value, str) else value, where)


def _said(blocks: list[Fields]) -> list[Message]:
    texts: list[str] = []
    calls: list[ToolCall] = []
    for block in blocks:
        kind = block.needed_text("type")
        if kind == "text":
            texts.append(block.text("text") or "")
        elif kind == "tool_use":
            wanted = block.any("input")
            calls.append(
                ToolCall(
                    block.needed_text("id", WEB_NAME_CHARS_MAX),
                    block.needed_text("name", WEB_NAME_CHARS_MAX),
                    json.dumps({} if wanted is None else wanted),
                )
            )
        else:
            raise _no_text(block, kind)
    return [Message("assistant", "".join(texts), tuple(calls))]


def _heard(blocks: list[Fields]) -> list[Message]:
    results: list[Message] = []
    texts: list[str] = []
    for block in blocks:
        kind = block.needed_text("type")
        if kind == "text":
            texts.append(block.text("text") or "")
        elif kind == "tool_result":
            results.append(_result(block))
        else:
            raise _no_text(block, kind)
    return [*results, Message("user", "".join(texts))] if texts or not results else results


def _result(block: Fields) -> Message:
    call = block.needed_text("tool_use_id", WEB_NAME_CHARS_MAX)
    content = block.any("content")
    text = "" if content is None else _text_of(content, block.at("content"))
    if block.flag("is_error"):
        text = f"Error: {text}"
    return Message("tool", text, tool_call_id=call)


def _text_of(value: object, where: str) -> str:
    """A text, or a list of blocks of text."""
    texts: list[str] = []
    for index, each in enumerate(Fields({where: value}).one_or_many(where, WEB_PARTS_MAX)):
        block = _block(each, f"{where}[{index}]")
        kind = block.needed_text("type")
        if kind != "text":
            raise _no_text(block, kind)
        texts.append(block.text("text") or "")
    return "".join(texts)


def _tools(fields: Fields) -> tuple[ToolSpec, ...]:
    found: list[ToolSpec] = []
    for index, each in enumerate(fields.many("tools", WEB_TOOLS_MAX)):
        tool = Fields(each, f"tools[{index}]")
        if tool.text("type") not in (None, "custom"):
            raise tool.wrong("type", "must be `custom`: this server runs no tools of its own")
        schema = tool.schema("input_schema")
        if schema is None:
            raise tool.wrong("input_schema", "is needed")
        found.append(
            ToolSpec(
                tool.needed_text("name", WEB_NAME_CHARS_MAX),
                tool.text("description") or "",
                schema,
            )
        )
    return tuple(found)


def _tool_choice(fields: Fields) -> tuple[str | Mapping[str, object] | None, bool]:
    """Which tools the model uses, and whether several at once."""
    chosen = fields.below("tool_choice")
    if chosen is None:
        return None, True
    kind = chosen.needed_text("type")
    is_parallel = not chosen.flag("disable_parallel_tool_use")
    if kind == "tool":
        name = chosen.needed_text("name", WEB_NAME_CHARS_MAX)
        return {"type": "function", "function": {"name": name}}, is_parallel
    if kind not in _CHOICES:
        raise chosen.wrong("type", f"must be one of {', '.join(_CHOICES)}, tool")
    return _CHOICES[kind], is_parallel


def _no_text(block: Fields, kind: str) -> InvalidInputError:
    return InvalidInputError(
        f"`{block.at('type')}` is {kind[:40]!r}, and this server takes texts, tool uses and tool"
        " results only: what a model makes of anything else, and so its price, cannot be bounded."
    )
