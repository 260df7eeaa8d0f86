"""A server that is killed at any moment leaves no gap behind it, and tells nothing twice."""

import asyncio
import os
import random
import secrets
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from demo.scripted_model import ScriptedModel
from steward.core.clock import SystemClock
from steward.core.database import Database, open_database
from steward.permissions.tokens import TOKEN_BYTES, Tokens, Wish
from tests.environment import ROOT
from tests.ledger.bank import ANN
from tests.live.following import REPORTS, Following, following
from tests.live.happenings import anybody, put, run_row
from tests.places import Place
from tests.rooms import numbered
from tests.web.serving import open_serving


@dataclass
class _Elsewhere:
    """What `following` needs to know of a server in another process."""

    port: int


class _Server:
    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child

    def kill(self) -> None:
        """End the one that lives; the next begins at once."""
        assert self._child.stdin is not None
        self._child.stdin.write(b"\n")
        self._child.stdin.flush()


@asynccontextmanager
async def killable(place: Place, folder: Path, port: int) -> AsyncGenerator[_Server]:
    environment = {
        "PYTHONPATH": f"{ROOT / 'server'}:{ROOT}",
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "STEWARD_DATA_DIR": str(folder),
    }
    if isinstance(place, str):
        environment["STEWARD_DATABASE"] = place
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.live.killed", str(port)],
        env=environment,
        stdin=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        yield _Server(child)
    finally:
        await asyncio.to_thread(child.communicate)


@pytest.mark.parametrize(
    ("kills", "rows"),
    [(3, 120), pytest.param(60, 4_000, marks=[pytest.mark.soak, pytest.mark.timeout(900)])],
)
async def test_kills_leave_no_gap_and_double_nothing(
    place: Place, tmp_path: Path, kills: int, rows: int
) -> None:
    folder = place.parent if isinstance(place, Path) else tmp_path
    async with open_database(place) as database:
        token = await _token(database)
        port = _free_port()
        seen: list[str] = []
        async with killable(place, folder, port) as server, asyncio.TaskGroup() as tasks:
            tasks.create_task(_write(database, rows, seen))
            await _follow_to_the_end(_Elsewhere(port), token, server, kills, rows, seen)
    assert seen == [f"run-{number}" for number in range(rows)]


async def test_two_servers_on_one_database_tell_of_each_others_changes(
    place: Place, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    other = _Elsewhere(_free_port())
    async with (
        open_serving(tmp_path, scripted_model, place=place) as one,
        killable(place, tmp_path, other.port),
    ):
        token, _ = await one.fresh_token(scopes=REPORTS)
        async with following(one, token) as at_one, _there(other, token) as at_other:
            for each in (at_one, at_other):
                await each.said()
            await put(one.desk.database, run_row("from-one"))
            for each in (at_one, at_other):
                assert (await each.events(1))[0]["subject"] == "from-one"


@asynccontextmanager
async def _there(at: _Elsewhere, token: str) -> AsyncGenerator[Following]:
    """A socket at a server that may only just begin."""
    async with AsyncExitStack() as stack:
        opened: Following | None = None
        while opened is None:
            with suppress(OSError, InvalidHandshake):
                opened = await stack.enter_async_context(following(at, token))
            await asyncio.sleep(0.02)
        yield opened


async def _write(database: Database, rows: int, seen: list[str]) -> None:
    """Rows, never far ahead of who reads them: every kill happens while something happens."""
    for number in range(rows):
        while number > len(seen) + 30:
            await asyncio.sleep(0.01)
        await put(database, run_row(f"run-{number}"))


async def _follow_to_the_end(
    at: _Elsewhere, token: str, server: _Server, kills: int, rows: int, seen: list[str]
) -> None:
    dice = random.Random(7)
    due = sorted(dice.sample(range(rows - 1), kills))
    after = 0
    while len(seen) < rows:
        try:
            async with following(at, token, f"?after={after}") as ann:
                assert (await ann.said())["resumed"]
                while len(seen) < rows:
                    after = await _take(ann, seen)
                    if due and len(seen) > due[0]:
                        due.pop(0)
                        server.kill()
        except (OSError, ConnectionClosed, InvalidHandshake):
            await asyncio.sleep(0.02)  # It is not there yet.


async def _take(ann: Following, seen: list[str]) -> int:
    (event,) = await ann.events(1)
    seen.append(event["subject"])
    return event["seq"]


async def _token(database: Database) -> str:
    fresh = partial(secrets.token_urlsafe, TOKEN_BYTES)
    tokens = Tokens(database, SystemClock(), numbered("token"), fresh)
    written, _ = await tokens.create(ANN, "ann", Wish("test", REPORTS), anybody)
    return written


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
