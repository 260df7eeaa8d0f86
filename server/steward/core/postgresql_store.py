"""PostgreSQL: one connection that writes, a few that only read, and a server that may restart.

A unit that may write takes one lock of the whole database at its start, so no other process
writes before it has ended: the rule that SQLite has by nature. It is an advisory lock, taken
before the unit's first statement, so the unit sees whatever was committed before and never has
to be repeated because somebody else was quicker.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlmodel import Session

from steward.core.errors import InvalidInputError, UnavailableError
from steward.core.limits import (
    DATABASE_BUSY_ATTEMPTS_MAX,
    DATABASE_BUSY_S,
    DATABASE_CONNECT_ATTEMPTS_MAX,
    DATABASE_CONNECT_PAUSE_S,
    DATABASE_CONNECT_S,
    DATABASE_READERS_MAX,
    DATABASE_SILENCE_S,
    DATABASE_STATEMENT_S,
    DATABASE_UNIT_ATTEMPTS_MAX,
)
from steward.core.migrate import HEAD, bring_to_head, revision_of
from steward.core.postgresql_notices import PostgresqlNotices
from steward.core.store import Kind, Mark, Transaction

T = TypeVar("T")

SCHEMES = ("postgresql", "postgres")
"""How the URL of a PostgreSQL database begins."""
WRITERS_LOCK = 0x5354_4557_4152_44
"""The advisory lock of whoever writes; another number lets two versions write at once."""

_BEGIN_WRITE = f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({WRITERS_LOCK})"
_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_BEGIN_MIGRATION = f"BEGIN; SET LOCAL statement_timeout = 0; {_BEGIN_WRITE.partition('; ')[2]}"
_CONFLICTS = ("40001", "40P01")
"""Serialisation failure and deadlock: the transaction was surely not committed."""
_TOO_SLOW = "25P03"
"""The server ended a transaction in which nothing happened for too long."""
_LOCK_TIMED_OUT = "55P03"
_READ_ONLY = "25006"


class PostgresqlStore:
    """A database on a server."""

    kind: Kind = "postgresql"
    readers = DATABASE_READERS_MAX

    def __init__(self, url: URL) -> None:
        self.name = _name(url)
        self._url = url
        self._writing = _engine(url, connections=1, read_only=False)
        self._reading = _engine(url, connections=self.readers, read_only=True)
        driver: Any = self._writing.dialect.loaded_dbapi
        # A room may use the driver's connection itself, and then gets its errors bare.
        self._failures: tuple[type[Exception], ...] = (DBAPIError, driver.Error)
        self._patience = 1
        """Connections that may fail before units stop waiting; all share it, success renews it."""

    def bring_up_to_date(self) -> None:
        """Check the server, and give it our tables or their newest shape."""
        with self._connected(self._reading) as connection:
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
            if encoding != "UTF8":
                raise UnavailableError(
                    f"The database {self.name!r} keeps its text as {encoding}, which cannot hold"
                    " every character. Create it with ENCODING 'UTF8', then start again."
                )
            if revision_of(connection) == HEAD:
                return
        with self._connected(self._writing) as connection:
            connection.exec_driver_sql(_BEGIN_MIGRATION)
            bring_to_head(connection, self.name, "STEWARD_DATABASE to another database")
            connection.commit()

    def transact(self, work: Callable[[Session], T], *, may_write: bool) -> T:
        """Run `work` in a transaction; again where that was lost and surely not committed."""
        engine = self._writing if may_write else self._reading
        return self._run(engine, partial(_Attempt, work, may_write=may_write))

    def transact_bare(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction that may write, on the driver's connection; likewise."""
        return self._run(self._writing, partial(_BareAttempt, work, may_write=True))

    def _run(self, engine: Engine, begun: "Callable[[], _Attempt]") -> Any:
        left = DATABASE_UNIT_ATTEMPTS_MAX
        while True:
            left -= 1
            attempt = begun()
            try:
                with self._connected(engine) as connection:
                    return attempt.run(connection)
            except self._failures as error:
                if not left or not attempt.may_be_repeated(error):
                    raise self._refusal(error, attempt) from error

    def mark(self) -> Mark | None:
        """Nothing: what others commit is told by notices."""
        return None

    def notices(self) -> PostgresqlNotices:
        """A connection of its own, which listens."""
        url = self._url.set(drivername="postgresql")
        arguments = _connect_arguments(url, read_only=True)
        return PostgresqlNotices(url.render_as_string(hide_password=False), arguments)

    def close(self) -> None:
        """Close all connections."""
        self._writing.dispose()
        self._reading.dispose()

    def _connected(self, engine: Engine) -> Connection:
        """A connection; while the server cannot be reached, as all units together have patience."""
        while True:
            try:
                connection = engine.connect()
            except OperationalError as error:
                self._patience = max(0, self._patience - 1)
                if not self._patience:
                    raise self._unreachable(error) from error
                time.sleep(DATABASE_CONNECT_PAUSE_S)
            else:
                self._patience = DATABASE_CONNECT_ATTEMPTS_MAX
                return connection

    def _unreachable(self, error: DBAPIError) -> UnavailableError:
        return UnavailableError(
            f"The database {self.name!r} cannot be reached: {_reason(error)}. Nothing was changed."
            " Check that the server runs and takes the user, password and database of"
            " STEWARD_DATABASE, then try again."
        )

    def _refusal(self, error: Exception, attempt: "_Attempt") -> Exception:
        """What the caller gets; a mistake of ours in a statement stays what it is."""
        state = _state(error)
        if attempt.is_in_doubt():
            return UnavailableError(
                f"The connection to the database {self.name!r} was lost while it committed:"
                f" {_reason(error)}. It is not known whether the change was kept; look before you"
                " try again."
            )
        if state == _LOCK_TIMED_OUT:
            waited_s = DATABASE_BUSY_S * DATABASE_BUSY_ATTEMPTS_MAX
            return UnavailableError(
                f"Another process has held the database {self.name!r} for {waited_s:.0f} seconds."
                " End the Steward process or database session that hangs, then try again."
            )
        if attempt.is_lost or _kind(error) == "OperationalError" or state == _READ_ONLY:
            return UnavailableError(
                f"The database {self.name!r} refused: {_reason(error)}. Nothing was changed."
                " Check the server's log and its disk, then try again."
            )
        if _kind(error) == "DataError" and state is None and "NUL" in str(_origin(error)):
            return InvalidInputError(
                "A text holds the character NUL, which PostgreSQL cannot keep. Nothing was"
                " changed; take the character out."
            )
        return error


class _Attempt:
    """One try at a unit of work, and how far it came."""

    def __init__(self, work: Callable[[Any], Any], *, may_write: bool) -> None:
        self._work = work
        self._may_write = may_write
        self._is_committing = False
        self._driver: Any = None

    def run(self, connection: Connection) -> Any:
        self._driver = connection.connection.driver_connection
        _keep_to_utc(self._driver)
        connection.exec_driver_sql(_BEGIN_WRITE if self._may_write else _BEGIN_READ)
        session = Session(connection, expire_on_commit=False, join_transaction_mode="control_fully")
        with session, session.begin():
            result = self._work(session)
            session.flush()
            _check_unbroken(self._driver)
            self._is_committing = True
        return result

    @property
    def is_lost(self) -> bool:
        """Whether its connection has ended."""
        return self._driver is not None and bool(self._driver.closed)

    def may_be_repeated(self, error: Exception) -> bool:
        """Whether it surely changed nothing, and may well succeed next time."""
        state = _state(error)
        if state in _CONFLICTS:
            return True
        return self.is_lost and state != _TOO_SLOW and not self.is_in_doubt()

    def is_in_doubt(self) -> bool:
        """Whether it may have been committed."""
        return self._may_write and self._is_committing and self.is_lost


class _BareAttempt(_Attempt):
    """One try at a unit that speaks to the driver itself."""

    def run(self, connection: Connection) -> Any:
        driver: Any = connection.connection.driver_connection
        self._driver = driver
        _keep_to_utc(driver)

        def restart() -> None:
            driver.rollback()
            driver.execute(_BEGIN_WRITE)

        def joined() -> Session:
            # The transaction is the unit's: closing the session leaves it open.
            if not connection.in_transaction():
                connection.begin()
            mode = "rollback_only"
            return Session(connection, expire_on_commit=False, join_transaction_mode=mode)

        driver.execute(_BEGIN_WRITE)
        result = self._work(Transaction(driver, restart, joined))
        _check_unbroken(driver)
        self._is_committing = True
        driver.execute("COMMIT")
        return result


def open_postgresql(url: str) -> PostgresqlStore:
    """The database of the URL, up to date.

    Raises:
        InvalidInputError: the URL is none.
        UnavailableError: the database cannot be had, or was written by a newer version.
    """
    store = PostgresqlStore(_parse(url))
    try:
        store.bring_up_to_date()
    except DBAPIError as error:
        store.close()
        raise UnavailableError(
            f"The database {store.name!r} cannot be brought up to date: {_reason(error)}. It was"
            " left as it was. Check that the user of STEWARD_DATABASE owns the database and may"
            " create tables in it, then start again."
        ) from error
    except UnavailableError:
        store.close()
        raise
    return store


def _parse(written: str) -> URL:
    # What was written may hold a password: no message repeats it.
    try:
        url = make_url(written)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in SCHEMES or not url.database:
        raise InvalidInputError(
            "The database's URL is wrong: it must be like"
            " postgresql://USER:PASSWORD@HOST:5432/DATABASE. Correct STEWARD_DATABASE; write"
            " special characters in the password as %XX."
        )
    return url.set(drivername="postgresql+psycopg")


def _name(url: URL) -> str:
    host = url.host or url.query.get("host") or "localhost"
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{host}{port}/{url.database}"


def _engine(url: URL, *, connections: int, read_only: bool) -> Engine:
    return create_engine(
        url,
        connect_args=_connect_arguments(url, read_only=read_only),
        pool_size=connections,
        max_overflow=0,
        use_native_hstore=False,  # It would ask the server at each connection.
        # We begin transactions ourselves; the driver would begin them late and weakly.
        isolation_level="AUTOCOMMIT",
    )


def _connect_arguments(url: URL, *, read_only: bool) -> dict[str, object]:
    silence_s = round(DATABASE_SILENCE_S)
    defaults: dict[str, object] = {
        "application_name": "steward",
        "connect_timeout": round(DATABASE_CONNECT_S),
        "keepalives_idle": max(1, silence_s // 3),
        "keepalives_interval": max(1, silence_s // 3),
        "keepalives_count": 2,
        "tcp_user_timeout": silence_s * 1000,
    }
    session = {
        # Money that was reported as booked is on the disk, whatever happens next.
        "synchronous_commit": "on",
        "default_transaction_read_only": "on" if read_only else "off",
        "timezone": "UTC",
        "lock_timeout": round(DATABASE_BUSY_S * DATABASE_BUSY_ATTEMPTS_MAX * 1000),
        "statement_timeout": round(DATABASE_STATEMENT_S * 1000),
        "idle_in_transaction_session_timeout": round(DATABASE_STATEMENT_S * 1000),
    }
    ours = " ".join(f"-c {name}={value}" for name, value in session.items())
    chosen = {name: value for name, value in defaults.items() if name not in url.query}
    options = f"{url.query.get('options', '')} {ours}".strip()
    return chosen | {"options": options, "client_encoding": "utf8"}


def _keep_to_utc(driver: Any) -> None:
    """PGTZ and PGDATESTYLE in somebody's environment go before what we said when we connected."""
    status = driver.info.parameter_status
    if status("TimeZone") != "UTC" or not str(status("DateStyle")).startswith("ISO"):
        driver.execute("SET timezone = 'UTC'; SET datestyle = 'ISO'")


def _check_unbroken(driver: Any) -> None:
    """A refused statement that the unit went on after: the server would only seem to commit."""
    if driver.info.transaction_status.name == "INERROR":
        raise UnavailableError(
            "The database refused a statement, and the unit of work went on all the same. Nothing"
            " was changed. Report this: such a unit must end with the error."
        )


def _origin(error: Exception) -> Any:
    """The driver's own error."""
    return error.orig if isinstance(error, DBAPIError) else error


def _kind(error: Exception) -> str:
    """Its class among those that all drivers have."""
    names = {kind.__name__ for kind in type(_origin(error)).__mro__}
    return next((name for name in ("OperationalError", "DataError") if name in names), "")


def _state(error: Exception) -> str | None:
    return getattr(_origin(error), "sqlstate", None)


def _reason(error: Exception) -> str:
    """What the server said, in one line and without the values of the statement."""
    origin = _origin(error)
    message: str | None = getattr(getattr(origin, "diag", None), "message_primary", None)
    return (message or str(origin).strip().partition("\n")[0]).rstrip(".")
