"""Where everything that must last is kept, and the threads that touch it.

A unit of work is a plain function that takes a `Session` and runs in one transaction. The promise
is the same on SQLite and on PostgreSQL (see docs/decisions/0010):

- Units that may write run one at a time, in the order in which they were handed in; no other
  process writes meanwhile. So what a unit has read is still true when it commits.
- A unit sees what every unit that may write did, if that was handed in before it. One that only
  reads has one unchanging view, and may also see what was handed in after it.
- A unit whose transaction was lost on the way is run again, so it changes nothing but the
  database, and may append to what its caller handed in.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import Session

from steward.core.clock import Clock
from steward.core.commits import Commits, MarkedCommits
from steward.core.errors import UnavailableError
from steward.core.limits import UNITS_WAITING_MAX
from steward.core.postgresql_store import open_postgresql
from steward.core.sqlite_store import open_sqlite
from steward.core.store import Kind, Mark, Store, Transaction
from steward.core.timings import OK, Timings

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Database:
    """Runs units of work: those that may write one at a time, in the order they arrive."""

    def __init__(self, store: Store, writer: ThreadPoolExecutor) -> None:
        self._store = store
        self._writer = writer
        self._readers = (
            ThreadPoolExecutor(max_workers=store.readers, thread_name_prefix="database-read")
            if store.readers
            else writer
        )
        self._last_write: Future[Any] | None = None
        self._waiting = 0
        self._measured: tuple[Clock, Timings] | None = None
        self.handed_in = 0
        """Units of work so far. Unchanged, it tells that nothing came behind one's own unit."""

    @property
    def kind(self) -> Kind:
        """Which database it is, for a room that speaks to its driver."""
        return self._store.kind

    def report_to(self, timings: Timings, clock: Clock) -> None:
        """Note from now on how long units of work wait, and how long they take."""
        self._measured = (clock, timings)

    async def run(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction; commit if it returns, roll back if it raises.

        A caller that is cancelled leaves at once, and the unit still runs to its end: a
        cancelled keystroke must not abandon a half-made decision about money. Whatever is handed
        in later runs after it.

        Raises:
            UnavailableError: another process holds the database, it failed us, or too many units
                wait. The message says where it is not known whether the unit was committed.
        """
        return await asyncio.shield(self.hand_in(work))

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on one unchanging view of the data, without stopping other processes.

        `work` must not write: the database refuses it.
        """
        before = self._last_write
        reading = partial(self._read, before, work)
        return await asyncio.shield(self._queue(self._readers, reading, "read"))

    async def mark(self) -> Mark | None:
        """What stays the same while nothing is committed, here or by another process.

        Whoever looks every few seconds takes it first, and reads only where it is another one, or
        None: then the database cannot tell.
        """
        return await asyncio.shield(self._queue(self._readers, self._store.mark, ""))

    def commits(self) -> Commits:
        """What tells when something was committed, here or by another process."""
        return self._store.notices() or MarkedCommits(self.mark)

    def hand_in(self, work: Callable[[Session], T]) -> asyncio.Future[T]:
        """As `run`, without waiting: units handed in later, to read or write, see what it did."""
        return self._queue(self._writer, partial(self._store.transact, work, may_write=True))

    def hand_in_bare(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """As `hand_in`, for a room that speaks to the driver: many times a second it matters."""
        return self._queue(self._writer, partial(self._store.transact_bare, work))

    def _read(self, before: Future[Any] | None, work: Callable[[Session], T]) -> T:
        # Every read that waits in the queue behind this one waits for the same writes, or more.
        if before is not None:
            wait([before])
        return self._store.transact(work, may_write=False)

    def _queue(
        self, threads: ThreadPoolExecutor, unit: Callable[[], T], measure: str = "write"
    ) -> asyncio.Future[T]:
        if self._waiting >= UNITS_WAITING_MAX:
            raise UnavailableError(
                f"{self._waiting} units of work wait for the database {self._store.name!r}"
                " already. Its disk may be too slow or full; look there, then try again."
            )
        self._waiting += 1
        self.handed_in += 1
        times = None
        if self._measured is not None and measure:
            clock, timings = self._measured
            times = _Times(clock, timings, self.kind, measure, clock.monotonic_s())
            unit = partial(times.measured, unit)
        running = threads.submit(unit)
        if threads is self._writer:
            self._last_write = running
        done = asyncio.wrap_future(running)
        done.add_done_callback(self._note_done)
        if times is not None:
            done.add_done_callback(times.note)
        return done

    def _note_done(self, done: asyncio.Future[Any]) -> None:
        self._waiting -= 1
        if not done.cancelled() and (error := done.exception()) is not None:
            # The caller may be gone; then this line is all that is left of the error.
            _log.debug("a unit of work ended with %s", type(error).__name__)

    async def close(self) -> None:
        """Let go of the store, behind all units handed in, those of cancelled callers too."""
        await asyncio.shield(asyncio.wrap_future(self._writer.submit(self._close)))

    def _close(self) -> None:
        if self._readers is not self._writer:
            self._readers.shutdown()
        self._store.close()


@dataclass(slots=True)
class _Times:
    """When one unit of work was handed in, began and ended."""

    clock: Clock
    timings: Timings
    name: str
    measure: str
    handed_in_s: float
    began_s: float | None = None
    ended_s: float = 0.0

    def measured(self, unit: Callable[[], T]) -> T:
        """Run it; on the database's thread."""
        self.began_s = self.clock.monotonic_s()
        try:
            return unit()
        finally:
            self.ended_s = self.clock.monotonic_s()

    def note(self, done: asyncio.Future[Any]) -> None:
        """Take the times down; on the loop, so that nothing needs a lock."""
        if self.began_s is None:
            return
        error = None if done.cancelled() else done.exception()
        outcome = error.code if isinstance(error, UnavailableError) else OK
        self.timings.note("database", self.name, "wait", self.began_s - self.handed_in_s)
        took_s = self.ended_s - self.began_s
        self.timings.note("database", self.name, self.measure, took_s, outcome)


@asynccontextmanager
async def open_database(place: Path | str) -> AsyncGenerator[Database]:
    """Open what `place` names, bring it up to date, and close it on the way out.

    `place` is the path of an SQLite file, which is made if there is none, or the URL of a
    PostgreSQL database, `postgresql://…`, which must exist.

    Raises:
        InvalidInputError: the URL is none.
        UnavailableError: the database cannot be had, or was written by a newer version.
    """
    loop = asyncio.get_running_loop()
    writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
    try:
        store = await loop.run_in_executor(writer, _open, place)
        database = Database(store, writer)
        try:
            yield database
        finally:
            await database.close()
    finally:
        writer.shutdown(wait=False)


def _open(place: Path | str) -> Store:
    return open_sqlite(place) if isinstance(place, Path) else open_postgresql(place)
