"""What the gateway asks of whoever runs the model."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import SecretStr

from steward.core.money import NanoUsd
from steward.gateway.catalogue.model import Model
from steward.gateway.request import EmbeddingRequest, ModelRequest, Usage


@dataclass(frozen=True, slots=True)
class Text:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """The next piece of what the model thinks aloud. It is billed, and no part of the answer."""

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
class Vector:
    """What one of the texts of an `EmbeddingRequest` became."""

    index: int
    """Which of the request's texts this belongs to."""
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SoFar:
    """What has been consumed when the model begins; the whole `Usage` comes when it is done."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Billed:
    """What the call came to, from a team's server, which has booked it already."""

    cost_nano_usd: NanoUsd
    output_tokens_max: int | None = None
    """What the server shortened the answer to, if it did."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The model is done: `stop`, `length`, `tool_calls`, `content_filter`, or what else it says."""

    reason: str


Piece = Text | Thought | CallPart | Vector | SoFar | Usage | Billed | Finished
"""What an answer is made of, in the order in which it arrived."""

Form = Literal["chat", "fill", "embedding"]
"""What is asked for: an answer to messages, a gap closed, vectors."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request as it will be sent."""

    body: bytes
    """The exact bytes."""
    form: Form = "chat"
    path: str = ""
    """Where below its base URL the provider takes it; only the provider reads this."""
    added_tokens_max: int = 0
    """The most input that the provider adds by itself and bills, such as how to ask for tools."""
    headers: tuple[tuple[str, str], ...] = ()
    """What is said beside the body; never a key."""

    @property
    def input_tokens_max(self) -> int:
        """The most input that can be billed: a token takes at least one byte of the body."""
        return len(self.body) + self.added_tokens_max


class KeySource(Protocol):
    """Where keys come from. It is asked for each call, so a changed key holds at once."""

    async def key(self, provider: str, base_url: str) -> SecretStr | None:
        """The key that may be sent to this address; None if there is none.

        A key belongs to a scheme, host and port, and is never given for another.
        """
        ...


class Provider(Protocol):
    """One way to reach models."""

    @property
    def address(self) -> str:
        """Where it is, `host:port`, for whoever watches; empty where that is not known."""
        ...

    def encode(self, model: Model, request: ModelRequest | EmbeddingRequest) -> Prepared:
        """What would be sent. It is pure, and may run in a thread.

        Raises:
            InvalidInputError: the model, or the provider's protocol, cannot do what is asked.
        """
        ...

    def stream(self, prepared: Prepared, on_sent: Callable[[], None]) -> AsyncGenerator[Piece]:
        """Send what was prepared and read the answer.

        `on_sent` is called when the first byte of the request is about to leave: from then on
        the provider may bill. Closing the generator hangs up at once.

        Raises:
            ProviderRefusedError: the provider refused, and will refuse again.
            RateLimitedError: the provider refused for now. Neither is billed.
            UnavailableError: it cannot be reached, or broke off.
            OverBudgetError: a team's server refused; its budget does not cover the call.
            NotPermittedError: a team's server refused; its policy does not allow it.
            LimitError: the answer is larger than we take.
        """
        ...

    async def has_key(self) -> bool:
        """Whether a call would carry a key; some providers need none."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...
