"""The attempts of one call: which follows which, and how each is paid.

The token accounting, in full. Before anything is sent, the most that an attempt can cost is
reserved: every input token takes at least one byte of the request's body, and the output is
limited by the number that we ourselves send. Where the budget does not cover that, the ledger
reserves what is left, and the number is lowered to what that covers (see `lower`). Afterwards,
on whatever way the attempt ends:

* nothing was sent, or the provider refused before it began (4xx, 503, 529): released;
* the provider said what was consumed: that is booked, even above the reservation;
* a team's server said what it booked: the same is booked here;
* the attempt was cut short, by us or by it: the larger of what it said and what we counted is
  booked, marked as estimated (see `Meter`);
* this process died: the ledger charges the whole reservation when its time is over.

Each attempt has its own reservation, under the one id of its request. Another one follows only
while nothing of the answer has been passed on: what a reader has seen is not taken back, and two
halves of two answers are none.
"""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotPermittedError,
    OverBudgetError,
    ProviderRefusedError,
    RateLimitedError,
    StewardError,
    UnavailableError,
)
from steward.core.money import NOTHING, NanoUsd
from steward.gateway.call import lower
from steward.gateway.call.answer import Meter
from steward.gateway.call.bill import charge_of, check_new
from steward.gateway.call.breaker import Admission, Breakers
from steward.gateway.call.form import is_by_contract
from steward.gateway.call.pacing import Pacing, Patience, pause_s
from steward.gateway.call.prepare import prepare
from steward.gateway.call.trail import Attempt, Trail
from steward.gateway.choice.target import Target
from steward.gateway.provider import Billed, Piece, Prepared, SoFar
from steward.gateway.request import EmbeddingRequest, ModelRequest, Usage
from steward.ledger.charge import NO_USAGE, Charge, Measured, Reservation
from steward.ledger.ledger import Ledger

_log = logging.getLogger(__name__)

_UNBILLED = (ProviderRefusedError, RateLimitedError, OverBudgetError, NotPermittedError)
"""How a provider refuses; the last two are a team's server."""

Reserve = Callable[[Charge], Awaitable[Reservation]]


@dataclass(frozen=True, slots=True)
class Next:
    """What follows a failure."""

    target: int
    """Which of the targets."""
    pause_s: float
    reason: str


@dataclass(slots=True)
class _Running:
    """An attempt under way."""

    target: int
    charge: Charge
    reserved: NanoUsd
    prepared: Prepared
    meter: Meter
    admission: Admission
    reason: str
    started_s: float
    first_piece_s: float | None = None
    failure: StewardError | None = None


@dataclass(slots=True)
class Chain:
    """One call's attempts. `begin`, then read `pieces`; `close` on every way out."""

    request: ModelRequest | EmbeddingRequest
    targets: Sequence[Target]
    reserve: Reserve
    ledger: Ledger
    breakers: Breakers
    pacing: Pacing
    patience: Patience
    trail: Trail
    first: Prepared
    """What the first of the targets will be sent."""
    is_as_asked: bool = False
    """Whether the answer came whole from the first target, as long as was asked for."""
    _running: _Running | None = None
    _tries: list[int] = field(default_factory=list[int])
    """How often each of the targets was asked."""
    _begun_s: float = 0.0

    async def begin(self) -> None:
        """Reserve the first attempt.

        Raises:
            UnavailableError: every provider of the chain is left alone, because it kept failing.
            OverBudgetError: the account cannot cover it.
            LimitError: the request is larger than we send.
            InvalidInputError: the request id was used before, or the model cannot do what is asked.
        """
        self._begun_s = self.pacing.clock.monotonic_s()
        self._tries = [0] * len(self.targets)
        first = self._from(0)
        if first is None:
            raise _left_alone(
                self.breakers.rest_s, *(target.model.provider for target in self.targets)
            )
        reason = f"{self.targets[0].model.provider} kept failing" if first else ""
        await self._start(Next(first, 0.0, reason))

    async def pieces(self) -> AsyncGenerator[Piece]:
        """The answer of the first attempt that gives one.

        Raises:
            UnavailableError: of the kind that the last attempt ended with.
            OverBudgetError: an attempt failed, and the account does not cover another one.
            LimitError: the answer is larger than we take.
        """
        while True:
            failure: UnavailableError | None = None
            try:
                async with aclosing(self._stream()) as stream:
                    async for piece in stream:
                        yield piece
            except UnavailableError as error:
                failure = error
            if failure is None:
                running = self._now()
                self.is_as_asked = running.target == 0 and self.trail.lowered_to is None
                return
            ended = self._now()
            self.close()  # First, so that what follows knows how the provider is.
            following = self._after(ended, failure)
            if following is None:
                raise failure
            await self.pacing.pause(following.pause_s)
            await self._follow(following, failure)

    def close(self) -> None:
        """Book what is still under way.

        Nothing is awaited: a caller that was cancelled, even twice, cannot stop a booking, and
        nobody waits for the disk to see an answer that has arrived.
        """
        running, self._running = self._running, None
        if running is None:
            return
        self._note_health(running)
        usage, is_estimated, cost = self._book(running)
        target = self.targets[running.target]
        self.trail.attempts.append(
            Attempt(
                running.charge.attempt,
                target.model.id,
                running.reason,
                running.failure.code if running.failure else "",
                cost,
                usage,
                is_estimated,
                target.provider.address,
                running.started_s,
                self.pacing.clock.monotonic_s() - running.started_s,
            )
        )

    async def _stream(self) -> AsyncGenerator[Piece]:
        """The pieces of the running attempt; what it only says of itself is held back."""
        running = self._now()
        provider = self.targets[running.target].provider
        held: list[Usage] = []
        try:
            async with aclosing(provider.stream(running.prepared, running.meter.note_sent)) as said:
                async for piece in said:
                    running.meter.note(piece)
                    if isinstance(piece, Billed) and piece.output_tokens_max is not None:
                        self.trail.lowered_to = piece.output_tokens_max
                    if isinstance(piece, SoFar | Billed):
                        continue  # For the meter alone.
                    if isinstance(piece, Usage) and running.first_piece_s is None:
                        held.append(piece)
                        continue
                    if running.first_piece_s is None:
                        running.first_piece_s = self.pacing.clock.monotonic_s()
                    for each in (*held, piece):
                        yield each
                    held.clear()
        except StewardError as error:
            running.failure = error
            # What was refused in the middle of an answer had begun, and is billed.
            is_refusal = isinstance(error, _UNBILLED)
            running.meter.is_refused = is_refusal and not running.meter.has_begun
            raise
        for each in held:
            yield each

    def _after(self, ended: _Running, failure: UnavailableError) -> Next | None:
        """What follows a failed attempt; None if nothing does."""
        if ended.first_piece_s is not None or len(self.trail.attempts) >= self.patience.most:
            return None
        told = f"{self.targets[ended.target].model.id} failed ({failure.code})"
        left_s = self._begun_s + self.patience.within_s - self.pacing.clock.monotonic_s()
        tries = self._tries[ended.target]
        if not isinstance(failure, ProviderRefusedError) and tries < self.patience.tries:
            again_s = pause_s(tries, failure, self.patience.pause_s, self.pacing.dice)
            if again_s <= left_s and self._from(ended.target) == ended.target:
                return Next(ended.target, again_s, told)
        instead = self._from(ended.target + 1)
        if instead is None or left_s < 0:
            return None
        return Next(instead, 0.0, told)

    def _from(self, first: int) -> int | None:
        """The first target from there on whose provider is not left alone."""
        now_s = self.pacing.clock.monotonic_s()
        for number in range(first, len(self.targets)):
            if not self.breakers.of(self.targets[number].model.provider).is_open(now_s):
                return number
        return None

    async def _follow(self, following: Next, failure: UnavailableError) -> None:
        """Begin the next attempt; a model that cannot do what is asked is passed over."""
        number: int | None = following.target
        while (number := self._from(number)) is not None:
            try:
                await self._start(replace(following, target=number))
            except OverBudgetError as error:
                message = f"{error} Before, another attempt had failed: {failure}"
                raise OverBudgetError(message, error.details) from failure
            except (LimitError, InvalidInputError) as error:
                _log.info("a fallback cannot be asked: %s", error.code)
                number += 1
            else:
                return
        raise failure

    async def _start(self, following: Next) -> None:
        """Reserve an attempt, and prepare what will be sent for it."""
        number = len(self.trail.attempts) + 1
        target = self.targets[following.target]
        prepared = self.first
        if following.target:
            prepared = await prepare(target.provider, target.model, self.request)
        charge = charge_of(target, self.request, prepared, number, following.reason)
        breaker = self.breakers.of(target.model.provider)
        admission = breaker.admit(self.pacing.clock.monotonic_s())
        if admission is None:
            raise _left_alone(self.breakers.rest_s, target.model.provider)
        try:
            reservation = await self.reserve(charge)
            check_new(reservation, self.request.request_id)
        except BaseException:
            breaker.note_nothing(admission)
            raise
        self._tries[following.target] += 1
        self._running = _Running(
            following.target,
            charge,
            reservation.reserved_nano_usd,
            prepared,
            Meter(len(prepared.body), self.request.output_tokens_max),
            admission,
            following.reason,
            self.pacing.clock.monotonic_s(),
        )
        self.trail.model = target.model.id
        self.trail.is_by_contract = is_by_contract(target.model, self.request)
        try:
            await self._lower(reservation)
        except BaseException:
            self.close()
            raise

    async def _lower(self, reservation: Reservation) -> None:
        """Keep to what was reserved. The body that says less is no longer than the other."""
        running, request = self._now(), self.request
        is_whole = reservation.reserved_nano_usd >= running.charge.worst_nano_usd
        self.trail.lowered_to = None
        if is_whole or isinstance(request, EmbeddingRequest):
            return
        target, size = self.targets[running.target], running.prepared.input_tokens_max
        most = lower.fitting(
            target.price, size, request.output_tokens_max, reservation.reserved_nano_usd
        )
        lowered = replace(request, output_tokens_max=most)
        running.prepared = await prepare(target.provider, target.model, lowered)
        running.meter = Meter(len(running.prepared.body), most)
        self.trail.lowered_to = most

    def _now(self) -> _Running:
        assert self._running is not None, "begin before you read"
        return self._running

    def _note_health(self, running: _Running) -> None:
        """Tell the breaker how the provider did."""
        breaker = self.breakers.of(self.targets[running.target].model.provider)
        match running.failure:
            case ProviderRefusedError():
                breaker.note_success()  # It said no to this request, and is well.
            case RateLimitedError():
                breaker.note_nothing(running.admission)
            case UnavailableError():
                breaker.note_failure(self.pacing.clock.monotonic_s(), running.admission)
            case _ if running.first_piece_s is not None:
                breaker.note_success()
            case _:
                breaker.note_nothing(running.admission)

    def _book(self, running: _Running) -> tuple[Usage, bool, NanoUsd]:
        charge, meter = running.charge, running.meter
        if not meter.is_sent or meter.is_refused:
            self.ledger.release_soon(charge.reservation_id)
            return NO_USAGE, False, NOTHING
        usage, is_estimated = meter.usage()
        cost = self.targets[running.target].price.cost(usage)
        if meter.billed is not None:  # A team's server keeps the books; we copy them.
            cost, is_estimated = meter.billed, False
        if cost > running.reserved:
            _log.error("a provider billed more than was reserved", extra={"model": charge.model})
        self.ledger.settle_soon(
            charge.reservation_id,
            usage,
            cost,
            measured=self._measured(running),
            estimated=is_estimated,
        )
        return usage, is_estimated, cost

    def _measured(self, running: _Running) -> Measured:
        def ms(until_s: float) -> int:
            return round((until_s - running.started_s) * 1000)

        first_s = running.first_piece_s
        whole_ms = ms(self.pacing.clock.monotonic_s())
        return Measured(None if first_s is None else ms(first_s), whole_ms)


def _left_alone(rest_s: float, *providers: str) -> UnavailableError:
    return UnavailableError(
        f"The provider {' and the provider '.join(sorted(set(providers)))} failed several times in"
        f" a row and is left alone for {rest_s:.0f} seconds; nothing was sent. Try again then."
    )
