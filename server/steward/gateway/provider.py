"""What the gateway asks of whoever runs the model."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol

from steward.gateway.request import ModelRequest, Usage


@dataclass(frozen=True, slots=True)
class Text:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class CallPart:
    """The next piece of a tool call. `id` and `name` come once, `arguments` in fragments."""

    index: int
    """Which of the answer's tool calls this belongs to."""
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The model is done: `stop`, `length`, `tool_calls`, or what else it says."""

    reason: str


Piece = Text | CallPart | Usage | Finished
"""What a stream is made of, in the order in which it arrived."""


class Provider(Protocol):
    """One way to reach models."""

    def encode(self, model: str, request: ModelRequest) -> bytes:
        """The exact body that would be sent. Its length bounds the input tokens."""
        ...

    def stream(self, body: bytes, on_sent: Callable[[], None]) -> AsyncGenerator[Piece]:
        """Send the body and read the answer.

        `on_sent` is called when the first byte of the request is about to leave: from then on
        the provider may bill. Closing the generator hangs up at once.

        Raises:
            ProviderRefusedError: the provider refused, and will refuse again.
            RateLimitedError: the provider refused for now. Neither is billed.
            UnavailableError: it cannot be reached, or broke off.
            LimitError: the answer is larger than we take.
        """
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...
