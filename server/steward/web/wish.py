"""What a client asked for, read out of either API."""

import hashlib
import json
from dataclasses import dataclass

from steward.core.errors import InvalidInputError
from steward.core.limits import WEB_IDEMPOTENCY_KEY_CHARS_MAX, WEB_NAME_CHARS_MAX, WEB_STOPS_MAX
from steward.core.principal import Principal
from steward.gateway.request import ModelRequest, Sampling
from steward.web.exchange import Exchange
from steward.web.fields import Fields

ANY_MODEL = frozenset(("steward", "default"))
"""Names that leave the choice of the model to the server."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A model call, and how its answer is to be told."""

    request: ModelRequest
    is_streamed: bool = False
    is_usage_wanted: bool = True
    """Whether a stream tells the tokens; an answer in one piece always does."""
    ignored: tuple[str, ...] = ()
    """Fields that were sent and change nothing here; their names are told."""


def request_id(exchange: Exchange, principal: Principal) -> str:
    """The ledger's name for this request: the client's own, bound to the person, or a fresh one.

    Raises:
        InvalidInputError: the client's is too long.
    """
    key = exchange.header("idempotency-key")
    if key is None:
        return exchange.id
    if not 0 < len(key) <= WEB_IDEMPOTENCY_KEY_CHARS_MAX:
        raise InvalidInputError(
            f"`Idempotency-Key` must have 1 to {WEB_IDEMPOTENCY_KEY_CHARS_MAX} characters."
        )
    written = json.dumps([principal.tenant_id, principal.user, key])
    return "key-" + hashlib.sha256(written.encode("ascii")).hexdigest()[:40]


def wished_model(fields: Fields) -> str | None:
    """The model that a client names; None where it leaves the choice to us."""
    name = fields.needed_text("model", WEB_NAME_CHARS_MAX)
    if not name.isprintable():
        raise fields.wrong("model", "must be a name without control characters")
    return None if name in ANY_MODEL else name


def sampling(fields: Fields, warmest: float) -> Sampling:
    """How the model shall pick its words; what the client leaves open stays open."""
    return Sampling(
        temperature=fields.number("temperature", 0, warmest),
        top_p=fields.number("top_p", 0, 1),
        seed=fields.whole("seed", -(2**63), 2**63 - 1),
    )


def stops(fields: Fields, name: str) -> tuple[str, ...]:
    """The texts at which the model stops: one, or a list."""
    found = fields.one_or_many(name, WEB_STOPS_MAX)
    if not all(isinstance(each, str) and each for each in found):
        raise fields.wrong(name, f"must be a text, or a list of at most {WEB_STOPS_MAX} texts")
    return tuple(found)
