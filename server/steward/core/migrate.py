"""Bring the database to the shape that this version of the code expects."""

import sqlite3
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from steward.core.errors import UnavailableError

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy.engine import Connection

HEAD = "2026_11_23_made_with"
"""The newest revision. Kept here so that a database that is up to date never loads Alembic,
which takes ten megabytes; a test compares it with the migrations."""


_HAS_REVISION = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'",
    "postgresql": "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL",
}


def is_at_head(path: Path) -> bool:
    """Whether an SQLite file is in the shape we expect."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
    except sqlite3.OperationalError:
        return False  # No such table: a new file, or one that another process is filling now.
    finally:
        connection.close()


def bring_to_head(connection: "Connection", name: str, elsewhere: str) -> None:
    """Upgrade inside the transaction that `connection` is in, and that keeps all others out.

    `name` is what messages call the database, `elsewhere` what to set for another one.

    Raises:
        UnavailableError: a newer version wrote the database; it is left alone.
    """
    from alembic import command
    from alembic.script import ScriptDirectory

    # Alembic looks for itself, under the lock, where another process has brought it to.
    found = revision_of(connection)
    config = alembic_config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise UnavailableError(
            f"The database {name!r} was written by a newer version of Steward: its revision is"
            f" {found!r}, and this version ends at {HEAD!r}. It was left alone. Install the newer"
            f" version, or set {elsewhere}."
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if connection.dialect.name == "sqlite":
        _check_foreign_keys(connection, name)


def _check_foreign_keys(connection: "Connection", name: str) -> None:
    """They were off while tables were copied."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise UnavailableError(
            f"The database {name!r} could not be brought up to date: {len(broken)} rows would"
            " point to nothing. It was left as it was. Restore a backup, or report this."
        )


def revision_of(connection: "Connection") -> str | None:
    """The revision that the database is at; None for an empty one."""
    if connection.exec_driver_sql(_HAS_REVISION[connection.dialect.name]).fetchone() is None:
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def alembic_config() -> "Config":
    """Alembic, pointed at our migrations wherever they were installed."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    return config


def migrations_folder() -> Path:
    """Beside the package in a wheel; at the top of the repository in a checkout."""
    packaged = Path(str(files("steward"))) / "_migrations"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "migrations"
