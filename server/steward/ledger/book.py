"""The part of the books that one batch works on: opened, changed, and written back as a whole.

The arithmetic of money is here, once for every database. A `Store` reads what a batch needs and
keeps others from changing it until the batch is committed, so that what is compared here is still
true when it is written. Each operation checks everything before it changes anything: one that is
refused leaves no trace, without costing the others a savepoint.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple, Protocol

from steward.core.errors import UnavailableError
from steward.core.limits import BALANCE_NANO_USD_MAX
from steward.core.money import NOTHING, NanoUsd
from steward.core.store import Transaction
from steward.ledger.account import NO_LIMITS, AccountKey, Kind, Limits, Owner, Purse, accounts_of
from steward.ledger.chain import Entry, Head
from steward.ledger.charge import NO_USAGE, UNMEASURED, Measured, State, Usage
from steward.ledger.sums import Names, Sum, Usages, count, spread

EXPIRED_AT_ONCE_MAX = 100
"""Reservations whose time is over that one batch ends; the next one goes on."""

Mark = Literal["soft", "80", "95"]
"""What an account has passed: its soft limit, or so many hundredths of its hard one."""


@dataclass(slots=True)
class AccountState:
    """An account as it stands within the batch."""

    key: AccountKey
    limits: Limits = NO_LIMITS
    """Those that hold; kept in the account."""
    budget: Limits | None = None
    """Those that somebody set for this scope, where anybody did."""
    spent: int = 0
    reserved: int = 0
    is_changed: bool = False
    is_stored: bool = False
    defaults: Mapping[Kind, Limits] | None = None
    """Those that `limits` were compared with in this batch."""

    @property
    def room(self) -> int | None:
        """What a new call may promise; below nought if more was spent; None without a limit."""
        hard = self.limits.hard
        return None if hard is None else hard - self.spent - self.reserved

    def covers(self, amount: int) -> bool:
        """Whether a call that may cost `amount` fits. What is free always does."""
        return amount == 0 or (room := self.room) is None or amount <= room


@dataclass(slots=True)
class ReservationState:
    """A reservation as it stands within the batch."""

    id: str
    owner: Owner
    period: str
    task: str
    model: str
    run_id: str | None
    price_version: str
    agent: str
    provider: str
    request_id: str
    attempt: int
    body_digest: str
    reserved: NanoUsd
    opened_at: str
    expires_at: str
    state: State = "open"
    cost: NanoUsd = NOTHING
    usage: Usage = NO_USAGE
    is_estimated: bool = False
    measured: Measured = UNMEASURED
    ended_at: str | None = None
    is_stored: bool = False

    @property
    def purse(self) -> Purse:
        """Whose accounts it is taken from."""
        return self.owner, self.period


class Note(NamedTuple):
    """A fact for the audit trail."""

    at: datetime
    tenant_id: str
    actor: str
    action: str
    subject: str
    detail: dict[str, object]


class Passed(NamedTuple):
    """An account has passed a mark."""

    account: AccountKey
    mark: Mark
    at: str
    spent: int
    limits: Limits


class Store(Protocol):
    """What a batch asks of a database, inside one transaction that is open already."""

    @property
    def head(self) -> Head:
        """The end of the chain; no other process adds to it until the transaction ends."""
        ...

    def ending(self) -> Sequence[tuple[Entry, str]]:
        """The last two entries with their seals, the older first."""
        ...

    def reservations(self) -> Iterable[ReservationState]:
        """Those that were asked for and exist, for this transaction alone to change."""
        ...

    def due(self) -> Sequence[ReservationState]:
        """Open reservations whose time was over when it was asked, the oldest first; likewise.

        At most `EXPIRED_AT_ONCE_MAX`.
        """
        ...

    def accounts(self, keys: Collection[AccountKey]) -> Iterable[AccountState]:
        """Every one of the accounts, empty where nobody has used it; likewise."""
        ...

    def write(self, book: "Book", entries: Sequence[tuple[Entry, str]]) -> Sequence[Passed]:
        """Keep what has changed, and the entries with their seals.

        Gives those of `book.passed()` that were not known yet.
        """
        ...


class Asked(NamedTuple):
    """What a batch will ask of its store, as far as it is known before anything was read."""

    ids: Collection[str]
    purses: Collection[Purse]
    at: str


class Books(Protocol):
    """The books in one database, from batch to batch."""

    @property
    def poison(self) -> tuple[type[Exception], ...]:
        """What the database makes of values that it cannot keep."""
        ...

    def open(self, transaction: Transaction, asked: Asked) -> Store:
        """The books within this transaction; some databases read at once what will be asked."""
        ...


@dataclass(slots=True)
class Book:
    """What a batch reads and changes."""

    accounts: dict[AccountKey, AccountState]
    reservations: dict[str, ReservationState]
    due: list[ReservationState]
    at: str
    """The latest time that an operation of the batch was asked at."""
    seq: int
    """The number of the last entry."""
    entries: list[Entry] = field(default_factory=list[Entry])
    """What happened, in order."""
    notes: list[Note] = field(default_factory=list[Note])
    used: dict[Names, Usages] = field(default_factory=dict[Names, Usages])
    changed: dict[str, ReservationState] = field(default_factory=dict[str, ReservationState])

    paying_for: dict[Purse, list[AccountState]] = field(
        default_factory=dict[Purse, list[AccountState]]
    )

    def paying(self, purse: Purse) -> list[AccountState]:
        """The accounts that pay together, the narrowest first."""
        found = self.paying_for.get(purse)
        if found is None:
            found = [self.accounts[key] for key in accounts_of(*purse)]
            self.paying_for[purse] = found
        return found

    def post(
        self,
        reservation: ReservationState,
        accounts: Sequence[AccountState],
        kind: str,
        at: str,
        *,
        reserved: int = 0,
        spent: int = 0,
    ) -> None:
        """Change all accounts of a reservation alike, and append the entry that says so.

        Whether they can be changed so is checked before, with `check`.
        """
        for account in accounts:
            account.reserved += reserved
            account.spent += spent
            account.is_changed = True
        self.reservations[reservation.id] = reservation
        self.changed[reservation.id] = reservation
        self.seq += 1
        entry = _entry(self.seq, reservation, kind, at, reserved, spent)
        self.entries.append(entry)
        if kind != "reserve":
            count(self.used, entry)

    def sums(self) -> dict[Sum, Usages]:
        """What was used, by every dimension."""
        sums: dict[Sum, Usages] = {}
        for names, usages in self.used.items():
            spread(sums, names, usages)
        return sums

    def passed(self) -> list[Passed]:
        """Every mark that a changed account is beyond, told before or not."""
        return [
            Passed(account.key, mark, self.at, account.spent, account.limits)
            for account in self.accounts.values()
            if account.is_changed
            for mark in marks_of(account.spent, account.limits)
        ]


def stamp(at: datetime) -> str:
    """A time as it is stored and sealed: UTC, to the microsecond."""
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat(" ", "microseconds")[:26]


def _entry(
    seq: int, reservation: ReservationState, kind: str, at: str, reserved: int, spent: int
) -> Entry:
    usage = reservation.usage
    return Entry(
        seq,
        *reservation.owner,
        reservation.period,
        reservation.id,
        at,
        kind,
        reserved,
        spent,
        int(reservation.is_estimated),
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_tokens,
        reservation.task,
        reservation.model,
        reservation.run_id,
        reservation.price_version,
        reservation.agent,
        reservation.provider,
        reservation.request_id,
        reservation.attempt,
    )


def check(accounts: Sequence[AccountState], reserved: int, spent: int) -> None:
    """Refuse a change that would take an account below nought or beyond what is counted.

    Raises:
        UnavailableError: it would; the books are damaged.
    """
    most = BALANCE_NANO_USD_MAX
    for account in accounts:
        new_reserved, new_spent = account.reserved + reserved, account.spent + spent
        if not (0 <= new_reserved <= most and 0 <= new_spent <= most):
            raise UnavailableError(
                f"The account {account.key.scope!r} of {account.key.period} cannot stand at"
                f" {new_spent} nano-dollars spent and {new_reserved} reserved; the ledger is"
                " damaged. Nothing was booked. Run `steward ledger verify` to see where."
            )


def marks_of(spent: int, limits: Limits) -> list[Mark]:
    """The marks that so much is beyond, the least first."""
    hard, soft = limits
    marks: list[Mark] = []
    if soft is not None and spent > soft:
        marks.append("soft")
    if hard:
        if spent * 100 >= hard * 80:
            marks.append("80")
        if spent * 100 >= hard * 95:
            marks.append("95")
    return marks
