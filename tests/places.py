"""What both databases let a test do, said once: look, tamper, and hold up whoever writes."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine

from steward.core.postgresql_store import WRITERS_LOCK

Place = Path | str
"""What `open_database` takes: the path of a file, or the URL of a PostgreSQL database."""


def execute(place: Place, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement past our code, and commit."""
    if isinstance(place, str):
        with psycopg.connect(place, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


def engine_of(place: Place) -> Engine:
    """For what Alembic is to do."""
    if isinstance(place, Path):
        return create_engine(f"sqlite:///{place}")
    return create_engine(place.replace("postgresql:", "postgresql+psycopg:"))


def tamper(place: Place, change: str) -> None:
    """Change what triggers protect, as somebody can who owns the database."""
    if isinstance(place, str):
        execute(place, "ALTER TABLE entry DISABLE TRIGGER USER")
        execute(place, change)
        execute(place, "ALTER TABLE entry ENABLE TRIGGER USER")  # Other tests use the database.
        return
    for trigger in ("update", "delete"):
        execute(place, f"DROP TRIGGER IF EXISTS entry_no_{trigger}")
    execute(place, change)


@contextmanager
def held(place: Place) -> Generator[None]:
    """Inside the block another process writes and does not end."""
    if isinstance(place, str):
        with psycopg.connect(place) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [WRITERS_LOCK])
            yield
            connection.rollback()
        return
    with closing(
        sqlite3.connect(place, isolation_level=None, check_same_thread=False)
    ) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def be_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Databases that are opened from here on hardly wait for another process."""
    for store in ("sqlite_store", "postgresql_store"):
        monkeypatch.setattr(f"steward.core.{store}.DATABASE_BUSY_S", 0.01)
