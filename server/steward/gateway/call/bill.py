"""How a request stands in the ledger: what an attempt of it may cost, and whose it is."""

import hashlib
from dataclasses import replace

from steward.core.errors import RepeatedError
from steward.core.money import NOTHING
from steward.gateway.call import lower
from steward.gateway.choice.target import Target
from steward.gateway.provider import Prepared
from steward.gateway.request import EmbeddingRequest, ModelRequest
from steward.ledger.charge import Charge, Reservation


def charge_of(
    target: Target,
    request: ModelRequest | EmbeddingRequest,
    prepared: Prepared,
    number: int = 1,
    reason: str = "",
) -> Charge:
    """An attempt, with the most that it can cost."""
    size, price = prepared.input_tokens_max, target.price
    is_text = isinstance(request, ModelRequest)
    return Charge(
        request_id=request.request_id,
        task=request.task,
        model=target.model.name,
        worst_nano_usd=price.worst(size, request.output_tokens_max),
        price_version=price.version,
        request_digest=hashlib.sha256(prepared.body).hexdigest(),
        run_id=request.run_id,
        agent=request.agent,
        provider=target.model.provider,
        attempt=number,
        least_nano_usd=lower.least(price, size, request) if is_text else None,
        reason=reason,
    )


def known_charge(target: Target, request: ModelRequest, prepared: Prepared) -> Charge:
    """A call whose answer is known, and which costs nothing."""
    charge = charge_of(target, request, prepared)
    return replace(charge, worst_nano_usd=NOTHING, least_nano_usd=None)


def check_new(reservation: Reservation, request_id: str) -> None:
    """Refuse a call that was made before.

    Raises:
        RepeatedError: it was.
    """
    if not reservation.is_new:
        raise RepeatedError(
            f"A call with the request id {request_id!r} was made before and may have been billed;"
            " make a new id for each."
        )
