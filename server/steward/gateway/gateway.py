"""The only road to a model: choose, price, reserve, stream, settle.

The token accounting, in full. Before anything is sent, the most that the call can cost is
reserved: every input token takes at least one byte of the request's body, and the output is
limited by the number that we ourselves send. Where the budget does not cover that, the ledger
reserves what is left, and the number is lowered to what that covers (see `lower`). Afterwards,
on whatever way the call ends:

* nothing was sent, or the provider refused before it began (4xx, 503, 529): released;
* the provider said what was consumed: that is booked, even above the reservation;
* the call was cut short, by us or by it: the larger of what it said and what we counted is
  booked, marked as estimated (see `Meter`);
* this process died: the ledger charges the whole reservation when its time is over.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import get_args

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    OverBudgetError,
    UnavailableError,
    UnpricedError,
)
from steward.core.limits import REQUEST_BYTES_MAX
from steward.core.principal import Principal
from steward.core.redact import redact
from steward.gateway import lower
from steward.gateway.answer import Answer, Meter
from steward.gateway.catalogue.catalogue import Catalogue
from steward.gateway.catalogue.model import Model
from steward.gateway.prices import Price
from steward.gateway.provider import Prepared, Provider
from steward.gateway.request import Fill, Message, ModelRequest, Task
from steward.gateway.settings import GatewaySettings
from steward.gateway.shortage import Shortages
from steward.ledger.charge import Charge, Reservation
from steward.ledger.ledger import Ledger

_log = logging.getLogger(__name__)

_OFF_LOOP_CHARS = 20_000
"""Requests above this size are prepared in a thread."""


class Gateway:
    """Opens model calls and keeps the ledger true."""

    def __init__(
        self, provider: Provider | None, ledger: Ledger, settings: GatewaySettings
    ) -> None:
        self._provider = provider
        self._ledger = ledger
        self._settings = settings
        self._catalogue = Catalogue(settings)
        self.shortages = Shortages()

    def unavailable_reason(self) -> str | None:
        """Why no model can be called, in words for the user; None if all can."""
        try:
            for task in get_args(Task):
                self._choose(task)[1].priced()
        except (UnavailableError, UnpricedError) as error:
            return str(error)
        return None

    def is_free(self) -> bool:
        """Whether no model costs anything, so that no budget can be used up."""
        try:
            prices = [self._choose(task)[1].priced() for task in get_args(Task)]
        except (UnavailableError, UnpricedError):
            return False
        return not any(price.worst(1, 1) for price in prices)

    async def is_short(self, principal: Principal, task: Task) -> bool:
        """Whether a call like the last one would be refused again for want of money.

        It only reads, and is free as long as none was refused: whoever asks at each keystroke
        asks this first.
        """
        if not self.shortages.needed(task):
            return False
        standing = await self._ledger.standing(principal)
        return self.shortages.of(standing.left, task) is not None

    @asynccontextmanager
    async def call(self, principal: Principal, request: ModelRequest) -> AsyncGenerator[Answer]:
        """Open a call; leaving the block, however it is left, books what it cost.

        Raises:
            UnavailableError: no model is configured; or the provider failed.
            UnpricedError: nobody has said what the model costs.
            OverBudgetError: the account cannot cover the call.
            LimitError: the request is larger than we send.
            InvalidInputError: the request id was used before.
        """
        provider, model = self._choose(request.task)
        price = model.priced()
        prepared = await _prepared(provider, model, request)
        charge = _charge(model, price, request, prepared)
        reservation = await self._reserved(principal, charge)
        if not reservation.is_new:
            raise InvalidInputError(
                f"A call with the request id {request.request_id!r} was made before and may have"
                " been billed; make a new id for each attempt."
            )
        answer: Answer | None = None
        meter = Meter(len(prepared.body), request.output_tokens_max)
        try:
            lowered = _lowered(price, charge, reservation, request, prepared)
            if lowered is not request:
                prepared = await _prepared(provider, model, lowered)
                meter = Meter(len(prepared.body), lowered.output_tokens_max)
            async with aclosing(provider.stream(prepared, meter.note_sent)) as pieces:
                answer = Answer(pieces, meter)
                if lowered is not request:
                    answer.lowered_to = lowered.output_tokens_max
                yield answer
        finally:
            self._book(charge, price, meter, answer)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._provider is not None:
            await self._provider.close()

    async def _reserved(self, principal: Principal, charge: Charge) -> Reservation:
        try:
            reservation = await self._ledger.reserve(principal, charge)
        except OverBudgetError as error:
            needed = charge.worst_nano_usd
            if charge.least_nano_usd is not None:  # A shorter answer was refused, too.
                needed = charge.least_nano_usd
            self.shortages.note(charge.task, needed, str(error))
            raise
        self.shortages.clear()
        return reservation

    def _choose(self, task: Task) -> tuple[Provider, Model]:
        if self._provider is None or self._settings.base_url is None:
            raise UnavailableError(
                "AI is off: no model is configured. Set OPENAI_API_KEY, or STEWARD_MODEL_URL and"
                " STEWARD_MODEL for another OpenAI-compatible endpoint, and start again."
            )
        model = self._settings.model_for(task)
        if model is None:
            raise UnavailableError(
                f"AI is off: no model is chosen for the task {task!r}. Set STEWARD_MODEL to the"
                f" name of one that {self._settings.base_url} offers, and start again."
            )
        return self._provider, self._catalogue.find(model)

    def _book(self, charge: Charge, price: Price, meter: Meter, answer: Answer | None) -> None:
        # Nothing is awaited here: a caller that was cancelled, even twice, cannot stop a booking,
        # and nobody waits for the disk to see an answer that has arrived.
        if answer is None or not meter.is_sent or meter.is_refused:
            self._ledger.release_soon(charge.reservation_id)
            return
        usage, is_estimated = meter.usage()
        answer.cost_nano_usd = price.cost(usage)
        if answer.cost_nano_usd > charge.worst_nano_usd:
            _log.error("a provider billed more than was reserved", extra={"model": charge.model})
        self._ledger.settle_soon(
            charge.reservation_id, usage, answer.cost_nano_usd, estimated=is_estimated
        )


async def _prepared(provider: Provider, model: Model, request: ModelRequest) -> Prepared:
    """The request as it will be sent, without secrets."""
    chars = _chars(request)
    if chars > REQUEST_BYTES_MAX:
        raise _too_large(chars)
    if chars > _OFF_LOOP_CHARS:
        prepared = await asyncio.to_thread(_encode, provider, model, request)
    else:
        prepared = _encode(provider, model, request)
    if len(prepared.body) > REQUEST_BYTES_MAX:
        raise _too_large(len(prepared.body))
    return prepared


def _chars(request: ModelRequest) -> int:
    fill = request.fill
    gap = 0 if fill is None else len(fill.prefix) + len(fill.suffix)
    return gap + sum(len(message.content) for message in request.messages)


def _encode(provider: Provider, model: Model, request: ModelRequest) -> Prepared:
    messages = tuple(_redacted(message) for message in request.messages)
    fill = request.fill and Fill(redact(request.fill.prefix), redact(request.fill.suffix))
    return provider.encode(model, replace(request, messages=messages, fill=fill))


def _redacted(message: Message) -> Message:
    calls = tuple(replace(call, arguments=redact(call.arguments)) for call in message.tool_calls)
    return replace(message, content=redact(message.content), tool_calls=calls)


def _charge(model: Model, price: Price, request: ModelRequest, prepared: Prepared) -> Charge:
    return Charge(
        request_id=request.request_id,
        task=request.task,
        model=model.name,
        worst_nano_usd=price.worst(prepared.input_tokens_max, request.output_tokens_max),
        price_version=price.version,
        request_digest=hashlib.sha256(prepared.body).hexdigest(),
        run_id=request.run_id,
        least_nano_usd=lower.least(price, prepared.input_tokens_max, request),
        agent=request.agent,
    )


def _lowered(
    price: Price,
    charge: Charge,
    reservation: Reservation,
    request: ModelRequest,
    prepared: Prepared,
) -> ModelRequest:
    """The request as far as it was reserved. Its body is no longer than what was prepared."""
    if reservation.reserved_nano_usd >= charge.worst_nano_usd:
        return request
    most = lower.fitting(
        price,
        prepared.input_tokens_max,
        request.output_tokens_max,
        reservation.reserved_nano_usd,
    )
    return replace(request, output_tokens_max=most)


def _too_large(size: int) -> LimitError:
    return LimitError(
        f"The request to the model would take {size} bytes; the most is {REQUEST_BYTES_MAX}."
        " Nothing was sent. Show the model fewer or smaller files."
    )
