"""What is told of each call when it is over: names and figures, and no text unless it is wanted.

Every call is told once, on whatever way it ends, refusals included. Whoever is told can neither
stop a call nor hold it up: what goes wrong there is logged, once.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from steward.core.clock import Clock
from steward.core.errors import StewardError
from steward.core.limits import OBSERVED_TEXT_CHARS_MAX
from steward.core.money import NanoUsd
from steward.core.principal import Principal
from steward.gateway.call.trail import Attempt, Trail
from steward.gateway.provider import Finished, Piece, Text
from steward.gateway.request import EmbeddingRequest, ModelRequest, Usage
from steward.ledger.charge import NO_USAGE

_log = logging.getLogger(__name__)

OK = "ok"
"""The outcome of a call whose answer came whole."""
CANCELLED = "cancelled"
"""The outcome of one whose reader left before."""
FAILED = "failed"
"""The outcome of one that ended with something else than an error of ours."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call, when it is over."""

    principal: Principal
    request: ModelRequest | EmbeddingRequest
    """What was asked for, in the form of the model that was to be asked first. Its texts are for
    those only who `want_text`."""
    chosen: str
    """`provider/model` that was to be asked first; empty where the call was refused before."""
    model: str
    """`provider/model` that answered, or was asked last."""
    attempts: tuple[Attempt, ...]
    lowered_to: int | None
    is_cached: bool
    saved_nano_usd: NanoUsd
    outcome: str
    """`ok`, `cancelled`, `failed`, or the code of our error."""
    pieces: int
    """How many pieces of an answer arrived."""
    finish_reason: str
    """Why the model stopped; empty where it did not say."""
    started_at: datetime
    started_s: float
    """The same moment by the monotonic clock, which the attempts' times are of."""
    first_piece_s: float | None
    """From the call's start to the first piece; None if none came."""
    took_s: float
    text: str | None
    """What the model said, as far as it is kept; None where nobody wants it."""

    @property
    def usage(self) -> Usage:
        """What all attempts consumed together."""
        found = NO_USAGE
        for attempt in self.attempts:
            found = _sum(found, attempt.usage)
        return found

    @property
    def cost_nano_usd(self) -> NanoUsd:
        """What all attempts cost together."""
        return NanoUsd(sum(attempt.cost_nano_usd for attempt in self.attempts))

    @property
    def own_s(self) -> float | None:
        """What we took before the first request could be sent; None where none was."""
        return self.attempts[0].started_s - self.started_s if self.attempts else None


class Observer(Protocol):
    """Is told of every call."""

    @property
    def wants_text(self) -> bool:
        """Whether the answers' texts are to be kept for it."""
        ...

    def observed(self, record: CallRecord) -> None:
        """Take note of a call. It is called on the loop, so it does next to nothing."""
        ...


class Observers:
    """All who are told."""

    def __init__(self) -> None:
        self._observers: tuple[Observer, ...] = ()
        self._failed: set[int] = set()
        self.want_text = False
        """Whether any of them wants the answers' texts."""

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._observers)

    def add(self, observer: Observer) -> None:
        """One more."""
        self._observers += (observer,)
        self.want_text = self.want_text or observer.wants_text

    def tell(self, record: CallRecord) -> None:
        """Tell everybody; raises nothing."""
        for number, observer in enumerate(self._observers):
            try:
                observer.observed(record)
            except Exception:  # It only watches: the call must not pay for its faults.
                if number not in self._failed:
                    self._failed.add(number)
                    _log.exception("model calls are not all observed; this is logged once")


class Watch:
    """Looks at one call from its start to its end; a block around it."""

    __slots__ = (
        "_chars",
        "_chosen",
        "_clock",
        "_finish",
        "_first_s",
        "_observers",
        "_pieces",
        "_principal",
        "_request",
        "_started_at",
        "_started_s",
        "_text",
        "_trail",
        "is_whole",
    )

    def __init__(
        self,
        observers: Observers,
        clock: Clock,
        principal: Principal,
        request: ModelRequest | EmbeddingRequest,
    ) -> None:
        self._observers = observers
        self._clock = clock
        self._principal = principal
        self._request = request
        self._started_at = clock.now()
        self._started_s = clock.monotonic_s()
        self._trail: Trail | None = None
        self._chosen = ""
        self._first_s: float | None = None
        self._pieces = self._chars = 0
        self._finish = ""
        self._text: list[str] | None = [] if observers.want_text else None
        self.is_whole = False
        """Whether the answer came whole; what its reader then did with it is not the call's."""

    def __enter__(self) -> Self:
        """Begin; it has begun already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Tell how it ended."""
        if self._observers:
            self._observers.tell(self._record(error))

    def follow(self, trail: Trail, asked: ModelRequest | EmbeddingRequest) -> Trail:
        """Look along this trail, from now on; gives it back. `asked`: as the first model is."""
        self._trail, self._chosen, self._request = trail, trail.model, asked
        return trail

    def saw(self, piece: Piece) -> None:
        """A piece of the answer has arrived."""
        self._pieces += 1
        if self._first_s is None:
            self._first_s = self._clock.monotonic_s()
        if isinstance(piece, Finished):
            self._finish = piece.reason
        elif self._text is not None and isinstance(piece, Text):
            room = OBSERVED_TEXT_CHARS_MAX - self._chars
            if room > 0:
                self._text.append(piece.text[:room])
                self._chars += len(piece.text)

    def _record(self, error: BaseException | None) -> CallRecord:
        trail = self._trail or Trail()
        first_s = self._first_s
        return CallRecord(
            principal=self._principal,
            request=self._request,
            chosen=self._chosen,
            model=trail.model,
            attempts=tuple(trail.attempts),
            lowered_to=trail.lowered_to,
            is_cached=trail.is_cached,
            saved_nano_usd=trail.saved_nano_usd,
            outcome=OK if self.is_whole else _outcome(error),
            pieces=self._pieces,
            finish_reason=self._finish,
            started_at=self._started_at,
            started_s=self._started_s,
            first_piece_s=None if first_s is None else first_s - self._started_s,
            took_s=self._clock.monotonic_s() - self._started_s,
            text=None if self._text is None else "".join(self._text),
        )


def _outcome(error: BaseException | None) -> str:
    match error:
        case StewardError():
            return error.code
        case None | asyncio.CancelledError() | GeneratorExit():
            return CANCELLED
        case _:
            return FAILED


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.input_tokens + other.input_tokens,
        one.output_tokens + other.output_tokens,
        one.cached_tokens + other.cached_tokens,
        one.cache_write_tokens + other.cache_write_tokens,
        one.reasoning_tokens + other.reasoning_tokens,
    )
