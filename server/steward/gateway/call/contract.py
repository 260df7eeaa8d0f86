"""Tools for a model that cannot be asked for them: a contract in words, and its answer read.

The model is told of the tools in the conversation and answers with one JSON object. What it then
asks for is treated like any other call: nothing here decides whether it is made.
"""

import hashlib
import json
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from steward.core.errors import UnstructuredError
from steward.core.limits import TOOL_CALLS_MAX
from steward.gateway.request import Message, ModelRequest, ToolCall, ToolSpec
from steward.gateway.structured.read import read

_TERMS = (
    "You can use tools. Answer with one JSON object and nothing else:"
    ' {"text": string, "tool_calls": [{"name": string, "arguments": object}]}. Use an empty list'
    " when you are done; then `text` is your answer. Each tool's results come with the next"
    " message. The tools, with the JSON Schema of their arguments:\n"
)


class _Called(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    arguments: dict[str, JsonValue] = Field(default_factory=dict)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = ""
    tool_calls: list[_Called] = Field(max_length=TOOL_CALLS_MAX)


def by_contract(request: ModelRequest) -> ModelRequest:
    """The request with its tools, and what was said of them, in words."""
    first, *rest = request.messages
    terms = _TERMS + "\n".join(map(_offered, request.tools))
    if first.role == "system":
        opening = (replace(first, content=f"{first.content}\n\n{terms}"),)
    else:
        opening = (Message("system", terms), first)
    names = {call.id: call.name for message in rest for call in message.tool_calls}
    told = tuple(_in_words(message, names) for message in rest)
    return replace(
        request, messages=(*opening, *told), tools=(), tool_choice=None, has_parallel_tools=True
    )


async def calls_in(text: str) -> tuple[str, tuple[ToolCall, ...]]:
    """What the model says and the tools that it wants, out of an answer under the contract.

    Raises:
        UnstructuredError: it kept to the contract only in part; it should be asked again.
    """
    try:
        answer = (await read(text, _Answer)).value
    except UnstructuredError:
        if _is_meant_as_json(text):
            raise
        return text, ()  # It forgot the contract and simply said something.
    fresh = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    calls = tuple(
        ToolCall(f"call-{fresh}-{number}", call.name, json.dumps(call.arguments))
        for number, call in enumerate(answer.tool_calls)
    )
    return answer.text, calls


def _is_meant_as_json(text: str) -> bool:
    return '"tool_calls"' in text or text.lstrip().startswith(("{", "```"))


def _offered(tool: ToolSpec) -> str:
    return f"- {tool.name}: {tool.description}\n  {json.dumps(tool.parameters)}"


def _in_words(message: Message, names: dict[str, str]) -> Message:
    if message.role == "tool":
        name = names.get(message.tool_call_id or "", "a tool")
        return Message("user", f"The tool {name} gave (data):\n{message.content}")
    if not message.tool_calls:
        return message
    called = [{"name": call.name, "arguments": _arguments(call)} for call in message.tool_calls]
    return Message("assistant", json.dumps({"text": message.content, "tool_calls": called}))


def _arguments(call: ToolCall) -> object:
    try:
        return json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):  # What a model wrote stays what it wrote.
        return call.arguments
