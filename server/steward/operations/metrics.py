"""How the gateway and the books are doing, for Prometheus.

Nothing here names a person, a workspace, a request or a text: whoever reads metrics learns what
the organisation does and not who.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlmodel import Session

from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.limits import OVERRUNS_AGAIN_S
from steward.core.timings import Timings
from steward.gateway.call.trail import Attempt
from steward.gateway.observe import CANCELLED, OK, CallRecord
from steward.ledger import reading
from steward.ledger.account import AccountKey, period_of
from steward.ledger.settings import LedgerSettings
from steward.operations.anomalies import Lookout
from steward.operations.exposition import (
    Counter,
    Family,
    Histogram,
    Names,
    as_dollars,
    as_text,
    standing,
)
from steward.operations.figures_file import Figure, as_lines
from steward.operations.measured_lines import anomaly_lines, feedback_lines, timing_lines

_ORGANISATION = "organisation"
_LATENCY_S = (
    0.01,
    0.02,
    0.04,
    0.08,
    0.16,
    0.32,
    0.64,
    1.28,
    2.56,
    5.12,
    10.24,
    20.48,
    40.96,
    81.92,
)
_OWN_S = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024)
_BATCH = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_WHERE = ("provider", "model")
_CALL = (*_WHERE, "task")

_BUDGET_LIMIT = Family(
    "steward_budget_limit_usd", "What may be spent this month; absent without a limit.", ("scope",)
)
_BUDGET_SPENT = Family("steward_budget_spent_usd", "What was spent this month.", ("scope",))
_BUDGET_RESERVED = Family(
    "steward_budget_reserved_usd", "What calls under way have set aside.", ("scope",)
)
_HOLDS = Family("steward_holds_open", "Reservations of calls that are not over.")
_OLDEST = Family("steward_hold_oldest_seconds", "How long the oldest of them is open.")
_OVERRUNS = Family(
    "steward_overruns_total", "Calls that were ever billed beyond their reservation. Alert above 0."
)
_BEYOND = Family("steward_overrun_usd_total", "How much beyond, in all. Alert above 0.")


@dataclass(frozen=True, slots=True)
class _Books:
    """What the database says."""

    account: reading.AccountStanding
    holds: reading.Holds


class Metrics:
    """Counts calls as they end, and asks the books when it is read."""

    wants_text = False

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: LedgerSettings,
        tenant_id: str,
        figures: Callable[[], Iterable[Figure]] = tuple,
        timings: Timings | None = None,
    ) -> None:
        """Nothing is counted yet.

        Args:
            database: where the books are.
            clock: the time.
            settings: the limits that the books are told with.
            tenant_id: whose books.
            figures: what extensions have counted; may touch the disk.
            timings: how long things take in this process.
        """
        self._timings = timings or Timings()
        self.lookout = Lookout(database, clock, tenant_id)
        """Looks for what is not as usual."""
        self._database = database
        self._figures = figures
        self._clock = clock
        self._limits = settings.limits()
        self._tenant_id = tenant_id
        self._overruns: tuple[float, reading.Overruns] | None = None
        self._calls = _Calls()
        self._commit_s = Histogram(
            Family(
                "steward_ledger_commit_seconds",
                "From a batch's first booking until it is on the disk.",
            ),
            _OWN_S,
        )
        self._batch_size = Histogram(
            Family("steward_ledger_batch_size", "Bookings that share a transaction."), _BATCH
        )

    def observed(self, record: CallRecord) -> None:
        """A call is over."""
        self._calls.note(record)

    def committed(self, bookings: int, took_s: float) -> None:
        """The ledger has written a batch."""
        self._batch_size.note(bookings)
        self._commit_s.note(took_s)

    async def text(self) -> bytes:
        """All figures, in Prometheus' text format.

        Raises:
            UnavailableError: the database cannot be read.
        """
        books = await self._database.read(self._read)
        overruns = await self._all_overruns()
        figures = await asyncio.to_thread(self._figures)
        said = await self._database.read(lambda session: feedback_lines(session, self._tenant_id))
        unusual = await self.lookout.now()
        return as_text(
            (
                *self._calls.lines(),
                *self._commit_s.lines(),
                *self._batch_size.lines(),
                *self._stands(books, overruns),
                *as_lines(figures),
                *timing_lines(self._timings),
                *anomaly_lines(unusual),
                *said,
            )
        )

    def _read(self, session: Session) -> _Books:
        key = AccountKey(self._tenant_id, _ORGANISATION, period_of(self._clock.now()))
        account = reading.accounts(session, [key], self._limits)[key]
        return _Books(account, reading.holds(session))

    async def _all_overruns(self) -> reading.Overruns:
        now_s = self._clock.monotonic_s()
        if self._overruns is None or now_s - self._overruns[0] >= OVERRUNS_AGAIN_S:
            self._overruns = (now_s, await self._database.read(reading.overruns))
        return self._overruns[1]

    def _stands(self, books: _Books, overruns: reading.Overruns) -> Iterator[str]:
        scope, account, holds = (_ORGANISATION,), books.account, books.holds
        limits = [] if account.limit is None else [(scope, as_dollars(account.limit))]
        yield from standing("gauge", _BUDGET_LIMIT, *limits)
        yield from standing("gauge", _BUDGET_SPENT, (scope, as_dollars(account.spent)))
        yield from standing("gauge", _BUDGET_RESERVED, (scope, as_dollars(account.reserved)))
        oldest_s = 0.0
        if holds.oldest is not None:
            oldest_s = max(0.0, (self._clock.now() - holds.oldest).total_seconds())
        yield from standing("gauge", _HOLDS, ((), holds.open))
        yield from standing("gauge", _OLDEST, ((), oldest_s))
        yield from standing("counter", _OVERRUNS, ((), overruns.calls))
        yield from standing("counter", _BEYOND, ((), as_dollars(overruns.beyond)))


class _Calls:
    """What is counted of calls."""

    def __init__(self) -> None:
        self._models = Names()
        self._providers = Names()
        self._codes = Names()
        self._requests = _counter("requests", "Calls, by how they ended.", *_CALL, "outcome")
        self._duration = _seconds("request_duration", "From a call's start to its end.", *_CALL)
        self._first = _seconds(
            "time_to_first_token", "From a call's start to the first piece of the answer.", *_CALL
        )
        self._own = Histogram(
            Family(
                "steward_overhead_seconds",
                "From a call's start until it was ready to be sent: choosing, pricing, reserving.",
            ),
            _OWN_S,
        )
        self._tokens = _counter("tokens", "Tokens that were booked.", *_WHERE, "type")
        self._cost = _counter("cost_usd", "What was booked.", *_CALL, is_money=True)
        self._saved = _counter(
            "saved_usd", "What known answers would have cost.", *_WHERE, is_money=True
        )
        self._refusals = _counter("refusals", "Calls of which nothing was sent.", "task", "reason")
        self._retries = _counter("retries", "Attempts with the same model.", *_WHERE, "reason")
        self._fallbacks = _counter("fallbacks", "Attempts with another.", "from", "to", "reason")
        self._limited = _counter("rate_limited", "Attempts refused for now.", "provider")
        self._estimated = _counter(
            "settle_estimated", "Attempts whose tokens we counted ourselves.", *_WHERE
        )
        self._lowered = _counter("lowered", "Answers shortened to what was left.", "task")
        self._hits = _counter("cache_hits", "Answers that were known already.", *_WHERE)

    def note(self, record: CallRecord) -> None:
        """Count a call."""
        where, task = self._where(record.model), record.request.task
        self._requests.add(1, *where, task, self._codes.of(record.outcome))
        self._duration.note(record.took_s, *where, task)
        if record.first_piece_s is not None:
            self._first.note(record.first_piece_s, *where, task)
        if record.own_s is not None:
            self._own.note(record.own_s)
        if record.lowered_to is not None:
            self._lowered.add(1, task)
        if record.is_cached:
            self._hits.add(1, *where)
            self._saved.add(record.saved_nano_usd, *where)
        elif not record.attempts and record.outcome not in (OK, CANCELLED):
            self._refusals.add(1, task, self._codes.of(record.outcome))
        self._note_attempts(record)

    def lines(self) -> Iterator[str]:
        """As text."""
        every: Iterable[Counter | Histogram] = (
            self._requests,
            self._duration,
            self._first,
            self._own,
            self._tokens,
            self._cost,
            self._saved,
            self._refusals,
            self._retries,
            self._fallbacks,
            self._limited,
            self._estimated,
            self._lowered,
            self._hits,
        )
        for each in every:
            yield from each.lines()

    def _note_attempts(self, record: CallRecord) -> None:
        # Where the first one was passed over, its provider had kept failing.
        before, reason = record.chosen, "steward.unavailable"
        for number, attempt in enumerate(record.attempts):
            where = self._where(attempt.model)
            self._note_booked(attempt, where, record.request.task)
            if attempt.model != before:
                pair = (self._models.of(before), where[1])
                self._fallbacks.add(1, *pair, self._codes.of(reason))
            elif number:
                self._retries.add(1, *where, self._codes.of(reason))
            before, reason = attempt.model, attempt.error

    def _note_booked(self, attempt: Attempt, where: tuple[str, str], task: str) -> None:
        usage = attempt.usage
        self._cost.add(attempt.cost_nano_usd, *where, task)
        self._tokens.add(usage.input_tokens, *where, "input")
        self._tokens.add(usage.output_tokens, *where, "output")
        self._tokens.add(usage.cached_tokens, *where, "cached")
        if attempt.is_estimated:
            self._estimated.add(1, *where)
        if attempt.error == "steward.rate_limited":
            self._limited.add(1, where[0])

    def _where(self, model: str) -> tuple[str, str]:
        """Provider and model, as labels."""
        return self._providers.of(model.partition("/")[0]), self._models.of(model)


def _counter(name: str, says: str, *labels: str, is_money: bool = False) -> Counter:
    return Counter(Family(f"steward_{name}_total", says, labels), is_money)


def _seconds(name: str, says: str, *labels: str) -> Histogram:
    return Histogram(Family(f"steward_{name}_seconds", says, labels), _LATENCY_S)
