"""Where everything that must last is kept, and the one thread that touches it.

A unit of work is a plain function that takes a `Session`; it runs in one transaction, on the
database thread, in the order it was handed in. Several processes may share the file: a writing
unit takes SQLite's write lock at its start, so what it has read is still true when it commits.
"""

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool, StaticPool
from sqlmodel import Session

from steward.core.errors import UnavailableError
from steward.core.limits import DATABASE_BUSY_ATTEMPTS_MAX, DATABASE_BUSY_S, UNITS_WAITING_MAX
from steward.core.migrate import bring_to_head, is_at_head

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Database:
    """Runs units of work, one at a time, in the order they arrive."""

    def __init__(self, path: Path, engine: Engine, thread: ThreadPoolExecutor) -> None:
        self.path = path
        self._engine = engine
        self._thread = thread
        self._waiting = 0
        self.handed_in = 0
        """Units of work so far. Unchanged, it tells that nothing came behind one's own unit."""

    async def run(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction; commit if it returns, roll back if it raises.

        A caller that is cancelled leaves at once, and the unit still runs to its end: a
        cancelled keystroke must not abandon a half-made decision about money. Whatever is handed
        in later runs after it.

        Raises:
            UnavailableError: another process holds the file, or too many units wait.
        """
        return await asyncio.shield(self.hand_in(work))

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on one unchanging view of the data, without stopping other processes.

        `work` must not write: SQLite refuses it.
        """
        return await asyncio.shield(self._queue(work, "BEGIN"))

    def hand_in(self, work: Callable[[Session], T]) -> asyncio.Future[T]:
        """As `run`, without waiting: units handed in later, to read or write, see what it did."""
        return self._queue(work, "BEGIN IMMEDIATE")

    def _queue(self, work: Callable[[Session], T], begin: str) -> asyncio.Future[T]:
        if self._waiting >= UNITS_WAITING_MAX:
            raise UnavailableError(
                f"{self._waiting} units of work wait for the database {str(self.path)!r} already."
                " Its disk may be too slow or full; look there, then try again."
            )
        self._waiting += 1
        self.handed_in += 1
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._thread, partial(self._transact, work, begin))
        done.add_done_callback(self._note_done)
        return done

    def _note_done(self, done: asyncio.Future[Any]) -> None:
        self._waiting -= 1
        if not done.cancelled() and (error := done.exception()) is not None:
            # The caller may be gone; then this line is all that is left of the error.
            _log.debug("a unit of work ended with %s", type(error).__name__)

    def _transact(self, work: Callable[[Session], T], begin: str) -> T:
        with self._engine.connect() as connection:
            _begin(connection, begin, self.path)
            session = Session(
                connection,
                expire_on_commit=False,
                # The transaction that we began is the session's to commit or roll back.
                join_transaction_mode="control_fully",
            )
            try:
                with session, session.begin():
                    return work(session)
            except OperationalError as error:
                raise _refused(self.path, error) from error


@asynccontextmanager
async def open_database(path: Path) -> AsyncGenerator[Database]:
    """Open the file, bring it up to date, and close it on the way out.

    Raises:
        UnavailableError: the file cannot be opened, or was written by a newer version.
    """
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
    try:
        engine = await loop.run_in_executor(thread, _open, path)
        try:
            yield Database(path, engine, thread)
        finally:
            # Behind all units handed in: those of cancelled callers are finished too.
            await asyncio.shield(loop.run_in_executor(thread, engine.dispose))
    finally:
        thread.shutdown(wait=False)


def _open(path: Path) -> Engine:
    try:
        _create_private(path)
        if not is_at_head(path):
            _migrate(path)
        engine = _engine(path)
        engine.connect().close()
    except (OSError, sqlite3.Error, OperationalError) as error:
        reason = error.orig if isinstance(error, OperationalError) else error
        raise UnavailableError(
            f"The database {str(path)!r} cannot be opened: {reason}. Check that the folder exists,"
            " is yours and has room, or set STEWARD_DATA_DIR to another one."
        ) from error
    return engine


def _create_private(path: Path) -> None:
    """Only the owner may read the file; SQLite gives its companions the same mode."""
    # A folder that is there already keeps its mode: it may be the user's own choice.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _migrate(path: Path) -> None:
    # SQLite alters tables by copying them, which needs foreign keys off; they are checked
    # before the commit instead.
    engine = _engine(path, enforce_foreign_keys=False)
    try:
        with engine.connect() as connection:
            _begin(connection, "BEGIN IMMEDIATE", path)
            bring_to_head(connection, path)
            connection.commit()
    finally:
        engine.dispose()


def _engine(path: Path, *, enforce_foreign_keys: bool = True) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"check_same_thread": False, "timeout": DATABASE_BUSY_S},
        poolclass=StaticPool if enforce_foreign_keys else NullPool,
    )
    event.listen(engine, "connect", partial(_prepare, enforce_foreign_keys))
    return engine


def _prepare(enforce_foreign_keys: bool, connection: sqlite3.Connection, _record: Any) -> None:
    # We begin transactions ourselves (`_begin`); the driver would begin them late and weakly.
    connection.isolation_level = None
    _retry_busy(partial(connection.execute, "PRAGMA journal_mode = WAL"))
    # FULL: money that was reported as booked is on the disk, whatever happens next.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA foreign_keys = {'ON' if enforce_foreign_keys else 'OFF'}")
    connection.execute("PRAGMA trusted_schema = OFF")


def _begin(connection: Connection, begin: str, path: Path) -> None:
    query_only = "ON" if begin == "BEGIN" else "OFF"
    if connection.info.get("query_only") != query_only:
        connection.exec_driver_sql(f"PRAGMA query_only = {query_only}")
        connection.info["query_only"] = query_only
    try:
        _retry_busy(partial(connection.exec_driver_sql, begin))
    except OperationalError as error:
        if not _is_busy(error):
            raise _refused(path, error) from error
        waited_s = DATABASE_BUSY_S * DATABASE_BUSY_ATTEMPTS_MAX
        raise UnavailableError(
            f"Another process has held the database {str(path)!r} for {waited_s:.0f} seconds."
            " Close other Steward windows that hang, then try again."
        ) from error


def _refused(path: Path, error: OperationalError) -> UnavailableError:
    return UnavailableError(
        f"The database {str(path)!r} refused: {error.orig}. Nothing was changed."
        " Check that its disk has room and can be written, then try again."
    )


def _retry_busy(attempt: Callable[[], object]) -> None:
    """Repeat what only waits for a lock; SQLite gives up early in a few rare cases."""
    for left in reversed(range(DATABASE_BUSY_ATTEMPTS_MAX)):
        try:
            attempt()
        except (OperationalError, sqlite3.OperationalError) as error:
            if not left or not _is_busy(error):
                raise
        else:
            return


def _is_busy(error: OperationalError | sqlite3.OperationalError) -> bool:
    original = error.orig if isinstance(error, OperationalError) else error
    code = getattr(original, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
