"""Embeddings as OpenAI, Mistral and those who follow them make them.

Source: OpenAI API reference, "Create embeddings".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from steward.core.errors import UnavailableError
from steward.core.limits import VECTOR_NUMBERS_MAX
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import Finished, Piece, Prepared, Vector
from steward.gateway.request import EmbeddingRequest, Usage
from steward.gateway.wire.untrusted import (
    JsonObject,
    as_count,
    as_index,
    as_object,
    as_objects,
    parsed,
    written,
)


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Vectors for texts; the answer is one document."""

    dimensions_field: str = "dimensions"
    is_streamed: bool = False

    def prepare(self, model: Model, request: EmbeddingRequest) -> Prepared:
        """The request as it will be sent."""
        body: JsonObject = {"model": model.name, "input": list(request.texts)}
        if request.dimensions is not None:
            body[self.dimensions_field] = request.dimensions
        return Prepared(written(body), "embedding", "/embeddings")

    def decoder(self) -> "VectorDecoder":
        """A reader for one answer."""
        return VectorDecoder()


class VectorDecoder:
    """Reads the document."""

    def __init__(self) -> None:
        self.is_over = False
        """Whether the document has been read."""

    def feed(self, event: str, data: str) -> Iterator[Piece]:  # noqa: ARG002
        """The vectors and what they consumed.

        Raises:
            UnavailableError: the document is not of this format.
        """
        body = parsed(data)
        self.is_over = True
        items = as_objects(body.get("data"))
        places = [item.get("index") for item in items]
        if not items or any(place not in places for place in range(len(items))):
            raise _no_vectors()
        for item in items:
            yield Vector(as_index(item.get("index")), _numbers(item))
        usage = as_object(body.get("usage"))
        if (tokens := as_count(usage.get("prompt_tokens"))) is not None:
            yield Usage(tokens, 0)
        yield Finished("stop")


def _numbers(item: JsonObject) -> tuple[float, ...]:
    values = item.get("embedding")
    numbers = cast("list[object]", values) if isinstance(values, list) else []
    if not 0 < len(numbers) <= VECTOR_NUMBERS_MAX:
        raise _no_vectors()
    if not all(type(number) in (int, float) for number in numbers):
        raise _no_vectors()
    try:
        return tuple(float(cast("float", number)) for number in numbers)
    except OverflowError:
        raise _no_vectors() from None


def _no_vectors() -> UnavailableError:
    return UnavailableError(
        "The model's provider sent something that is no list of vectors. Check that the model is"
        " one for embeddings, and that the provider's `wire` in the settings is the right one."
    )
