"""Who may spend what, what is promised, and what was spent.

A model call is paid in two steps, as a card payment is: `reserve` before the first byte is sent,
`settle` after the last. Between the two the most that it can cost is already taken out of every
account that pays for it, so calls side by side, in however many processes, can never overspend
one together. If the provider bills more than was reserved, the truth is booked and further calls
are refused.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlmodel import Session

from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import (
    InvalidInputError,
    NotPermittedError,
    StewardError,
    UnavailableError,
)
from steward.core.events import BudgetPassed, Events, Spent
from steward.core.limits import AMOUNT_NANO_USD_MAX, ATTEMPTS_MAX, CALL_MS_MAX, TOKENS_MAX
from steward.core.money import NanoUsd
from steward.core.principal import Principal
from steward.ledger import reading, told
from steward.ledger.account import (
    Owner,
    accounts_of,
    owner_of,
    period_of,
    resets_on,
    session_account,
    user_account,
)
from steward.ledger.book import Passed
from steward.ledger.booking import (
    Balances,
    End,
    Ending,
    Expired,
    ExpireDue,
    GiveBack,
    Operation,
    Reserve,
)
from steward.ledger.charge import (
    ATTEMPT,
    UNMEASURED,
    Call,
    Charge,
    Measured,
    Reservation,
    Standing,
    Usage,
)
from steward.ledger.key import LedgerKey
from steward.ledger.postgresql import PostgresqlBooks
from steward.ledger.refusal import over_budget
from steward.ledger.settings import LedgerSettings
from steward.ledger.sqlite import SqliteBooks
from steward.ledger.writer import Writer
from steward.permissions.roles import why_no_call

_log = logging.getLogger(__name__)


class Ledger:
    """Reserves, settles and tells; every method is one transaction, shared with its neighbours.

    Whoever awaits one may be cancelled: what was handed in is booked all the same.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        events: Events,
        settings: LedgerSettings,
        key: LedgerKey,
    ) -> None:
        self._database = database
        self._clock = clock
        self._events = events
        self._settings = settings
        self._defaults = settings.limits()
        books = SqliteBooks() if database.kind == "sqlite" else PostgresqlBooks()
        self._writer = Writer(database, books, key, clock, self._announce, self._announce_passed)

    def report_to(self, told: Callable[[int, float], None]) -> None:
        """Tell how many bookings each batch has, and how many seconds it took to write."""
        self._writer.on_batch = told

    async def reserve(self, principal: Principal, charge: Charge) -> Reservation:
        """Set aside the most that a call can cost.

        The same charge under the same id gives the same reservation and takes nothing more. Where
        not all is covered and `least_nano_usd` says that less will do, what is left is set aside.

        Raises:
            NotPermittedError: the person's role does not include calling a model.
            OverBudgetError: an account cannot cover it; the message says which and until when.
            InvalidInputError: the id was used for another charge, or the sum is absurd.
        """
        if (refusal := why_no_call(principal)) is not None:
            raise NotPermittedError(refusal)
        _check_amount(charge.worst_nano_usd)
        if charge.least_nano_usd is not None:
            _check_least(charge.least_nano_usd, charge.worst_nano_usd)
        _check_attempt(charge)
        now = self._clock.now()
        wanted = Reserve(
            principal=principal,
            owner=owner_of(principal),
            charge=charge,
            period=period_of(now),
            defaults=self._defaults,
            at=now,
            expires_at=now + self._settings.reservation_hold,
        )
        try:
            found = await self._writer.hand_in(wanted)
        except asyncio.CancelledError:
            await self._give_back(wanted)
            raise
        except UnavailableError:
            self._give_back_soon(wanted)
            raise
        if isinstance(found, Balances):
            _log.info("a model call was refused: over budget", extra={"task": charge.task})
            raise over_budget(wanted, found)
        return found

    async def settle(
        self,
        reservation_id: str,
        usage: Usage,
        cost_nano_usd: NanoUsd,
        *,
        estimated: bool = False,
        measured: Measured = UNMEASURED,
    ) -> None:
        """Replace the promise by what the call cost; saying the same again changes nothing.

        Raises:
            NotFoundError: no such reservation.
            InvalidInputError: it has ended in another way already, or the sum is absurd.
        """
        ending = self._settlement(usage, cost_nano_usd, measured, estimated=estimated)
        await self._writer.hand_in(End(reservation_id, ending))

    async def release(self, reservation_id: str) -> None:
        """Give the promise back: nothing was bought. Saying so again changes nothing.

        Raises:
            NotFoundError: no such reservation.
            InvalidInputError: it has ended in another way already.
        """
        await self._writer.hand_in(End(reservation_id, Ending("released", self._clock.now())))

    def settle_soon(
        self,
        reservation_id: str,
        usage: Usage,
        cost_nano_usd: NanoUsd,
        *,
        estimated: bool = False,
        measured: Measured = UNMEASURED,
    ) -> None:
        """As `settle`, without waiting for the disk; whoever asks this ledger next sees it.

        If it cannot be booked that is logged, and the reservation stays: it counts against the
        limit, and is charged in full when its time is over.
        """
        try:
            ending = self._settlement(usage, cost_nano_usd, measured, estimated=estimated)
            self._end_soon(End(reservation_id, ending))
        except InvalidInputError as error:
            _log.error("a model call was not booked: %s", error)

    def release_soon(self, reservation_id: str) -> None:
        """As `release`, without waiting for the disk; see `settle_soon`."""
        self._end_soon(End(reservation_id, Ending("released", self._clock.now())))

    async def expire_due(self) -> int:
        """Charge every promise whose time is over, as estimated. Returns how many."""
        expired = 0
        while True:
            found = await self._writer.hand_in(ExpireDue(self._clock.now()))
            expired += len(found.owners)
            if not found.may_be_more:
                return expired

    async def standing(self, principal: Principal) -> Standing:
        """How this person's accounts stand now."""
        now = self._clock.now()
        keys = accounts_of(owner_of(principal), period_of(now))

        def work(session: Session) -> Standing:
            accounts = reading.accounts(session, keys, self._defaults)
            own = accounts[user_account(principal, now)]
            narrowest = reading.narrowest(accounts.values()) or own
            in_session = accounts.get(session_account(principal))
            return Standing(
                spent_today=reading.spent_on(session, principal, now),
                spent_in_session=in_session.spent if in_session else NanoUsd(0),
                spent=own.spent,
                reserved=own.reserved,
                limit=own.limit,
                left=narrowest.left,
                narrowest=narrowest.key.scope,
                resets_on=resets_on(now),
            )

        return await self._database.read(work)

    async def narrowest(self, principal: Principal) -> reading.AccountStanding:
        """Of the accounts that pay for this person's calls, the one that has least left.

        It is the person's own where none has a limit.
        """
        now = self._clock.now()

        def work(session: Session) -> reading.AccountStanding:
            accounts = self._accounts(session, principal, now)
            own = next(each for each in accounts if each.key == user_account(principal, now))
            return reading.narrowest(accounts) or own

        return await self._database.read(work)

    async def accounts(self, principal: Principal) -> tuple[reading.AccountStanding, ...]:
        """Every account that pays for this person's calls, the narrowest scope first."""
        now = self._clock.now()
        return await self._database.read(lambda session: self._accounts(session, principal, now))

    async def is_warned(self, principal: Principal) -> bool:
        """Whether an account that pays for this person's calls is beyond a mark."""
        now = self._clock.now()

        def work(session: Session) -> bool:
            accounts = self._accounts(session, principal, now)
            return any(told.holding(account) for account in accounts)

        return await self._database.read(work)

    async def untold(self, principal: Principal, needed_nano_usd: int) -> tuple[told.News, ...]:
        """What this person should hear about their budgets now; each thing is given once in all.

        Whoever is given it shows it: no other window of the person's will be. `needed_nano_usd`
        is what the next call may cost, or nought where it is not known.
        """
        now = self._clock.now()

        def look(session: Session) -> told.Untold:
            accounts = self._accounts(session, principal, now)
            return told.untold(session, principal, accounts, needed_nano_usd)

        def tell(session: Session) -> tuple[told.News, ...]:
            found = look(session)  # Again: another window may have been quicker.
            told.keep(session, principal, found, now)
            return found.news

        found = await self._database.read(look)
        return await self._database.run(tell) if found.changes else ()

    async def calls(
        self, principal: Principal, run_id: str | None = None, limit: int = 200
    ) -> tuple[Call, ...]:
        """This person's newest model calls, oldest first; of one run, or of all."""
        return await self._database.read(
            lambda session: reading.newest(session, principal, run_id, limit)
        )

    async def run_cost(self, run_id: str) -> NanoUsd:
        """What all calls of a run have cost so far."""
        return await self._database.read(lambda session: reading.run_cost(session, run_id))

    async def run_totals(self, run_id: str) -> reading.RunTotals:
        """What all calls of a run have used so far."""
        return await self._database.read(lambda session: reading.run_totals(session, run_id))

    def _accounts(
        self, session: Session, principal: Principal, now: datetime
    ) -> tuple[reading.AccountStanding, ...]:
        keys = accounts_of(owner_of(principal), period_of(now))
        return tuple(reading.accounts(session, keys, self._defaults).values())

    async def _give_back(self, wanted: Reserve) -> None:
        """Release what a caller reserved who has left: nobody else will end it.

        What another caller had reserved under the same id stays.
        """
        with suppress(StewardError):  # Then it is charged when its time is over.
            await self._writer.hand_in(GiveBack(wanted, self._clock.now()))

    def _give_back_soon(self, wanted: Reserve) -> None:
        """Release what a commit may have kept that nobody answered: its caller was refused."""
        if not isinstance(wanted.outcome, Reservation):
            return  # It never came to a commit.
        with suppress(UnavailableError):  # As above.
            given_back = self._writer.hand_in(GiveBack(wanted, self._clock.now()))
            given_back.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _settlement(
        self, usage: Usage, cost_nano_usd: NanoUsd, measured: Measured, *, estimated: bool
    ) -> Ending:
        _check_amount(cost_nano_usd)
        _check_amount(measured.saved_nano_usd)
        _check_usage(usage)
        now = self._clock.now()
        return Ending("settled", now, cost_nano_usd, usage, estimated, _in_order(measured))

    def _end_soon(self, end: End) -> None:
        try:
            self._writer.hand_in(end).add_done_callback(_log_failure)
        except UnavailableError as error:
            _log.error("a model call was not booked: %s", error)

    def _announce(self, operation: Operation[Any], outcome: object) -> None:
        match operation, outcome:
            case Reserve(principal=principal), _:  # A refusal is news too.
                self._events.send(Spent(principal.tenant_id, principal.user))
            case _, Owner() as owner:
                self._tell(owner)
            case _, Expired(owners=owners):
                for owner in set(owners):
                    self._tell(owner)
            case _:
                pass

    def _tell(self, owner: Owner) -> None:
        self._events.send(Spent(owner.tenant_id, owner.user))

    def _announce_passed(self, passed: Passed) -> None:
        tenant_id, scope, period = passed.account
        limit = passed.limits.soft if passed.mark == "soft" else passed.limits.hard
        self._events.send(
            BudgetPassed(tenant_id, scope, period, passed.mark, passed.spent, limit or 0)
        )


def _log_failure(done: asyncio.Future[Any]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        _log.error("a model call was not booked: %s", error)


def _check_amount(nano_usd: int) -> None:
    if not 0 <= nano_usd <= AMOUNT_NANO_USD_MAX:
        raise InvalidInputError(
            f"A model call cannot cost {nano_usd} nano-dollars; the ledger takes sums from 0 to"
            f" {AMOUNT_NANO_USD_MAX}. Check the model's price in the [gateway] section."
        )


def _check_least(least: int, worst: int) -> None:
    if not 0 <= least <= worst:
        raise InvalidInputError(
            f"A model call that may cost {worst} nano-dollars cannot need {least} at the least;"
            " give a sum that is not larger, and not below nought."
        )


def _check_attempt(charge: Charge) -> None:
    if ATTEMPT in charge.request_id or not 1 <= charge.attempt <= ATTEMPTS_MAX:
        raise InvalidInputError(
            f"The request {charge.request_id!r} cannot have an attempt {charge.attempt}: attempts"
            f" are counted from 1 to {ATTEMPTS_MAX}, and a request's id has no {ATTEMPT!r} in it."
        )


def _in_order(measured: Measured) -> Measured:
    """Without times that cannot be: a clock that went wrong must not keep a call unpaid."""
    return Measured(
        _possible(measured.first_piece_ms), _possible(measured.duration_ms), measured.saved_nano_usd
    )


def _possible(took_ms: int | None) -> int | None:
    return took_ms if took_ms is not None and 0 <= took_ms <= CALL_MS_MAX else None


def _check_usage(usage: Usage) -> None:
    parts = (usage.cached_tokens, usage.cache_write_tokens, usage.reasoning_tokens)
    for tokens in (usage.input_tokens, usage.output_tokens, *parts):
        if not 0 <= tokens <= TOKENS_MAX:
            raise InvalidInputError(
                f"A model call cannot consume {tokens} tokens; the ledger takes counts from 0 to"
                f" {TOKENS_MAX}. The provider's answer is wrong."
            )
    kept = usage.cached_tokens + usage.cache_write_tokens
    if kept > usage.input_tokens or usage.reasoning_tokens > usage.output_tokens:
        raise InvalidInputError(
            f"A model call cannot consume {usage}: a part is larger than the whole. The provider's"
            " answer is wrong."
        )
