"""Who may spend what, what is promised, and what was spent.

A model call is paid in two steps, as a card payment is: `reserve` before the first byte is sent,
`settle` after the last. Between the two the most that it can cost is already taken out of the
account, so calls side by side, in however many processes, can never overspend it together. If
the provider bills more than was reserved, the truth is booked and further calls are refused.
"""

import asyncio
import logging
from contextlib import suppress

from sqlmodel import Session

from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import NotFoundError, OverBudgetError, UnavailableError
from steward.core.events import Events, Spent
from steward.core.money import NanoUsd, as_usd
from steward.core.principal import Principal
from steward.ledger import booking, reading
from steward.ledger.account import account_of, day_start, resets_on
from steward.ledger.booking import Balances, Ending, Wanted
from steward.ledger.charge import Charge, Entry, Reservation, Standing, Usage
from steward.ledger.settings import LedgerSettings

_log = logging.getLogger(__name__)


class Ledger:
    """Reserves, settles and tells; every method is one transaction.

    Whoever awaits one may be cancelled: what was handed in is booked all the same.
    """

    def __init__(
        self, database: Database, clock: Clock, events: Events, settings: LedgerSettings
    ) -> None:
        self._database = database
        self._clock = clock
        self._events = events
        self._settings = settings

    async def reserve(self, principal: Principal, charge: Charge) -> Reservation:
        """Set aside the most that a call can cost.

        The same charge under the same id gives the same reservation and takes nothing more.

        Raises:
            OverBudgetError: the account cannot cover it; the message says why and until when.
            InvalidInputError: the id was used for another charge.
        """
        now = self._clock.now()
        wanted = Wanted(
            principal=principal,
            charge=charge,
            account=account_of(principal, now),
            limit=self._settings.limit_nano_usd,
            at=now,
            expires_at=now + self._settings.reservation_hold,
        )
        found = await self._reserved(wanted)
        self._events.send(Spent(principal.tenant_id, principal.user))  # A refusal is news too.
        if isinstance(found, Balances):
            raise OverBudgetError(_refusal(wanted, found))
        return found

    async def settle(
        self, reservation_id: str, usage: Usage, cost_nano_usd: NanoUsd, *, estimated: bool = False
    ) -> None:
        """Replace the promise by what the call cost; saying the same again changes nothing.

        Raises:
            NotFoundError: no such reservation.
            InvalidInputError: it has ended in another way already.
        """
        ending = Ending("settled", self._clock.now(), cost_nano_usd, usage, estimated)
        await asyncio.shield(self._end(reservation_id, ending))

    async def release(self, reservation_id: str) -> None:
        """Give the promise back: nothing was bought. Saying so again changes nothing.

        Raises:
            NotFoundError: no such reservation.
            InvalidInputError: it has ended in another way already.
        """
        await asyncio.shield(self._end(reservation_id, Ending("released", self._clock.now())))

    def settle_soon(
        self, reservation_id: str, usage: Usage, cost_nano_usd: NanoUsd, *, estimated: bool = False
    ) -> None:
        """As `settle`, without waiting for the disk; whoever asks this ledger next sees it.

        If it cannot be booked that is logged, and the reservation stays: it counts against the
        limit, and is charged in full when its time is over.
        """
        ending = Ending("settled", self._clock.now(), cost_nano_usd, usage, estimated)
        self._end_soon(reservation_id, ending)

    def release_soon(self, reservation_id: str) -> None:
        """As `release`, without waiting for the disk; see `settle_soon`."""
        self._end_soon(reservation_id, Ending("released", self._clock.now()))

    async def expire_due(self) -> int:
        """Charge every promise whose time is over, as estimated. Returns how many."""
        expired = 0
        while True:
            owners = await self._database.run(
                lambda session: booking.expire_due(session, self._clock.now())
            )
            expired += len(owners)
            for tenant_id, user in set(owners):
                self._events.send(Spent(tenant_id, user))
            if len(owners) < booking.EXPIRED_AT_ONCE_MAX:
                return expired

    async def standing(self, principal: Principal) -> Standing:
        """How this person's account stands now."""
        now = self._clock.now()
        account, limit = account_of(principal, now), self._settings.limit_nano_usd

        def work(session: Session) -> Standing:
            found = booking.balances(session, account, limit)
            return Standing(
                spent_today=reading.spent_since(session, account, day_start(now)),
                spent=found.spent,
                reserved=found.reserved,
                limit=limit,
                left=_left(found),
                resets_on=resets_on(now),
            )

        return await self._database.read(work)

    async def entries(
        self, principal: Principal, run_id: str | None = None, limit: int = 200
    ) -> tuple[Entry, ...]:
        """This person's newest model calls, oldest first; of one run, or of all."""
        return await self._database.read(
            lambda session: reading.newest(session, principal, run_id, limit)
        )

    async def run_cost(self, run_id: str) -> NanoUsd:
        """What all calls of a run have cost so far."""
        return await self._database.read(lambda session: reading.run_cost(session, run_id))

    async def _reserved(self, wanted: Wanted) -> Reservation | Balances:
        found: list[Reservation | Balances] = []

        def work(session: Session) -> Reservation | Balances:
            found.append(booking.reserve(session, wanted))
            return found[-1]

        try:
            return await self._database.run(work)
        except asyncio.CancelledError:
            # The unit runs all the same, and nobody is left to end what it reserves. This one
            # runs after it and gives that back; what another caller had reserved stays.
            await self._database.run(lambda session: self._undo(session, found))
            raise

    def _undo(self, session: Session, found: list[Reservation | Balances]) -> None:
        for made in found:
            if isinstance(made, Reservation) and made.is_new:
                with suppress(NotFoundError):  # Its own commit failed: then there is nothing.
                    booking.end(session, made.id, Ending("released", self._clock.now()))

    def _end(self, reservation_id: str, ending: Ending) -> asyncio.Future[tuple[str, str] | None]:
        done = self._database.hand_in(lambda session: booking.end(session, reservation_id, ending))
        done.add_done_callback(self._announce)
        return done

    def _announce(self, done: asyncio.Future[tuple[str, str] | None]) -> None:
        if not done.cancelled() and done.exception() is None and (owner := done.result()):
            self._events.send(Spent(*owner))

    def _end_soon(self, reservation_id: str, ending: Ending) -> None:
        try:
            self._end(reservation_id, ending).add_done_callback(_log_failure)
        except UnavailableError as error:
            _log.error("a model call was not booked: %s", error)


def _log_failure(done: asyncio.Future[tuple[str, str] | None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        _log.error("a model call was not booked: %s", error)


def _left(found: Balances) -> NanoUsd:
    return NanoUsd(max(0, found.limit - found.spent - found.reserved))


def _refusal(wanted: Wanted, found: Balances) -> str:
    _log.info("a model call was refused: over budget", extra={"task": wanted.charge.task})
    return (
        f"The monthly AI budget of {wanted.principal.user!r} does not cover this call. It may cost"
        f" up to {as_usd(wanted.charge.worst_nano_usd)}; of {as_usd(found.limit, places=2)},"
        f" {as_usd(found.spent)} is spent and {as_usd(found.reserved)} is set aside for calls"
        f" under way, so {as_usd(_left(found))} is left. The budget is renewed on"
        f" {resets_on(wanted.at).isoformat()}; to raise it now, set `limit_usd` in the [ledger]"
        " section of settings.toml, or STEWARD_LEDGER__LIMIT_USD."
    )
