"""An extension that takes more than it may is stopped; its neighbour and its next event are not."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from steward.core.errors import (
    ExtensionBusyError,
    ExtensionKilledError,
    ExtensionRaisedError,
    LimitError,
)
from steward.core.wasm_limits import (
    WASM_BUNDLE_BYTES_MAX,
    WASM_EVENT_BYTES_MAX,
    WASM_HOST_CALLS_MAX,
    WASM_LOG_LINES_MAX,
    WASM_WAITING_MAX,
)
from steward.sandbox.wasm.worker import Answer
from tests.extension_worker import (
    BOUNDS,
    UNBOUND,
    Running,
    component,
    evaluating,
    python,
    running,
)

PATIENT = replace(BOUNDS, call_ms=10_000)
"""For what is not about time: the machine may have much else to do."""
_LOOP = "while True:\n    pass"


async def stopped(workers: Running, code: str) -> str:
    """Why the extension was stopped; then it works again."""
    with pytest.raises(ExtensionKilledError) as told:
        await workers.run(code)
    assert await workers.run("1 + 1") == "2"
    return told.value.reason


async def test_a_loop_is_stopped_and_the_next_event_finds_it_fresh() -> None:
    async with running() as workers:
        await workers.load(evaluating())
        await workers.run("kept.setdefault('a', 1)")
        assert await stopped(workers, _LOOP) == "deadline"
        assert await workers.run("kept") == "{}"


async def test_each_quota_stops_an_extension_and_its_next_event_finds_it_fresh() -> None:
    async with running(bounds=PATIENT) as workers:
        await workers.load(evaluating())
        assert await stopped(workers, "'a' * 5_000_000") == "answer"
        assert await stopped(workers, "[steward.emit('e') for _ in range(20_000)]") == "quota"
        assert await stopped(workers, "steward.read_file('a' * 9_000_000)") == "quota"
        assert await stopped(workers, "__import__('os').urandom(70_000)") == "quota"
        assert await stopped(workers, "__import__('os').abort()") == "trap"
        deep = "__import__('re').compile('(' * 2000 + ')' * 2000)"
        with pytest.raises((ExtensionKilledError, ExtensionRaisedError)):
            await workers.run(deep)
        assert len(workers.calls.named("emit")) == WASM_HOST_CALLS_MAX


async def test_memory_has_an_end_that_the_extension_is_told_of() -> None:
    async with running(bounds=PATIENT) as workers:
        await workers.load(evaluating())
        with pytest.raises(ExtensionRaisedError, match="MemoryError"):
            await workers.run("len(bytearray(100 << 20))")
        assert await workers.run("1 + 1") == "2"


async def test_without_the_limits_the_same_gets_through() -> None:
    async with running(bounds=UNBOUND) as workers:
        await workers.load(evaluating())
        assert await workers.run("len(bytearray(100 << 20))") == str(100 << 20)
        assert len(await workers.run("'a' * 5_000_000")) == 5_000_002
        assert await workers.run("len(__import__('os').urandom(70_000))") == "70000"
        assert await workers.run("sum(1 for _ in range(20_000) if not steward.log('x'))") == "20000"


async def test_a_neighbour_answers_while_another_extension_computes_for_ever() -> None:
    async with running() as workers:
        await workers.load(evaluating("test.looping"))
        await workers.load(evaluating("test.neighbour"))
        looping = asyncio.ensure_future(workers.run(_LOOP, "test.looping"))
        answered = 0
        while not looping.done():
            assert await workers.run("1 + 1", "test.neighbour") == "2"
            answered += 1
        with pytest.raises(ExtensionKilledError):
            await looping
        assert answered > 5


async def test_waiting_for_steward_takes_nothing_of_an_extensions_time() -> None:
    async with running() as workers:
        await workers.load(evaluating())
        await workers.load(evaluating("test.looping"))

        async def slowly(_: Sequence[str | None]) -> Answer:
            # Longer than its time for sure: another extension has used its own up meanwhile.
            for _round in range(2):
                with pytest.raises(ExtensionKilledError):
                    await workers.run(_LOOP, "test.looping")
            return "ok", '{"text": "late", "model": "m", "cost_nano_usd": 0}'

        workers.calls.replies["ask-model"] = slowly
        assert await workers.run("steward.ask_model('q').text") == "'late'"


async def test_the_time_between_questions_is_counted_together() -> None:
    async with running() as workers:
        await workers.load(evaluating())
        busy = "while True:\n    sum(range(10_000))\n    steward.storage_get('k')"
        workers.calls.replies["storage-get"] = ("ok", None)
        assert await stopped(workers, busy) == "deadline"


async def test_a_flood_of_lines_is_cut_off_and_hurts_nobody() -> None:
    async with running(bounds=PATIENT) as workers:
        await workers.load(evaluating())
        await workers.run("[print('x' * 5000) for _ in range(1_100)] and None")
        lines = workers.calls.named("log")
        assert len(lines) == WASM_LOG_LINES_MAX
        assert {len(text or "") for _, text in lines} == {2000}


async def test_events_that_are_too_many_or_too_large_are_refused() -> None:
    async with running() as workers:
        await workers.load(evaluating())
        async with asyncio.TaskGroup() as tasks:
            events = [tasks.create_task(refused(workers)) for _ in range(WASM_WAITING_MAX + 3)]
        assert sum(each.result() for each in events) == 3
        with pytest.raises(LimitError, match="is not told of it"):
            await workers.workers.handle(
                "test.python", "onFileSave", "x" * WASM_EVENT_BYTES_MAX * 2
            )
        with pytest.raises(LimitError, match="Leave out what it does not read"):
            await workers.load(python("#" * (WASM_BUNDLE_BYTES_MAX + 1)))


async def refused(workers: Running) -> bool:
    """Whether the extension was too busy for one more event."""
    try:
        await workers.run("1")
    except ExtensionBusyError:
        return True
    return False


async def test_an_event_that_nobody_waits_for_any_more_is_broken_off() -> None:
    async with running(bounds=replace(BOUNDS, call_ms=60_000)) as workers:
        await workers.load(evaluating())
        asked = asyncio.Event()

        async def never(_: Sequence[str | None]) -> Answer:
            asked.set()
            await asyncio.Event().wait()
            raise AssertionError

        workers.calls.replies["config-get"] = never
        waiting = asyncio.ensure_future(workers.run("steward.config('k')"))
        await asked.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await workers.run("1 + 1") == "2"


async def test_a_component_of_raw_webassembly_is_held_to_the_same_limits() -> None:
    bodies = {
        "deadline": "(loop $for_ever (br $for_ever)) (i32.const 64)",
        "stack": "(call $deep) (i32.const 64)",
        "trap": "unreachable",
    }
    more = "(func $deep (call $deep) (call $deep))"
    async with running() as workers:
        for reason, body in bodies.items():
            await workers.load(component(body, more=more))
            with pytest.raises(ExtensionKilledError) as told:
                await workers.workers.handle("test.component", "onFileSave", "{}")
            assert told.value.reason == reason
        # Each page that is asked for beyond the limit is refused, and the module sees that.
        grow = """
            (loop $more (br_if $more (i32.ne (memory.grow (i32.const 64)) (i32.const -1))))
            (if (i32.gt_u (memory.size) (i32.const 1536)) (then unreachable))
            (i32.const 64)"""
        await workers.load(component(grow))
        answer = await workers.workers.handle("test.component", "onFileSave", "{}")
        assert json.loads(answer) == {}
        # A text that reaches beyond its memory.
        await workers.load(component("(i32.store (i32.const 72) (i32.const -9)) (i32.const 64)"))
        with pytest.raises(ExtensionKilledError):
            await workers.workers.handle("test.component", "onFileSave", "{}")
