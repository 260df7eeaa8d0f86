"""What the ledger is told and what it tells: plain values, without the database."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from steward.core.money import NOTHING, NanoUsd
from steward.core.principal import Principal

State = Literal["open", "settled", "released", "expired"]
"""Where a reservation stands. Only `open` is waited for; `expired` is charged, not forgotten."""


ATTEMPT = "#"
"""Stands before an attempt's number in a reservation's id, and in no request's id."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens that a call consumed."""

    input_tokens: int
    """All that was sent, `cached_tokens` among them."""
    output_tokens: int
    cached_tokens: int = 0
    """The part of the input that the provider had seen before and bills for less."""
    cache_write_tokens: int = 0
    """The part of the input that the provider kept for the next time and bills for more. Never
    among `cached_tokens`. It is priced; the books count it with the rest of the input."""
    reasoning_tokens: int = 0
    """The part of the output that the model thought and did not say. It is billed as output; the
    books count it there."""


NO_USAGE = Usage(0, 0)
"""What a call consumed that was not made, or is not over."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen of a call beside its tokens and its cost."""

    first_piece_ms: int | None = None
    """From the first byte sent to the first piece of the answer; None if none came."""
    duration_ms: int | None = None
    """From the first byte sent to the end of the answer."""
    saved_nano_usd: NanoUsd = NOTHING
    """What the call would have cost, had the answer not been known already."""


UNMEASURED = Measured()
"""Of a call that was not made, or is not over."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A model call that is about to be made, with the most that it can cost."""

    request_id: str
    """Made by the caller; its attempts share it. The same charge of the same attempt is booked
    once."""
    task: str
    model: str
    worst_nano_usd: NanoUsd
    price_version: str
    request_digest: str = ""
    """A digest of what will be sent: the same id with another request is a mistake."""
    run_id: str | None = None
    agent: str = ""
    """Who wants it of the model; empty where it is no agent."""
    provider: str = ""
    """Who is asked, by the name that the gateway has for it."""
    attempt: int = 1
    """A retry, or another model that is asked instead, is the next attempt of its request."""
    least_nano_usd: NanoUsd | None = None
    """What the call can do with where `worst_nano_usd` is not covered; None if with nothing less.
    Then all that is left is reserved, and the reservation says how much that was."""

    reason: str = ""
    """Why this attempt is made after another one; it is told in the audit trail."""

    @property
    def reservation_id(self) -> str:
        """Under which this attempt is booked: the request's id, and the number of a later one."""
        return self.request_id if self.attempt == 1 else f"{self.request_id}{ATTEMPT}{self.attempt}"

    def digest(self, principal: Principal) -> str:
        """What makes this charge the same as another one under its id."""
        body = (
            principal.tenant_id,
            principal.user,
            self.request_id,
            self.task,
            self.model,
            self.worst_nano_usd,
            self.price_version,
            self.request_digest,
            self.run_id,
            self.agent,
            self.provider,
            self.attempt,
            self.least_nano_usd,
        )
        return hashlib.sha256(_spelt(body).encode("ascii")).hexdigest()


_spelt = json.JSONEncoder(check_circular=False).encode


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money set aside for one call."""

    id: str
    state: State
    reserved_nano_usd: NanoUsd
    expires_at: datetime
    is_new: bool
    """False if the same charge was reserved before."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands this month. Days and months are those of UTC."""

    spent_today: NanoUsd
    spent_in_session: NanoUsd
    spent: NanoUsd
    reserved: NanoUsd
    limit: NanoUsd | None
    """The person's own; None where there is none."""
    left: NanoUsd | None
    """What a new call may still promise, by whichever of its accounts has least; never below
    nought. None where no account has a limit."""
    narrowest: str
    """The scope that has least."""
    resets_on: date
    """The day on which the next month's money is there."""


@dataclass(frozen=True, slots=True)
class Call:
    """One model call, as the ledger tells it to people."""

    request_id: str
    attempt: int
    at: datetime
    task: str
    agent: str
    provider: str
    model: str
    state: State
    usage: Usage
    cost_nano_usd: NanoUsd
    """What is booked; nought while the call is open."""
    reserved_nano_usd: NanoUsd
    is_estimated: bool
    """True if the provider never said what the call consumed."""
    run_id: str | None
    measured: Measured
