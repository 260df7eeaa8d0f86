"""What is left behind by many saves, and by a worker that is killed again and again."""

import asyncio
import gc
import os
import random
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from steward.core.errors import ExtensionKilledError
from steward.extensions.payloads import (
    CommandRequest,
    CommandResponse,
    FileSaved,
    FileSavedResponse,
)
from tests.attacks.extension_attacks import DEADLINE_S
from tests.extension_worker import children_of_this_process, process_is_gone
from tests.extensions.host.desk import ID, Desk, open_desk

MAIN = b"""\
import steward


@steward.command("paint")
def paint(request):
    steward.log("painting")
    steward.storage_set("last", sum(range(20_000)))
    return steward.read_file("src/a.py")


@steward.hook("onFileSave")
def saved(event):
    if event["version"] % 10 == 0:
        steward.storage_set("last", event["version"])
    steward.log("saved " + event["path"])
    return [steward.diagnostic(0, 0, 3, steward.read_file("src/a.py")[:3])]
"""
SERVER_BYTES_MAX = 12 << 20
WORKER_BYTES_MAX = 4 << 20
FILES_BYTES_MAX = 1 << 20
"""A log that is full, and what the database rounds up to."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What all of it takes at one moment."""

    own_bytes: int
    worker_bytes: int
    open_files: int
    files: frozenset[str]
    files_bytes: int
    processes: int


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncGenerator[Desk]:
    """A window with one extension in it, that asks for something at each event."""
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install(main=MAIN)
        await desk.extensions.refresh()
        async with desk.extensions.running():
            yield desk


def taken(folder: Path, process_id: int) -> Taken:
    """What this process, the worker and the files in the folder take."""
    gc.collect()
    files = [each for each in folder.rglob("*") if each.is_file()]
    # The database's journal grows to its own bound and is written over from there.
    sizes = {str(each): each.stat().st_size for each in files if not each.name.endswith("-wal")}
    return Taken(
        _private_bytes(os.getpid()),
        _private_bytes(process_id) if process_id else 0,
        len(os.listdir("/proc/self/fd")),
        frozenset(sizes),
        sum(sizes.values()),
        len(children_of_this_process()),
    )


def _private_bytes(process_id: int) -> int:
    rows = Path("/proc", str(process_id), "smaps_rollup").read_text().splitlines()
    # Clean pages of files become private whenever another process ends that has them too.
    return sum(int(row.split()[1]) << 10 for row in rows if row.startswith("Private_Dirty:"))


def worker(desk: Desk) -> int:
    """The number of the worker's process; nought while there is none."""
    found = desk.workers.standing().workers
    return found[0].process_id if found else 0


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (100, 400),
        pytest.param(2_000, 8_000, marks=[pytest.mark.soak, pytest.mark.timeout(900)]),
    ],
)
async def test_many_saves_leave_server_worker_and_files_as_large_as_they_were(
    first: int, more: int, tmp_path: Path
) -> None:
    async with opened(tmp_path) as desk:

        async def save(times: int) -> Taken:
            for version in range(1, times + 1):
                event = FileSaved(path="src/a.py", language="python", text="red", version=version)
                found = await desk.extensions.call(ID, "onFileSave", event, FileSavedResponse)
                assert [each.message for each in found.diagnostics] == ["one"]
            return await asyncio.to_thread(taken, tmp_path, worker(desk))

        before, process = await save(first), worker(desk)
        after = await save(more)
        assert worker(desk) == process
        assert after.own_bytes - before.own_bytes < SERVER_BYTES_MAX
        assert after.worker_bytes - before.worker_bytes < WORKER_BYTES_MAX
        assert after.files_bytes - before.files_bytes < FILES_BYTES_MAX
        assert (after.files, after.processes) == (before.files, before.processes)
        assert abs(after.open_files - before.open_files) < 4


@pytest.mark.parametrize(
    "times", [30, pytest.param(500, marks=[pytest.mark.soak, pytest.mark.timeout(900)])]
)
async def test_a_worker_killed_at_any_moment_is_there_for_the_next_event_and_leaves_nothing(
    times: int, tmp_path: Path
) -> None:
    chance = random.Random(20)
    async with opened(tmp_path) as desk:

        async def paint() -> str | None:
            request = CommandRequest(arguments=None)
            answer = await desk.extensions.call(ID, "command:paint", request, CommandResponse)
            return answer.message

        assert await paint() == "one\ntwo\nthree\n"
        before = await asyncio.to_thread(taken, tmp_path, 0)
        for _ in range(times):
            # Whoever had asked for something when its worker ended bears a part of the blame.
            desk.rooms.clock.advance(timedelta(hours=1))
            process = worker(desk)
            busy = asyncio.ensure_future(paint())
            # Some die before they heard of it, some within a question, some behind their answer.
            for _step in range(chance.choice((0, 1, 3, 8, 20, 60))):
                await asyncio.sleep(0)
            os.kill(process, signal.SIGKILL)
            with suppress(ExtensionKilledError):
                assert await busy == "one\ntwo\nthree\n"
            assert await paint() == "one\ntwo\nthree\n"
            assert worker(desk) not in (0, process)
            async with asyncio.timeout(DEADLINE_S):
                while not await asyncio.to_thread(process_is_gone, process):
                    await asyncio.sleep(0)
        after = await asyncio.to_thread(taken, tmp_path, 0)
        assert (after.processes, after.files) == (before.processes, before.files)
        assert abs(after.open_files - before.open_files) < 4
        assert (await desk.store.one(desk.rooms.principal, ID)).state == "enabled"
        assert {each.kind for each in await desk.extensions.faults.of(ID)} <= {"gone"}
