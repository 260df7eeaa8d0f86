"""A request as it will be sent: without secrets, within bounds, and off the loop if it is large."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar, cast

from steward.core.errors import LimitError
from steward.core.limits import REQUEST_BYTES_MAX
from steward.core.redact import redact
from steward.gateway.call.form import in_form_of
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import Prepared, Provider
from steward.gateway.request import (
    EmbeddingRequest,
    Fill,
    Message,
    ModelRequest,
    OtherFile,
    ToolSpec,
)

Json = TypeVar("Json", bound=str | Mapping[str, object] | None)

_OFF_LOOP_CHARS = 20_000
"""Requests above this size are prepared in a thread."""


async def prepare(
    provider: Provider, model: Model, request: ModelRequest | EmbeddingRequest
) -> Prepared:
    """What would be sent to this provider for this model, in the form that it has.

    Raises:
        LimitError: it is larger than we send.
        InvalidInputError: the model, or the provider's protocol, cannot do what is asked.
    """
    request = in_form_of(model, request)
    chars = _chars(request)
    if chars > REQUEST_BYTES_MAX:
        raise _too_large(chars)
    if chars > _OFF_LOOP_CHARS:
        prepared = await asyncio.to_thread(_encode, provider, model, request)
    else:
        prepared = _encode(provider, model, request)
    if len(prepared.body) > REQUEST_BYTES_MAX:
        raise _too_large(len(prepared.body))
    return prepared


def _chars(request: ModelRequest | EmbeddingRequest) -> int:
    if isinstance(request, EmbeddingRequest):
        return sum(map(len, request.texts))
    fill = request.fill
    gap = 0 if fill is None else len(fill.prefix) + len(fill.suffix)
    gap += sum(len(file.text) for file in (fill.files if fill else ()))
    calls = (call for message in request.messages for call in message.tool_calls)
    return (
        gap
        + sum(len(message.content) for message in request.messages)
        + sum(len(call.arguments) for call in calls)
    )


async def without_secrets(
    request: ModelRequest | EmbeddingRequest,
) -> ModelRequest | EmbeddingRequest:
    """The request as it will be sent, for others to look at."""
    if _chars(request) > _OFF_LOOP_CHARS:
        return await asyncio.to_thread(_shown, request)
    return _shown(request)


def _shown(request: ModelRequest | EmbeddingRequest) -> ModelRequest | EmbeddingRequest:
    if isinstance(request, EmbeddingRequest):
        return replace(request, texts=tuple(map(redact, request.texts)))
    messages = tuple(_redacted(message) for message in request.messages)
    fill = request.fill and _gap(request.fill)
    return replace(
        request,
        messages=messages,
        fill=fill,
        stop=tuple(map(redact, request.stop)),
        tools=tuple(map(_offered, request.tools)),
        tool_choice=_without(request.tool_choice),
        response_format=_without(request.response_format),
    )


def _encode(provider: Provider, model: Model, request: ModelRequest | EmbeddingRequest) -> Prepared:
    return provider.encode(model, _shown(request))


def _gap(fill: Fill) -> Fill:
    return replace(
        fill,
        prefix=redact(fill.prefix),
        suffix=redact(fill.suffix),
        path=redact(fill.path),
        repository=redact(fill.repository),
        files=tuple(OtherFile(redact(each.path), redact(each.text)) for each in fill.files),
    )


def _redacted(message: Message) -> Message:
    calls = tuple(replace(call, arguments=redact(call.arguments)) for call in message.tool_calls)
    return replace(message, content=redact(message.content), tool_calls=calls)


def _offered(tool: ToolSpec) -> ToolSpec:
    return replace(tool, description=redact(tool.description), parameters=_without(tool.parameters))


def _without(value: Json) -> Json:
    """A JSON value without secrets. Most hold none, which one look at the whole tells."""
    if not value:
        return value
    whole = json.dumps(value)
    return value if redact(whole) == whole else cast("Json", _redacted_json(value))


def _redacted_json(value: object) -> object:
    match value:
        case str():
            return redact(value)
        case list() | tuple():
            return [_redacted_json(each) for each in cast("Sequence[object]", value)]
        case Mapping():
            return {
                redact(name): _redacted_json(each)
                for name, each in cast("Mapping[str, object]", value).items()
            }
        case _:
            return value


def _too_large(size: int) -> LimitError:
    return LimitError(
        f"The request to the model would take {size} bytes; the most is {REQUEST_BYTES_MAX}."
        " Nothing was sent. Show the model fewer or smaller files."
    )
