"""What every wire format is: how a request is written and how its answer is read, without I/O."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import SecretStr

from steward.core.errors import StewardError
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import Piece, Prepared
from steward.gateway.request import EmbeddingRequest, ModelRequest
from steward.gateway.wire.refusal import Place, refusal
from steward.gateway.wire.untrusted import JsonObject

Request = TypeVar("Request", contravariant=True)


class Decoder(Protocol):
    """Reads one answer. It is made for each, because some formats spread a fact over events."""

    @property
    def is_over(self) -> bool:
        """Whether the answer's end marker has come; what follows it is not looked at."""
        ...

    def feed(self, event: str, data: str) -> Iterable[Piece]:
        """The pieces that one event carries; or the whole body, where an answer is no stream.

        Raises:
            UnavailableError: of the kind that fits: it reports an error, or is not this format.
        """
        ...


class Wire(Protocol[Request]):
    """One format for one kind of request."""

    @property
    def is_streamed(self) -> bool:
        """Whether the answer comes as server-sent events, or as one JSON document."""
        ...

    def prepare(self, model: Model, request: Request) -> Prepared:
        """The request as it will be sent.

        Raises:
            InvalidInputError: the model or this format cannot do what is asked.
        """
        ...

    def decoder(self) -> Decoder:
        """A reader for one answer."""
        ...


class Headers(Protocol):
    """How a format carries a key, and what else it wants to be told."""

    def __call__(self, key: SecretStr | None) -> dict[str, str]:
        """The headers that go with every request."""
        ...


Refused = Callable[[str, Place, int, JsonObject, str | None], StewardError]
"""From a host, its place in the settings, a status, a body and `Retry-After` to an error."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Everything that a provider of one kind understands."""

    headers: Headers
    chat: Wire[ModelRequest]
    fill: Wire[ModelRequest] | None = None
    embedding: Wire[EmbeddingRequest] | None = None
    refused: Refused = refusal
