"""SQLite: one file, one thread and connection, and other processes that may share the file.

A unit that may write takes the file's write lock at its start, so no other process writes before
it has ended.
"""

import os
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool, StaticPool
from sqlmodel import Session

from steward.core.errors import UnavailableError
from steward.core.limits import DATABASE_BUSY_ATTEMPTS_MAX, DATABASE_BUSY_S
from steward.core.migrate import bring_to_head, is_at_head
from steward.core.store import Kind, Mark, Transaction

T = TypeVar("T")


class SqliteStore:
    """A database in a file."""

    kind: Kind = "sqlite"
    readers = 0

    def __init__(self, name: str, engine: Engine) -> None:
        self.name = name
        self._engine = engine
        # One for good: there is one thread, and a pool would ask and reset it each time.
        self._connection = engine.connect()
        self._driver = _driver_of(self._connection)
        self._bare = Transaction(self._driver, self._restart, self._joined)
        self._may_write: bool | None = None
        self._writes = 0
        """Transactions that were begun and might write."""

    def transact(self, work: Callable[[Session], T], *, may_write: bool) -> T:
        """Run `work` in a transaction of its own."""
        self._begin(may_write=may_write)
        session = Session(
            self._connection,
            expire_on_commit=False,
            # The transaction that we began is the session's to commit or roll back.
            join_transaction_mode="control_fully",
        )
        try:
            with session, session.begin():
                return work(session)
        except OperationalError as error:
            raise _refused(self.name, error.orig) from error
        finally:
            self._driver.rollback()  # Of a unit that asked its session for nothing.

    def transact_bare(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction that may write, on the driver's connection."""
        self._begin(may_write=True)
        try:
            result = work(self._bare)
            self._commit()
        finally:
            # Where it was committed nothing is left to undo; a full disk has undone it already.
            self._connection.rollback()
            self._driver.rollback()
        return result

    def mark(self) -> Mark | None:
        """What stays the same while nobody commits; it costs far less than to read anything."""
        (others,) = self._driver.execute("PRAGMA data_version").fetchone()
        return others, self._writes

    def notices(self) -> None:
        """Nothing: a file tells nobody."""

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
        self._engine.dispose()

    def _begin(self, *, may_write: bool) -> None:
        if self._may_write is not may_write:
            self._driver.execute(f"PRAGMA query_only = {'OFF' if may_write else 'ON'}")
            self._may_write = may_write
        self._writes += may_write
        _begin(self._driver, "BEGIN IMMEDIATE" if may_write else "BEGIN", self.name)

    def _commit(self) -> None:
        try:
            self._driver.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            raise _refused(self.name, error) from error

    def _restart(self) -> None:
        self._connection.rollback()
        self._driver.rollback()
        self._begin(may_write=True)

    def _joined(self) -> Session:
        """The transaction is the unit's: closing the session leaves it open."""
        if not self._connection.in_transaction():
            self._connection.begin()
        return Session(
            self._connection, expire_on_commit=False, join_transaction_mode="rollback_only"
        )


def open_sqlite(path: Path) -> SqliteStore:
    """The database in the file, up to date; the file is made if there is none.

    Raises:
        UnavailableError: the file cannot be opened, or was written by a newer version.
    """
    try:
        _create_private(path)
        if not is_at_head(path):
            _migrate(path)
        return SqliteStore(str(path), _engine(path))
    except (OSError, sqlite3.Error, OperationalError) as error:
        reason = error.orig if isinstance(error, OperationalError) else error
        raise UnavailableError(
            f"The database {str(path)!r} cannot be opened: {reason}. Check that the folder exists,"
            " is yours and has room, or set STEWARD_DATA_DIR to another one."
        ) from error


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
            _begin(_driver_of(connection), "BEGIN IMMEDIATE", str(path))
            bring_to_head(connection, str(path), "STEWARD_DATA_DIR to another folder")
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


def _driver_of(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def _begin(driver: sqlite3.Connection, begin: str, name: str) -> None:
    try:
        if not _begin_soon(driver, begin):
            _retry_busy(partial(driver.execute, begin))
    except sqlite3.OperationalError as error:
        if not _is_busy(error):
            raise _refused(name, error) from error
        waited_s = DATABASE_BUSY_S * DATABASE_BUSY_ATTEMPTS_MAX
        raise UnavailableError(
            f"Another process has held the database {name!r} for {waited_s:.0f} seconds."
            " Close other Steward windows that hang, then try again."
        ) from error


def _begin_soon(driver: sqlite3.Connection, begin: str) -> bool:
    """Whether the lock was had by asking for it every millisecond, for about a quarter second.

    SQLite's own pauses grow to a tenth of a second, so who meets a few short transactions of
    others would wait far longer than those take.
    """
    driver.execute("PRAGMA busy_timeout = 1")
    try:
        for _ in range(_SOON_ATTEMPTS):
            try:
                driver.execute(begin)
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    raise
            else:
                return True
        return False
    finally:
        driver.execute(f"PRAGMA busy_timeout = {round(DATABASE_BUSY_S * 1000)}")


_SOON_ATTEMPTS = 200


def _refused(name: str, error: BaseException | None) -> UnavailableError:
    return UnavailableError(
        f"The database {name!r} refused: {error}. Nothing was changed."
        " Check that its disk has room and can be written, then try again."
    )


def _retry_busy(attempt: Callable[[], object]) -> None:
    """Repeat what only waits for a lock; SQLite gives up early in a few rare cases."""
    for left in reversed(range(DATABASE_BUSY_ATTEMPTS_MAX)):
        try:
            attempt()
        except sqlite3.OperationalError as error:
            if not left or not _is_busy(error):
                raise
        else:
            return


def _is_busy(error: sqlite3.OperationalError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
