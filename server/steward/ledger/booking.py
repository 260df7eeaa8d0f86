"""What can be asked of the ledger's books: each operation is all or nothing, and decided here.

`Reserve` keeps the hard limits: it compares and takes on every account of the call, in a book
that nobody else can change until the batch is committed, so it holds however many callers and
processes there are. Balances are never clamped: a change that would take one below nought is
refused, because it can only be a fault of ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol, TypeVar

from steward.core.errors import InvalidInputError, NotFoundError, RepeatedError
from steward.core.money import NOTHING, NanoUsd
from steward.core.principal import Principal
from steward.ledger.account import NO_LIMITS, AccountKey, Kind, Limits, Owner, Purse
from steward.ledger.book import (
    EXPIRED_AT_ONCE_MAX,
    AccountState,
    Book,
    Note,
    ReservationState,
    check,
    stamp,
)
from steward.ledger.charge import (
    NO_USAGE,
    UNMEASURED,
    Charge,
    Measured,
    Reservation,
    State,
    Usage,
)

T_co = TypeVar("T_co", covariant=True)

_KINDS = {"settled": "settle", "released": "release", "expired": "expire"}


class Operation(Protocol[T_co]):
    """One thing that is asked of the books."""

    @property
    def at(self) -> datetime:
        """When it was asked."""
        ...

    @property
    def reservation_id(self) -> str | None:
        """The reservation that it is about."""
        ...

    @property
    def purse(self) -> Purse | None:
        """Whose accounts it needs, beside those of its reservation."""
        ...

    def book(self, book: Book) -> T_co:
        """Do it; or raise, and leave the book as it was."""
        ...


@dataclass(frozen=True, slots=True)
class Balances:
    """How the account stands that does not cover a call."""

    account: AccountKey
    limit: NanoUsd
    spent: NanoUsd
    reserved: NanoUsd


class Ending(NamedTuple):
    """How a reservation ends."""

    state: State
    at: datetime
    cost: NanoUsd = NOTHING
    usage: Usage = NO_USAGE
    is_estimated: bool = False
    measured: Measured = UNMEASURED


@dataclass(frozen=True, slots=True)
class Expired:
    """What `ExpireDue` found."""

    owners: tuple[Owner, ...]
    may_be_more: bool


@dataclass(slots=True, eq=False)
class Reserve:
    """Take the most that a call can cost out of every account that pays for it."""

    principal: Principal
    owner: Owner
    charge: Charge
    period: str
    defaults: Mapping[Kind, Limits]
    """What an account may spend where no budget was set for it."""
    at: datetime
    expires_at: datetime
    outcome: Reservation | Balances | None = None
    """For `GiveBack`, which runs after it on the same thread."""

    @property
    def reservation_id(self) -> str:
        """That of the request's attempt."""
        return self.charge.reservation_id

    @property
    def purse(self) -> Purse:
        """Who pays."""
        return self.owner, self.period

    def book(self, book: Book) -> Reservation | Balances:
        """The reservation; or how the account stands that does not cover it."""
        self.outcome = None
        self.outcome = self._book(book)
        return self.outcome

    def _book(self, book: Book) -> Reservation | Balances:
        charge = self.charge
        digest = charge.digest(self.principal)
        found = book.reservations.get(charge.reservation_id)
        if found is not None:
            return _same_again(found, digest)
        at = stamp(self.at)
        _expire(book, self.at)
        accounts = book.paying(self.purse)
        for account in accounts:
            if account.defaults is not self.defaults:
                _set_limits(book, account, self)
        amount = _amount(charge, accounts)
        for account in accounts:
            if not account.covers(amount):
                return _balances(account)
        check(accounts, amount, 0)
        state = _opened(self, digest, at, amount)
        book.post(state, accounts, "reserve", at, reserved=state.reserved)
        if charge.reason:
            book.notes.append(_attempt_note(self))
        if state.expires_at <= book.at:
            # The clock was put forward within the batch: what comes later in it finds this over.
            book.due.append(state)
        return Reservation(state.id, "open", state.reserved, self.expires_at, is_new=True)


@dataclass(frozen=True, slots=True)
class End:
    """Settle or release a reservation; saying the same again changes nothing.

    An expired one may still be ended: the truth that came late replaces the charge.
    """

    reservation_id: str
    ending: Ending
    purse: Purse | None = None

    @property
    def at(self) -> datetime:
        """When it ended."""
        return self.ending.at

    def book(self, book: Book) -> Owner | None:
        """Whose accounts have changed; None if none has.

        Raises:
            NotFoundError: no such reservation.
            InvalidInputError: it has ended in another way already.
        """
        found = book.reservations.get(self.reservation_id)
        if found is None:
            raise NotFoundError(
                f"There is no reservation {self.reservation_id!r}; reserve before you end."
            )
        return _end(book, found, self.ending, stamp(self.at))


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Release what a caller reserved who left before it knew; what was there before stays."""

    of: Reserve
    at: datetime
    purse: Purse | None = None

    @property
    def reservation_id(self) -> str:
        """That of the request's attempt."""
        return self.of.charge.reservation_id

    def book(self, book: Book) -> Owner | None:
        """Whose accounts have changed; None if none has."""
        made = self.of.outcome
        found = book.reservations.get(self.reservation_id)
        if not isinstance(made, Reservation) or not made.is_new:
            return None
        # Its own commit may have failed: then there is nothing, or what another caller made since.
        if found is None or found.opened_at != stamp(self.of.at):
            return None
        return _end(book, found, Ending("released", self.at), stamp(self.at))


@dataclass(frozen=True, slots=True)
class ExpireDue:
    """Charge what was promised and never ended.

    The whole promise is charged, marked as estimated: the provider may have billed it, and
    nobody saw how much.
    """

    at: datetime
    reservation_id: str | None = None
    purse: Purse | None = None

    def book(self, book: Book) -> Expired:
        """Whose reservations have expired."""
        return Expired(_expire(book, self.at), len(book.due) >= EXPIRED_AT_ONCE_MAX)


def _same_again(found: ReservationState, digest: str) -> Reservation:
    if found.body_digest != digest:
        raise RepeatedError(
            f"The request id {found.id!r} was used for another request; make a new id for each,"
            " and count the attempts of one."
        )
    expires_at = datetime.fromisoformat(found.expires_at).replace(tzinfo=UTC)
    return Reservation(found.id, found.state, found.reserved, expires_at, is_new=False)


def _amount(charge: Charge, accounts: Sequence[AccountState]) -> NanoUsd:
    """All that the call may cost; or what is left, where it can do with that.

    Decided where the accounts cannot change any more: calls side by side share what is left
    without passing it, and none is refused for what another one gave back meanwhile.
    """
    rooms = [room for account in accounts if (room := account.room) is not None]
    left = min(rooms, default=charge.worst_nano_usd)
    if charge.least_nano_usd is None or charge.worst_nano_usd <= left:
        return charge.worst_nano_usd
    return NanoUsd(max(charge.least_nano_usd, left))


def _opened(wanted: Reserve, digest: str, at: str, amount: NanoUsd) -> ReservationState:
    charge = wanted.charge
    return ReservationState(
        id=charge.reservation_id,
        owner=wanted.owner,
        period=wanted.period,
        task=charge.task,
        model=charge.model,
        run_id=charge.run_id,
        price_version=charge.price_version,
        agent=charge.agent,
        provider=charge.provider,
        request_id=charge.request_id,
        attempt=charge.attempt,
        body_digest=digest,
        reserved=amount,
        opened_at=at,
        expires_at=stamp(wanted.expires_at),
    )


def _set_limits(book: Book, account: AccountState, wanted: Reserve) -> None:
    """Note a limit that was changed, or is new."""
    account.defaults = wanted.defaults
    limits = account.budget or wanted.defaults.get(account.key.kind, NO_LIMITS)
    if account.limits == limits and (account.is_stored or account.is_changed):
        return
    if limits != account.limits:
        book.notes.append(_limit_note(account, limits, wanted.at, wanted.principal.user))
    account.limits = limits
    account.is_changed = True


def _attempt_note(wanted: Reserve) -> Note:
    charge, owner = wanted.charge, wanted.owner
    detail: dict[str, object] = {
        "attempt": charge.attempt,
        "provider": charge.provider,
        "model": charge.model,
        "reason": charge.reason,
        "request": charge.request_id,
    }
    subject = charge.run_id or charge.request_id
    return Note(wanted.at, owner.tenant_id, owner.user, "gateway.attempt", subject, detail)


def _limit_note(account: AccountState, limits: Limits, at: datetime, actor: str) -> Note:
    detail: dict[str, object] = {
        "limit_nano_usd": limits.hard,
        "before_nano_usd": account.limits.hard,
    }
    if limits.soft != account.limits.soft:
        detail |= {"soft_nano_usd": limits.soft, "soft_before_nano_usd": account.limits.soft}
    tenant, scope, period = account.key
    return Note(at, tenant, actor, "ledger.limit_set", f"account {scope} {period}", detail)


def _balances(account: AccountState) -> Balances:
    return Balances(
        account.key,
        NanoUsd(account.limits.hard or 0),
        NanoUsd(account.spent),
        NanoUsd(account.reserved),
    )


def _expire(book: Book, now: datetime) -> tuple[Owner, ...]:
    expired: list[Owner] = []
    if not book.due:
        return ()
    at = stamp(now)
    for due in book.due:
        found = book.reservations[due.id]  # As it is now; another operation may have ended it.
        if found.state == "open" and found.expires_at <= at:
            ending = Ending("expired", now, found.reserved, is_estimated=True)
            owner = _end(book, found, ending, at)
            expired += [owner] if owner else []
    return tuple(expired)


def _end(book: Book, found: ReservationState, ending: Ending, at: str) -> Owner | None:
    if _has_ended_so(found, ending):
        return None
    was_open = found.state == "open"
    if not was_open and found.state != "expired":
        raise InvalidInputError(
            f"The reservation {found.id!r} was {found.state} with a cost of {found.cost}"
            f" nano-dollars; it cannot be {ending.state} with {ending.cost}."
        )
    freed, spent = found.reserved if was_open else 0, ending.cost - found.cost
    accounts = book.paying(found.purse)
    check(accounts, -freed, spent)
    found.state = ending.state
    found.cost = ending.cost
    found.usage = ending.usage
    found.is_estimated = ending.is_estimated
    found.measured = ending.measured
    found.ended_at = at
    kind = _KINDS[ending.state] if was_open else "correct"
    book.post(found, accounts, kind, at, reserved=-freed, spent=spent)
    if ending.cost > found.reserved:
        book.notes.append(_overrun(found, ending))
    return found.owner


def _has_ended_so(found: ReservationState, ending: Ending) -> bool:
    if found.state != ending.state:
        return False
    return (found.cost, _counted(found.usage)) == (ending.cost, _counted(ending.usage))


def _counted(usage: Usage) -> tuple[int, int, int]:
    """What the books keep of it; the other parts are in the cost."""
    return usage.input_tokens, usage.output_tokens, usage.cached_tokens


def _overrun(found: ReservationState, ending: Ending) -> Note:
    return Note(
        ending.at,
        found.owner.tenant_id,
        "provider",
        "ledger.overrun",
        f"account user:{found.owner.user} {found.period}",
        {
            "reservation": found.id,
            "model": found.model,
            "reserved_nano_usd": found.reserved,
            "cost_nano_usd": ending.cost,
        },
    )
