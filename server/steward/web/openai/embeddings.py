"""`POST /v1/embeddings`: texts as vectors."""

import base64
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from steward.core.limits import WEB_INPUTS_MAX
from steward.gateway.gateway import Embedded
from steward.gateway.request import EmbeddingRequest
from steward.web.exchange import as_json
from steward.web.fields import Fields
from steward.web.json_body import Json
from steward.web.telling import facts
from steward.web.wish import wished_model

_DIMENSIONS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class EmbeddingWish:
    """A call for vectors, and how they are to be written."""

    request: EmbeddingRequest
    is_packed: bool
    """In base 64 instead of as numbers: what the openai package asks for."""
    ignored: tuple[str, ...]


def embedding_wish(body: Json, request_id: str) -> EmbeddingWish:
    """The call that a request for embeddings asks for.

    Raises:
        InvalidInputError: it is not well formed, or asks for what we do not do.
        LimitError: it has more texts than we take.
    """
    fields = Fields(body)
    form = fields.text("encoding_format") or "float"
    if form not in ("float", "base64"):
        raise fields.wrong("encoding_format", "must be `float` or `base64`")
    request = EmbeddingRequest(
        request_id=request_id,
        texts=_texts(fields),
        model=wished_model(fields),
        dimensions=fields.whole("dimensions", 1, _DIMENSIONS_MAX),
    )
    return EmbeddingWish(request, form == "base64", fields.ignored)


def embedded_told(found: Embedded, *, is_packed: bool) -> bytes:
    """The answer. Writing many numbers takes a while."""
    # One vector at a time: the JSON encoder lets no other thread run before it is done.
    data = b",".join(
        as_json(
            {
                "object": "embedding",
                "index": index,
                "embedding": _packed(each) if is_packed else each,
            }
        )
        for index, each in enumerate(found.vectors)
    )
    tokens = 0 if found.usage is None else found.usage.input_tokens
    rest = as_json(
        {
            "object": "list",
            "model": found.trail.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
            "steward": facts(found.trail),
        }
    )
    return b'{"data":[%b],%b' % (data, rest[1:])


def _texts(fields: Fields) -> tuple[str, ...]:
    texts = fields.one_or_many("input", WEB_INPUTS_MAX)
    if not texts or not all(isinstance(each, str) and each for each in texts):
        raise fields.wrong("input", "must be a text or a list of texts, none of them empty")
    return tuple(texts)


def _packed(values: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode("ascii")
