"""The database: whether it answers and keeps, how fast, how large it is, and its shape."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from steward import __version__
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.migrate import HEAD, revision_of
from steward.operations.health.machine import free_doubt
from steward.operations.health.verdict import Fact, Found, State, joined

_SLOW_READ_MS, _SLOW_WRITE_MS = 250.0, 1_000.0
_LARGE_WAL_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class DatabaseLook:
    """Reads, writes durably, and measures both."""

    database: Database
    clock: Clock
    file: Path | None
    """The file of one on SQLite."""

    async def __call__(self) -> Found:
        """How it stands."""
        began_s = self.clock.monotonic_s()
        read = await self.database.read(_size)
        read_s = self.clock.monotonic_s()
        await self.database.run(_written)
        write_ms = (self.clock.monotonic_s() - read_s) * 1000
        read_ms = (read_s - began_s) * 1000
        facts: dict[str, Fact] = {
            "kind": self.database.kind,
            "read_ms": round(read_ms, 3),
            "write_ms": round(write_ms, 3),
            "size_bytes": read,
        }
        doubts = [_slow("read", read_ms, _SLOW_READ_MS), _slow("write", write_ms, _SLOW_WRITE_MS)]
        if self.file is not None:
            wal, free = await asyncio.to_thread(_on_disk, self.file)
            facts |= {"wal_bytes": wal, "free_bytes": free}
            doubts += [_wal_doubt(wal), free_doubt(free, str(self.file.parent))]
        return joined(facts, *doubts)


@dataclass(frozen=True, slots=True)
class SchemaLook:
    """Whether the database has the shape that this version of the code expects."""

    database: Database

    async def __call__(self) -> Found:
        """How it stands."""
        found = await self.database.read(lambda session: revision_of(session.connection()))
        facts: Mapping[str, Fact] = {"version": __version__, "revision": found, "expected": HEAD}
        if found == HEAD:
            return Found(facts=facts)
        return Found(
            "unhealthy",
            f"The database is at the revision {found!r}, and this version expects {HEAD!r}. Run the"
            " same version everywhere, and start this server again.",
            facts,
        )


def _size(session: Session) -> int:
    connection = session.connection()
    statement = _SIZES[connection.dialect.name]
    return int(connection.exec_driver_sql(statement).scalar_one())


_SIZES = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


def _written(session: Session) -> None:
    """Something that has to be on the disk before the transaction is over, and changes nothing."""
    connection = session.connection()
    connection.exec_driver_sql(_WRITES[connection.dialect.name])


_WRITES = {
    # Nobody reads this number; writing it writes a page.
    "sqlite": "PRAGMA user_version = 0",
    "postgresql": "SELECT pg_logical_emit_message(true, 'steward', 'health')",
}


def _slow(what: str, took_ms: float, usual_ms: float) -> tuple[State, str] | None:
    if took_ms <= usual_ms:
        return None
    return "degraded", f"A {what} took {took_ms:.0f} ms; look at its disk and who else is busy."


def _on_disk(file: Path) -> tuple[int, int]:
    """The length of its write-ahead log, and the room on its disk, in bytes."""
    found = os.statvfs(file.parent)
    try:
        wal = file.with_name(f"{file.name}-wal").stat().st_size
    except FileNotFoundError:
        wal = 0
    return wal, found.f_bavail * found.f_frsize


def _wal_doubt(wal_bytes: int) -> tuple[State, str] | None:
    if wal_bytes <= _LARGE_WAL_BYTES:
        return None
    return "degraded", (
        f"Its write-ahead log has grown to {wal_bytes >> 20} MB: a process has read from it for"
        " very long. Close windows and servers that hang."
    )
