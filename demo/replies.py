"""What a scripted model may answer: text, tool calls, and everything that goes wrong."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

JsonObject = dict[str, Any]
"""A request as it came over the wire; nothing about it is known yet."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool the model wants to use."""

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])
    raw: str | None = None
    """The arguments letter for letter, which need be no JSON; otherwise they are `arguments`."""
    id: str | None = None
    """What the model calls the call; otherwise it is told apart from all others."""

    @property
    def text(self) -> str:
        """The arguments as they go out."""
        return json.dumps(dict(self.arguments)) if self.raw is None else self.raw


@dataclass(frozen=True, slots=True)
class Usage:
    """What the model says the call consumed, in tokens."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    """The part of `input_tokens` that the provider had seen before."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with an error status and no stream."""

    status: int
    message: str = "the script says so"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Drop:
    """Cut the connection after so many pieces, in the middle of the answer."""

    after_pieces: int = 0


@dataclass(frozen=True, slots=True)
class Stall:
    """Send so many pieces and then nothing, for ever, with the connection open."""

    after_pieces: int = 0


Fault = Refuse | Drop | Stall


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. A piece of text is one event of a stream; so is a fragment of a tool call."""

    pieces: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    """What is reported; counted from the texts when nothing is said."""
    is_usage_sent: bool = True
    is_done_sent: bool = True
    """False ends the stream without its `[DONE]`."""
    finish: str | None = None
    """The finish reason; what fits the content when nothing is said."""
    hold: asyncio.Event | None = None
    """Answer nothing until this is set: how a test decides when the model speaks."""
    delay_s: float = 0.0
    """Before the first piece."""
    piece_delay_s: float = 0.0
    """Between pieces."""
    fault: Fault | None = None


Script = Callable[[JsonObject], Reply]
"""From the request's body to the answer."""


def say(text: str) -> Reply:
    """An answer of one piece of text."""
    return Reply(pieces=(text,))


def call(name: str, **arguments: object) -> Reply:
    """An answer that uses one tool."""
    return Reply(tool_calls=(ToolCall(name, arguments),))


def in_order(*replies: Reply) -> Script:
    """A script that gives these answers one after the other, and then says that it is over."""
    waiting = iter(replies)

    def script(_request: JsonObject) -> Reply:
        return next(waiting, Reply(fault=Refuse(500, "the script is over")))

    return script


def always(reply: Reply) -> Script:
    """A script that gives the same answer to everything."""
    return lambda _request: reply
