"""A look into the database that only reads, at a tenth of what a session costs to load.

For commands that must answer at once, and for those that must say something even when the
database is not as it should be: nothing is made, migrated or locked.
"""

import re
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import quote

from steward.core.errors import UnavailableError

_NAMED = re.compile(r":([a-z_]+)")


class Glance(Protocol):
    """An open look."""

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """What a statement finds; its values stand in it as `:name`.

        Raises:
            UnavailableError: the database failed us, or has no such table.
        """
        ...


@contextmanager
def glance(place: Path | str, within_s: float = 2.0) -> Generator[Glance]:
    """Look into the file, or into the PostgreSQL database of a URL.

    Raises:
        UnavailableError: it is not there, is none, or does not answer in time.
    """
    opened = _sqlite(place, within_s) if isinstance(place, Path) else _postgresql(place, within_s)
    with opened as found:
        yield found


class _Sqlite:
    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise _refused(self._name, str(error)) from error


@contextmanager
def _sqlite(file: Path, within_s: float) -> Generator[Glance]:
    if not file.is_file():
        raise UnavailableError(f"There is no database {str(file)!r} yet.")
    try:
        connection = sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=within_s)
    except sqlite3.Error as error:
        raise _refused(str(file), str(error)) from error
    with closing(connection):
        yield _Sqlite(connection, str(file))


class _Postgresql:
    def __init__(self, connection: Any, failure: type[Exception], name: str) -> None:
        self._connection = connection
        self._failure = failure
        self._name = name

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        try:
            found = self._connection.execute(_NAMED.sub(r"%(\1)s", statement), values)
            return cast("list[tuple[Any, ...]]", found.fetchall())
        except self._failure as error:
            raise _refused(self._name, str(error).partition("\n")[0]) from error


@contextmanager
def _postgresql(url: str, within_s: float) -> Generator[Glance]:
    import psycopg

    name = named(url)
    options = f"-c default_transaction_read_only=on -c statement_timeout={round(within_s * 1000)}"
    try:
        connection = psycopg.connect(
            url, autocommit=True, connect_timeout=max(2, round(within_s)), options=options
        )
    except psycopg.Error as error:
        # What the driver says may hold the URL's words, but never its password.
        raise _refused(name, str(error).strip().partition("\n")[0]) from error
    with closing(connection):
        yield _Postgresql(connection, psycopg.Error, name)


def named(url: str) -> str:
    """Which database of PostgreSQL a URL names, without its user and password.

    The driver itself takes the URL apart: a password may hold `@` and `?`, or stand behind the `?`.
    """
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        return "of STEWARD_DATABASE"
    port = f":{parts['port']}" if "port" in parts else ""
    return f"{parts.get('host', 'localhost')}{port}/{parts.get('dbname', '')}"


def _refused(name: str, why: str) -> UnavailableError:
    return UnavailableError(f"The database {name!r} cannot be read: {why}.")
