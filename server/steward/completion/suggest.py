"""Ghost text: what is known, what is on its way, or a model. The next keystroke changes all of it.

Nothing that is known is waited for. Where a model must be asked, a pause in the typing comes
first; what the request then brings belongs to the document, so that whoever types along it keeps
it, and whoever types otherwise ends it.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from steward.completion.alike import narrowed
from steward.completion.asking.along import accepted, remainder
from steward.completion.asking.desk import Desk, Desks
from steward.completion.asking.flight import Flight, Landed
from steward.completion.asking.known import Entry
from steward.completion.asking.node_kind import node_kind
from steward.completion.asking.request import Asker
from steward.completion.asking.rest import Rest, reason_of
from steward.completion.asking.rhythm import AT_ONCE, Wait
from steward.completion.asking.unbroken import unbroken
from steward.completion.asking.when import why_not
from steward.completion.offer import Latency, Offer, Origin
from steward.completion.reason import Reason
from steward.completion.settings import CompletionSettings
from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor
from steward.context.gather import Gatherer
from steward.context.snippet import Snippet
from steward.core.clock import Clock
from steward.core.errors import StewardError
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.gateway.gateway import Gateway
from steward.workspace.edit import Edit

_log = logging.getLogger(__name__)

_LINGERS_S = 0.02
"""How long a request that nobody waits for any more stays open, for whoever asks next."""
_FOLLOWED_S = 0.2
"""The same where somebody has just typed along it: editors ask again after a moment."""
_LOOKS_S = 0.03
"""How long other files are looked at for whoever does not wait, the first time."""
_LOOKS_AGAIN_S = 0.15
"""The same for whoever asks next."""
_STAYS_S = 0.3
"""How long a suggestion must stay on the screen before it is asked what would come behind it."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """One request of the editor."""

    principal: Principal
    cursor: Cursor
    is_automatic: bool
    turn: int
    started_s: float
    wait: Wait


@dataclass(slots=True)
class _Spent:
    """Where its time went, in seconds."""

    wait_s: float = 0.0
    context_s: float = 0.0


class Suggester:
    """Suggests text to insert at a cursor. Use it inside `running`."""

    def __init__(
        self,
        gateway: Gateway,
        gatherer: Gatherer | None,
        clock: Clock,
        pause: Callable[[float], Coroutine[Any, Any, None]],
        new_id: IdSource,
        settings: CompletionSettings,
    ) -> None:
        """`pause` lets so many seconds pass; without a workspace there is nothing to gather."""
        self._gateway = gateway
        self._clock = clock
        self._pause = pause
        self._new_id = new_id
        self._settings = settings
        self.why_not_now: Callable[[Cursor], Awaitable[Reason | None]] | None = None
        """Asked right before a model is asked: much may have changed since somebody wanted it,
        and what is asked ahead nobody wanted."""
        self._asker = Asker(gateway, gatherer, clock, new_id, settings)
        self._rest = Rest(clock)
        self._desks = Desks(settings.wait.total_seconds())
        self._speculative: Flight | None = None
        self._group: asyncio.TaskGroup | None = None
        self._tasks = set[asyncio.Task[None]]()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Suggester"]:
        """Inside, suggestions are made; leaving ends all that is under way."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                yield self
            finally:
                self._group = None
                self._desks.close()
                for task in self._tasks:
                    task.cancel()

    async def suggest(
        self, principal: Principal, cursor: Cursor, *, is_automatic: bool
    ) -> Offer | None:
        """What to offer at the cursor; `None` when there is nothing worth showing.

        A later call for the same document supersedes this one, which then ends with nothing.
        Without budget, key or network there is simply no suggestion: ghost text never interrupts.
        Whoever shows it checks first that the document is still the cursor's, and says so.
        """
        desk = self._desks.of(cursor.document)
        desk.begin()
        now_s = self._clock.monotonic_s()
        wait = desk.rhythm.keystroke(now_s, cursor) if is_automatic else AT_ONCE
        asking = _Asking(principal, cursor, is_automatic, desk.turn, now_s, wait)
        because = why_not(cursor, desk.strokes.last, is_automatic=is_automatic)
        if because is not None:
            found = Reason(because)
        else:
            found = (
                self._from_memory(desk, asking)
                or await self._from_flight(desk, asking)
                or await self._from_model(desk, asking)
            )
        reason = found if isinstance(found, Reason) else None
        if desk.turn == asking.turn:
            desk.reason = reason
        return found if isinstance(found, Offer) else None

    def shown(self, principal: Principal, offer: Offer) -> None:
        """Note that a suggestion goes to the editor now: it may stay on the screen."""
        desk = self._desks.find(offer.cursor.document)
        if desk is not None and self._settings.speculative and self._group is not None:
            desk.rest()
            desk.speculating = self._start(self._speculate(desk, principal, offer))

    def edited(self, edit: Edit) -> None:
        """Take in an edit of a document, before it is applied; what it makes useless ends now."""
        desk, edit = self._desks.of(edit.uri), narrowed(edit)
        desk.note(edit)
        if desk.flight is not None:
            desk.flight.note(edit)

    def why_not_yet(self, document: str) -> Reason | None:
        """What speaks against a suggestion after the last edit, where none was asked for since."""
        desk = self._desks.find(document)
        return None if desk is None else desk.why_not_yet

    def leave(self, document: str) -> None:
        """End what is under way for a document that is closed, or that nobody may see now."""
        if (desk := self._desks.find(document)) is not None:
            desk.turn += 1
            desk.close()

    def leave_all(self) -> None:
        """End everything that is under way."""
        self._desks.close()

    def why_not(self, document: str) -> Reason | None:
        """Why the last request for a document got nothing; `None` where it got something."""
        desk = self._desks.find(document)
        return None if desk is None else desk.reason

    def _from_memory(self, desk: Desk, asking: _Asking) -> Offer | Reason | None:
        """What is left of the last suggestion, or of an earlier one."""
        cursor, last = asking.cursor, desk.current
        if last is not None:
            left = remainder(last.cursor, last.suggestion, cursor)
            if left is not None:
                return replace(last, cursor=cursor, suggestion=left)
        entry = desk.known.find(cursor)
        if entry is None:
            return None
        if entry.suggestion is None:
            return Reason("nothing_to_say") if asking.is_automatic else None
        origin: Origin = "speculative" if entry.origin == "speculative" else "known"
        return self._offer(desk, asking, entry.suggestion, origin, entry, Latency())

    async def _from_flight(self, desk: Desk, asking: _Asking) -> Offer | Reason | None:
        """What a request brings that is on its way, if it suits what was typed since."""
        flight = desk.flight
        if flight is None or flight.is_over:
            return None
        if not flight.suits(asking.cursor):
            flight.abort()
            return None
        started_s = self._clock.monotonic_s()
        landed = await self._landing(flight, asking.cursor)
        if desk.turn != asking.turn:
            return Reason("typed_on")
        left = self._left(flight, landed, asking.cursor)
        if left is not None:
            origin: Origin = "speculative" if flight.origin == "speculative" else "flight"
            latency = self._latency(asking, _Spent(), self._clock.monotonic_s() - started_s)
            return self._offer(desk, asking, left, origin, landed, latency)
        is_same = flight.target == asking.cursor and landed.reason is not None
        return landed.reason if is_same and not flight.was_aborted else None

    async def _from_model(self, desk: Desk, asking: _Asking) -> Offer | Reason:
        """What a model says, when the typing has paused."""
        if (unavailable := self._unavailable(asking)) is not None:
            return unavailable
        spent = _Spent()
        snippets = await self._wait(desk, asking, spent)
        if desk.turn != asking.turn:
            return Reason("typed_on")
        try:
            if await self._gateway.is_short(asking.principal, "completion"):
                return Reason("over_budget")
        except StewardError as error:
            return reason_of(error)
        if desk.turn != asking.turn:
            return Reason("typed_on")
        desk.rhythm.note_asked(asking.wait)
        flight = Flight(asking.cursor, asking.cursor, "model", snippets)
        self._launch(desk, flight, asking.principal)
        landed = await self._landing(flight, asking.cursor)
        if desk.turn != asking.turn:
            return Reason("typed_on")
        if landed.suggestion is None:
            return landed.reason or Reason("nothing_to_say")
        latency = self._latency(asking, spent, landed.network_s)
        return self._offer(desk, asking, landed.suggestion, "model", landed, latency)

    async def _wait(self, desk: Desk, asking: _Asking, spent: _Spent) -> Sequence[Snippet]:
        """Let the rest of the wait pass, and look meanwhile what else the model should see.

        Some of it went by already where a flight was waited for.
        """
        begun_s = self._clock.monotonic_s()
        left_s = max(0.0, asking.wait.total_s - (begun_s - asking.started_s))
        hard_s = min(asking.wait.hard_s, left_s)
        if hard_s > 0:
            await self._pause(hard_s)
            if desk.turn != asking.turn:
                return ()
        spent.wait_s, soft_s = left_s, left_s - hard_s
        snippets = await self._look(desk, asking.cursor, soft_s)
        spent.context_s = max(0.0, self._clock.monotonic_s() - begun_s - left_s)
        return snippets

    async def _look(self, desk: Desk, cursor: Cursor, within_s: float) -> Sequence[Snippet]:
        if within_s > 0:
            async with asyncio.TaskGroup() as both:
                looking = both.create_task(self._asker.look(cursor, max(within_s, _LOOKS_S)))
                both.create_task(self._pause(within_s))
            desk.has_looked = True
            return looking.result()
        if not desk.has_looked:
            desk.has_looked = True
            return await self._asker.look(cursor, _LOOKS_S)
        return await self._asker.look(cursor, 0)

    def _unavailable(self, asking: _Asking) -> Reason | None:
        missing = self._gateway.unavailable_reason(asking.principal, "completion")
        if missing is not None:
            return Reason("no_model", missing)
        return self._rest.why if asking.is_automatic else None

    def _launch(self, desk: Desk, flight: Flight, principal: Principal) -> None:
        """Send a request on its way, and give up the one before."""
        if desk.flight is not None:
            desk.flight.abort()
        desk.flight = flight
        if self._group is None:
            flight.abort()
            return
        flight.carry(self._start(self._fly(desk, flight, principal)))

    def _look_around(self, flight: Flight) -> None:
        """Find out what the cursor stands in, and what other files hold by now.

        That takes some milliseconds of the processor. Nobody waits for them while the call is
        booked and the model writes.
        """
        if self._group is not None:
            self._start(self._look_at_place(flight))
            self._start(self._look_again(flight.target))

    @staticmethod
    async def _look_at_place(flight: Flight) -> None:
        flight.node_kind = await node_kind(flight.target)

    async def _look_again(self, cursor: Cursor) -> None:
        """Renew what is known of other files, for whoever asks next."""
        await self._asker.look(cursor, _LOOKS_AGAIN_S)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        assert self._group is not None, "there is nobody to end it"
        task = self._group.create_task(unbroken(work))
        task.add_done_callback(lambda _task: work.close())  # It may never have begun.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _fly(self, desk: Desk, flight: Flight, principal: Principal) -> None:
        try:
            why_not = await self.why_not_now(flight.target) if self.why_not_now else None
            if why_not is not None:
                return flight.land(Landed(reason=why_not))
            around = partial(self._look_around, flight)
            await self._asker.ask(principal, flight, desk.known.keep, around)
            self._rest.note_success()
        except StewardError as error:
            _log.info("no suggestion: %s", error.code)
            self._rest.note_failure(error)
            flight.land(Landed(reason=reason_of(error)))
        except Exception:  # An outer boundary: nobody else would hear of it, and typing goes on.
            _log.exception("a request for ghost text broke")
            flight.land(Landed(reason=Reason("failed")))

    async def _landing(self, flight: Flight, cursor: Cursor) -> Landed:
        """How a flight ends. When nobody waits for it any more it ends soon by itself."""
        flight.join(cursor)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.landed)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.is_over and self._group is not None:
                self._start(self._leave(flight))

    async def _leave(self, flight: Flight) -> None:
        """Give up a flight that nobody waits for, unless somebody comes who typed along it."""
        if not flight.is_followed:
            await self._pause(_LINGERS_S)
        if flight.is_followed:
            await self._pause(_FOLLOWED_S)
        if not flight.waiting:
            flight.abort()

    @staticmethod
    def _left(flight: Flight, landed: Landed, cursor: Cursor) -> Suggestion | None:
        if landed.suggestion is None:
            return None
        return remainder(flight.target, landed.suggestion, cursor)

    def _offer(
        self,
        desk: Desk,
        asking: _Asking,
        suggestion: Suggestion,
        origin: Origin,
        source: Entry | Landed,
        latency: Latency,
    ) -> Offer:
        """A new suggestion."""
        desk.current = Offer(
            self._new_id(),
            asking.cursor,
            suggestion,
            origin,
            source.model,
            node_kind=source.node_kind,
            is_automatic=asking.is_automatic,
            latency=latency,
        )
        return desk.current

    async def _speculate(self, desk: Desk, principal: Principal, offer: Offer) -> None:
        """Ask what comes behind a suggestion that stays, as if it had been taken."""
        await self._pause(_STAYS_S)
        target = accepted(offer.cursor, offer.suggestion)
        is_known = desk.known.find(target) is not None
        if is_known or not target.is_worth_asking or self._rest.why is not None:
            return
        if any(flight and not flight.is_over for flight in (desk.flight, self._speculative)):
            return
        try:
            if not await self._gateway.has_plenty(principal, "completion"):
                return
        except StewardError as error:
            _log.info("no look ahead: %s", error.code)
            return
        snippets = await self._asker.look(target, 0)
        desk.speculating = None  # From here on it is the flight that is given up.
        self._speculative = Flight(target, offer.cursor, "speculative", snippets)
        self._launch(desk, self._speculative, principal)

    def _latency(self, asking: _Asking, spent: _Spent, network_s: float) -> Latency:
        total_s = self._clock.monotonic_s() - asking.started_s
        rest_s = total_s - spent.wait_s - spent.context_s - network_s
        return Latency(
            spent.wait_s * 1000, spent.context_s * 1000, network_s * 1000, max(0.0, rest_s * 1000)
        )
