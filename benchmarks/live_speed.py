"""How soon a thousand who follow are told what another process committed, and what that takes."""

import asyncio
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.measure import p99_of
from benchmarks.memory import resident_mb, settle, used_s
from steward.core.clock import SystemClock
from steward.core.database import Database, open_database
from steward.permissions.tokens import TOKEN_BYTES, Tokens, Wish
from tests.environment import ROOT, clean_environment
from tests.ledger.bank import ANN
from tests.live.happenings import Member, anybody, people, run_row
from tests.postgresql_server import installed_binaries, running_server
from tests.rooms import numbered

SOCKETS = 1_000
_USERS = 40
_COMMITS, _EVERY_S = 200, 0.05


@dataclass(frozen=True, slots=True)
class Told:
    """What one database reaches."""

    database: str
    count: int
    """Happenings that arrived; all of them, times the sockets."""
    p50_ms: float
    p99_ms: float
    before_mb: float
    after_mb: float
    busy: float
    """Of one processor, the server's part while it told."""


def told() -> list[Told]:
    """From handing a change in, in one process, to its arrival at each of a thousand in another."""
    with tempfile.TemporaryDirectory() as folder:
        found = [asyncio.run(_told("SQLite", Path(folder), Path(folder) / "steward.db"))]
    if installed_binaries() is not None:
        with running_server("-c max_connections=40") as server, tempfile.TemporaryDirectory() as at:
            server.execute("CREATE DATABASE live")
            found.append(asyncio.run(_told("PostgreSQL", Path(at), server.url("live"))))
    return found


async def _told(name: str, folder: Path, place: Path | str) -> Told:
    async with open_database(place) as database:
        tokens = await _tokens(database)
        server, port = await asyncio.to_thread(_serving, folder, place)
        try:
            await asyncio.to_thread(settle, server.pid)
            before = resident_mb(server.pid)
            clients = await asyncio.to_thread(_following, port, tokens)
            begun_s, began_s = used_s(server.pid), time.monotonic()
            await _commit(database)
            took_s, used = time.monotonic() - began_s, used_s(server.pid) - begun_s
            after = resident_mb(server.pid)
            said, _ = await asyncio.to_thread(clients.communicate)
        finally:
            server.terminate()
            server.wait()
    late: list[float] = json.loads(said)
    p50, p99 = statistics.median(late), p99_of(late)
    return Told(name, len(late), p50, p99, before, after, used / took_s)


async def _commit(database: Database) -> None:
    for number in range(_COMMITS):
        begun_s = time.monotonic()
        row = run_row(f"at-{begun_s}")
        await database.run(lambda session: session.add(row))  # noqa: B023  Awaited in its own turn.
        if number < _COMMITS - 1:
            await asyncio.sleep(max(0.0, begun_s + _EVERY_S - time.monotonic()))
    await asyncio.sleep(1)  # Until the last has arrived.


async def _tokens(database: Database) -> list[str]:
    fresh = partial(secrets.token_urlsafe, TOKEN_BYTES)
    tokens = Tokens(database, SystemClock(), numbered("token"), fresh)
    await people(database, *(Member(f"u{number}", "admin") for number in range(_USERS)))
    wish = Wish("bench", frozenset(["reports"]))
    made = [await tokens.create(ANN, f"u{n}", wish, anybody) for n in range(_USERS)]
    return [written for written, _ in made]


def _serving(folder: Path, place: Path | str) -> tuple[subprocess.Popen[str], int]:
    more = {"PYTHONPATH": str(ROOT / "server"), "STEWARD_DATA_DIR": str(folder)}
    if isinstance(place, str):
        more["STEWARD_DATABASE"] = place
    child = subprocess.Popen(
        [sys.executable, "-m", "steward", "serve", "--port", "0"],
        env=clean_environment() | more,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    for line in child.stderr:
        if "http://127.0.0.1:" in line:
            return child, int(line.partition("http://127.0.0.1:")[2].split(";")[0].split("/")[0])
    raise AssertionError("the server did not begin")


def _following(port: int, tokens: list[str]) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "benchmarks.live_clients"]
    clients = subprocess.Popen(
        [*program, str(port), str(SOCKETS // len(tokens)), *tokens],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert clients.stdout is not None
    assert clients.stdout.readline() == "ready\n"
    return clients


if __name__ == "__main__":
    for each in told():
        print(each)
