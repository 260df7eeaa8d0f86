"""The worker's process: it may die at any moment, and nothing of it is ever left behind."""

import asyncio
import json
import os
import random
import signal
import sys
from pathlib import Path

import pytest

import steward
from steward.core.errors import ExtensionKilledError
from steward.sandbox.memory import own_bytes
from tests.extension_worker import evaluating, process_is_gone, running

DEADLINE_S = 20.0
_OWNER = """
import asyncio, sys
from tests.extension_worker import evaluating, running

async def main():
    async with running() as workers:
        await workers.load(evaluating())
        print(workers.process_id(), flush=True)
        while True:
            try:
                await workers.run("while True:\\n    pass")
            except Exception:
                pass

asyncio.run(main())
"""


async def until_gone(process_id: int) -> None:
    """Wait until it has ended."""
    async with asyncio.timeout(DEADLINE_S):
        while not await asyncio.to_thread(process_is_gone, process_id):
            await asyncio.sleep(0.01)


async def test_a_worker_that_is_killed_at_any_moment_is_there_for_the_next_event() -> None:
    chance = random.Random(7)
    async with running() as workers:
        await workers.load(evaluating())
        for _ in range(8):
            process = workers.process_id()
            busy = asyncio.ensure_future(workers.run("sum(range(100_000))"))
            for _step in range(chance.randrange(12)):
                await asyncio.sleep(0)
            os.kill(process, signal.SIGKILL)
            await asyncio.wait([busy], timeout=DEADLINE_S)
            fault = busy.exception()
            assert fault is None or getattr(fault, "reason", "") == "gone"
            await until_gone(process)
            assert await workers.run("1 + 1") == "2"
            assert workers.process_id() != process


async def test_a_worker_that_does_not_stop_an_extension_is_killed_from_outside() -> None:
    async with running() as workers:
        await workers.load(evaluating())
        process = workers.process_id()
        # Whatever is wrong with it: it does nothing any more, not even look at its clock.
        os.kill(process, signal.SIGSTOP)
        with pytest.raises(ExtensionKilledError) as told:
            await workers.run("1 + 1")
        assert told.value.reason == "deadline"
        await until_gone(process)
        assert await workers.run("1 + 1") == "2"


async def test_a_worker_that_says_what_it_should_not_is_ended() -> None:
    async with running() as workers:
        await workers.load(evaluating())
        process = workers.process_id()
        (room,) = [each for each in workers.workers._rooms.values() if each.process]
        assert room.process is not None
        room.process.take(["log", 10**6, "info"], "")
        await until_gone(process)
        assert await workers.run("1 + 1") == "2"


async def test_nothing_is_left_when_the_server_is_killed() -> None:
    root = str(Path(__file__).parents[3])
    server = str(Path(steward.__file__).parents[1])
    owner = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _OWNER,
        cwd=root,
        env={"PYTHONPATH": f"{root}:{server}"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert owner.stdout is not None
    worker = int(await owner.stdout.readline())
    assert not process_is_gone(worker)
    owner.kill()
    await owner.wait()
    await until_gone(worker)


async def test_the_extensions_of_steward_and_all_others_do_not_share_a_worker() -> None:
    async with running() as workers:
        await workers.load(evaluating("test.ours"), is_shipped=True)
        await workers.load(evaluating("test.theirs"))
        theirs = workers.workers.standing().workers[1]
        os.kill(theirs.process_id, signal.SIGKILL)
        assert await workers.run("kept.setdefault('a', 1)", "test.ours") == "1"
        await until_gone(theirs.process_id)
        assert await workers.run("kept", "test.ours") == "{'a': 1}"
        assert await workers.run("kept", "test.theirs") == "{}"


async def test_an_extension_that_is_unloaded_is_gone_and_its_memory_with_it() -> None:
    async with running() as workers:
        await workers.load(evaluating("test.one"))
        await workers.load(evaluating("test.two"))
        await workers.workers.unload("test.one")
        (worker,) = workers.workers.standing().workers
        assert worker.extensions == ("test.two",)
        assert await workers.run("1 + 1", "test.two") == "2"


async def test_many_events_leave_a_worker_as_large_as_it_was() -> None:
    async with running() as workers:
        await workers.load(evaluating())
        event = json.dumps({"path": "a.py", "language": "python", "text": "x\n" * 50, "version": 1})

        async def save(times: int) -> int:
            for _ in range(times):
                await workers.workers.handle("test.python", "onFileSave", event)
            return await asyncio.to_thread(own_bytes, workers.process_id())

        before = await save(200)
        assert await save(300) < before + (2 << 20)


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_ten_thousand_events_leave_a_worker_as_large_as_it_was() -> None:
    async with running() as workers:
        await workers.load(evaluating())
        workers.calls.replies["config-get"] = ("denied", "no")
        event = json.dumps({"path": "a.py", "language": "python", "text": "x\n" * 50, "version": 1})
        ask = "[steward.storage_set('k', 1), steward.log('x')] and None"

        async def save(times: int) -> int:
            for _ in range(times):
                await workers.workers.handle("test.python", "onFileSave", event)
                await workers.run(ask)
                workers.calls.calls.clear()
            return await asyncio.to_thread(own_bytes, workers.process_id())

        before = await save(1_000)
        assert await save(10_000) < before + (4 << 20)
