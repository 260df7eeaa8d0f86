"""The one writer of a process: what waits is booked together, in one transaction, in order.

A commit that is on the disk costs far more than what is in it, so operations that arrive while
one batch is written share the next one. Nobody waits for a batch to fill: the first operation
hands its batch to the database's thread at once, and others join it until that thread takes it up
or another unit of work is handed in, which must see what came before it and nothing that came
after.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import exc

from steward.core import audit
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import InvalidInputError, LimitError, StewardError, UnavailableError
from steward.core.limits import LEDGER_BATCH_MAX, LEDGER_OPERATIONS_WAITING_MAX
from steward.core.store import Transaction
from steward.ledger.account import accounts_of
from steward.ledger.book import (
    Asked,
    Book,
    Books,
    Passed,
    Store,
    stamp,
)
from steward.ledger.booking import Operation
from steward.ledger.chain import START, Entry, seal
from steward.ledger.key import LedgerKey

T = TypeVar("T")


@dataclass(slots=True)
class Booked:
    """What came of a batch."""

    outcomes: list[Any]
    """One per operation: what it gave, or the error that it raised."""
    passed: list[Passed] = field(default_factory=list[Passed])


class _Batch:
    """Operations that will be booked together, and who waits for them."""

    def __init__(self) -> None:
        self.turn = -1
        """How many units of work the database had been handed with this one."""
        self._waiting: list[tuple[Operation[Any], asyncio.Future[Any]]] = []
        self._is_open = True
        self._lock = threading.Lock()

    def add(self, operation: Operation[Any], future: asyncio.Future[Any]) -> bool:
        """Whether there is still a place."""
        with self._lock:
            if not self._is_open or len(self._waiting) >= LEDGER_BATCH_MAX:
                return False
            self._waiting.append((operation, future))
            return True

    def take(self) -> list[Operation[Any]]:
        """Close the batch; the database's thread calls this."""
        with self._lock:
            self._is_open = False
        return [operation for operation, _ in self._waiting]

    def futures(self) -> list[tuple[Operation[Any], asyncio.Future[Any]]]:
        """Who waits, in order; for when the batch is over."""
        self.take()
        return self._waiting


class Writer:
    """Books operations for one event loop."""

    def __init__(
        self,
        database: Database,
        books: Books,
        key: LedgerKey,
        clock: Clock,
        on_booked: Callable[[Operation[Any], Any], None],
        on_passed: Callable[[Passed], None],
    ) -> None:
        self._database = database
        self._books = books
        self._poison = _POISON + books.poison
        self._key_file = key
        self._key: bytes | None = None
        self._clock = clock
        self._on_booked = on_booked
        self._on_passed = on_passed
        self._batch: _Batch | None = None
        self._waiting = 0
        self.on_batch: Callable[[int, float], None] | None = None
        """Is told how many operations a batch had, and how many seconds it took."""

    def hand_in(self, operation: Operation[T]) -> asyncio.Future[T]:
        """What the operation gives, once it is on the disk; units handed in later see it.

        It is booked even if nobody waits for it any more.

        Raises:
            UnavailableError: too many operations wait.
        """
        if self._waiting >= LEDGER_OPERATIONS_WAITING_MAX:
            raise UnavailableError(
                f"{self._waiting} operations wait for the cost ledger already. The disk may be too"
                " slow or full; look there, then try again."
            )
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        batch = self._batch
        is_last = batch is not None and batch.turn == self._database.handed_in
        if batch is None or not is_last or not batch.add(operation, future):
            batch = _Batch()
            batch.add(operation, future)
            self._start(batch)
        self._waiting += 1
        return future

    def _start(self, batch: _Batch) -> None:
        done = self._database.hand_in_bare(partial(self._book, batch))
        batch.turn = self._database.handed_in
        self._batch = batch
        begun_s = self._clock.monotonic_s()
        done.add_done_callback(lambda done: self._deliver(batch, done, begun_s))

    def _deliver(self, batch: _Batch, done: asyncio.Future[Booked], begun_s: float) -> None:
        waiting = batch.futures()
        self._waiting -= len(waiting)
        if self.on_batch is not None:
            self.on_batch(len(waiting), self._clock.monotonic_s() - begun_s)
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        booked = Booked([error] * len(waiting)) if error else done.result()
        for (operation, future), outcome in zip(waiting, booked.outcomes, strict=True):
            if isinstance(outcome, BaseException):
                if not future.done():
                    future.set_exception(outcome)
                continue
            if not future.done():
                future.set_result(outcome)
            self._on_booked(operation, outcome)
        for passed in booked.passed:
            self._on_passed(passed)

    def _book(self, batch: _Batch, transaction: Transaction) -> Booked:
        try:
            return self._together(transaction, batch.take())
        except self._poison as error:
            raise _unkept(error) from error
        except (sqlite3.DatabaseError, exc.DBAPIError) as error:
            reason = error.orig if isinstance(error, exc.DBAPIError) else error
            if isinstance(reason, sqlite3.Error):
                raise _unavailable(reason) from error
            raise  # PostgreSQL's: its store knows which may be tried again.

    def _together(self, transaction: Transaction, operations: Sequence[Operation[Any]]) -> Booked:
        try:
            return self._write(transaction, operations)
        except self._poison:
            if len(operations) == 1:
                raise
            # One of them holds what the database cannot keep; the others must not pay for it.
            transaction.restart()
            return self._one_by_one(transaction, operations)

    def _one_by_one(self, transaction: Transaction, operations: Sequence[Operation[Any]]) -> Booked:
        execute = transaction.driver.execute
        booked = Booked([])
        for operation in operations:
            execute("SAVEPOINT ledger")
            try:
                alone = self._write(transaction, [operation])
            except self._poison as error:
                # Not after a full disk and the like: then the database has undone everything.
                execute("ROLLBACK TO SAVEPOINT ledger")
                booked.outcomes.append(_unkept(error))
            else:
                booked.outcomes += alone.outcomes
                booked.passed += alone.passed
            execute("RELEASE SAVEPOINT ledger")
        return booked

    def _write(self, transaction: Transaction, operations: Sequence[Operation[Any]]) -> Booked:
        asked = _asked(operations)
        store = self._books.open(transaction, asked)
        book = _opened(store, asked)
        outcomes = [_outcome(operation, book) for operation in operations]
        entries = self._sealed(store, book.entries)
        passed = store.write(book, entries)
        if book.notes:
            with transaction.open_session() as session:
                for note in book.notes:
                    audit.append(session, **note._asdict())
        return Booked(outcomes, list(passed))

    def _sealed(self, store: Store, entries: Sequence[Entry]) -> list[tuple[Entry, str]]:
        if not entries:
            return []  # Who books nothing needs no key.
        key = self._key = self._key or _proven(self._key_file, store)
        return _chained(key, store.head.seal, entries)


_POISON = (ValueError, TypeError, OverflowError, LimitError, exc.DataError, exc.IntegrityError)
"""What becomes of values that cannot be kept, before a driver sees them or through a session."""


def _proven(file: LedgerKey, store: Store) -> bytes:
    """The key, once the end of the chain has been found to be sealed with it."""
    key = file.load(may_make=store.head.seq == 0)
    ending = store.ending()
    if not ending:
        return key
    (last, sealed), before = ending[-1], ending[-2][1] if len(ending) > 1 else START
    if seal(key, before, last) != sealed:
        raise UnavailableError(
            f"The end of the cost ledger was not sealed with the key in {str(file.file)!r}: one of"
            " the two was changed. Nothing was booked, and no model is called. Run `steward ledger"
            " verify` to see which, and restore it from a backup."
        )
    return key


def _asked(operations: Sequence[Operation[Any]]) -> Asked:
    return Asked(
        {found for operation in operations if (found := operation.reservation_id) is not None},
        {purse for operation in operations if (purse := operation.purse) is not None},
        stamp(max(operation.at for operation in operations)),
    )


def _opened(store: Store, asked: Asked) -> Book:
    """Everything that the operations may touch, read once."""
    due = list(store.due())
    reservations = {each.id: each for each in store.reservations()}
    reservations |= {each.id: each for each in due}
    purses = {reservation.purse for reservation in reservations.values()} | set(asked.purses)
    keys = {key for purse in purses for key in accounts_of(*purse)}
    accounts = {each.key: each for each in store.accounts(sorted(keys))}
    return Book(accounts, reservations, due, asked.at, store.head.seq)


def _outcome(operation: Operation[T], book: Book) -> T | StewardError:
    try:
        return operation.book(book)
    except StewardError as error:
        return error


def _chained(key: bytes, before: str, entries: Sequence[Entry]) -> list[tuple[Entry, str]]:
    sealed: list[tuple[Entry, str]] = []
    for entry in entries:
        before = seal(key, before, entry)
        sealed.append((entry, before))
    return sealed


def _unkept(error: Exception) -> InvalidInputError:
    return InvalidInputError(
        f"A model call cannot be kept in the cost ledger: {str(error).rstrip('.')}. Nothing was"
        " booked for it, and it is not made. Check the names of its model, task and workspace."
    )


def _unavailable(error: sqlite3.Error) -> UnavailableError:
    return UnavailableError(
        f"The cost ledger cannot be written: {error}. Nothing was booked, and no model is called."
        " Check that the disk has room and the data folder can be written, then try again."
    )
