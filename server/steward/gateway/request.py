"""What a caller asks of a model: plain values that cost nothing to import."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from steward.ledger.charge import Usage

__all__ = ["Message", "ModelRequest", "Role", "Task", "ToolCall", "ToolSpec", "Usage"]

Task = Literal["completion", "plan", "agent"]
"""What the model is asked for; settings choose a model for each."""

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants to use. Its arguments are whatever the model wrote."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an assistant's message: the tools it asked for."""
    tool_call_id: str | None = None
    """Of a tool's message: the call that it answers."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool that the model may ask for."""

    name: str
    description: str
    parameters: Mapping[str, object]
    """A JSON Schema."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call of a model."""

    request_id: str
    """Fresh for every attempt: one that timed out may have been billed, so a second try under
    the same id is refused."""
    task: Task
    messages: tuple[Message, ...]
    output_tokens_max: int
    """The most that the model may write; it is sent to the provider and reserved in full."""
    stop: tuple[str, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    run_id: str | None = None
    agent: str = ""
    """The id of the agent that asks; empty where none does."""
