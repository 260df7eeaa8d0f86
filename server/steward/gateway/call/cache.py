"""Answers that the model would give again, kept for a while so that nobody pays for them twice.

Kept is only what the request determines: temperature 0 or a seed, no tools, and an answer that
came to its own end. An agent's turns are not kept: when one is asked for again, the first answer
was of no use. A key holds everything that was sent, and whose it is; organisations share nothing.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from steward.core.clock import Clock
from steward.core.limits import CACHE_ANSWER_BYTES_MAX, CACHE_BYTES_MAX
from steward.core.money import NanoUsd
from steward.core.principal import Principal
from steward.gateway.catalogue.model import Model
from steward.gateway.prices import Price
from steward.gateway.provider import Finished, Piece, Prepared, Text
from steward.gateway.request import ModelRequest, Usage
from steward.gateway.settings import CacheSettings

ADAPTER_VERSION = 1
"""Raised when a request is written, or an answer read, in another way than before."""
_OVERHEAD_BYTES = 512
"""What an entry takes beside its text."""


@dataclass(frozen=True, slots=True)
class Known:
    """An answer that is known."""

    text: str
    usage: Usage
    cost: NanoUsd
    """What it cost when the model was asked."""
    until_s: float

    @property
    def size(self) -> int:
        """The memory that it takes, about."""
        return len(self.text.encode("utf-8", "replace")) + _OVERHEAD_BYTES

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The answer, as a provider would give it."""
        return Text(self.text), Finished("stop"), self.usage


def key_of(
    principal: Principal, model: Model, prepared: Prepared, request: ModelRequest
) -> str | None:
    """Under which the answer to this is kept; None if it is not."""
    if request.task in ("plan", "agent") or request.tools or not _is_determined(model, request):
        return None
    parts = (
        ADAPTER_VERSION,
        principal.tenant_id,
        model.provider,
        model.name,
        prepared.form,
        prepared.path,
        hashlib.sha256(prepared.body).hexdigest(),
    )
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()


def _is_determined(model: Model, request: ModelRequest) -> bool:
    sampling = request.sampling
    # What a model refuses is left out of what it is sent, and determines nothing.
    is_cold = sampling.temperature == 0 and "temperature" not in model.refuses
    return is_cold or (sampling.seed is not None and "seed" not in model.refuses)


class Cache:
    """What is known now, bounded in age and in memory; who was not asked for longest goes first."""

    def __init__(self, clock: Clock, settings: CacheSettings) -> None:
        self._clock = clock
        self._is_enabled = settings.enabled
        self._age_s = settings.age.total_seconds()
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._bytes = 0

    def find(self, key: str | None) -> Known | None:
        """The answer that is kept under the key."""
        found = self._known.get(key) if key is not None else None
        if key is None or found is None:
            return None
        if found.until_s <= self._clock.monotonic_s():
            self._drop(key)
            return None
        self._known.move_to_end(key)
        return found

    def keep(self, key: str | None, pieces: Sequence[Piece], price: Price) -> None:
        """Remember an answer, if it is whole and small."""
        if key is None or not self._is_enabled:
            return
        known = _known(pieces, price, self._clock.monotonic_s() + self._age_s)
        if known is None or known.size > CACHE_ANSWER_BYTES_MAX:
            return
        self._drop(key)
        self._known[key] = known
        self._bytes += known.size
        while self._bytes > CACHE_BYTES_MAX:
            self._drop(next(iter(self._known)))

    def _drop(self, key: str) -> None:
        if (found := self._known.pop(key, None)) is not None:
            self._bytes -= found.size


def _known(pieces: Sequence[Piece], price: Price, until_s: float) -> Known | None:
    """The answer, if it came to its own end and is nothing but text."""
    text: list[str] = []
    usage: Usage | None = None
    is_over = False
    for piece in pieces:
        match piece:
            case Text(each):
                text.append(each)
            case Usage():
                usage = piece
            case Finished("stop"):
                is_over = True
            case _:
                return None
    if usage is None or not is_over or not text:
        return None
    return Known("".join(text), usage, price.cost(usage), until_s)
