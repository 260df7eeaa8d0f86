"""The judge sees what gets through: each protection is switched off, and what it stops is caught.

Without these the other tests would pass as well if the judge saw nothing.
"""

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from steward.core.errors import ExtensionKilledError
from tests.attacks.extension_attacks import ALLOWED, DEADLINE_S, NEIGHBOUR, Attack, Canaries, arena
from tests.attacks.extension_greed import FLOODS, LOOPS, MEMORY
from tests.attacks.extension_python import ATTEMPTING, REACHING, attacker
from tests.attacks.extension_webassembly import (
    attacker as component_attacker,
    attacks as component_attacks,
)

_LONG_MS = 30_000


def named(attacks: list[Attack], *names: str) -> list[Attack]:
    """Those of these names."""
    found = [each for each in attacks if each.name in names]
    assert len(found) == len(names)
    return found


OFF: dict[str, tuple[dict[str, Any], list[Attack], str]] = {
    "the deadline": (
        {"call_ms": _LONG_MS},
        named(LOOPS, "a destructor"),
        "computed",
    ),
    "the end of memory": (
        {"memory_bytes": 512 << 20, "call_ms": _LONG_MS},
        named(MEMORY, "a text"),
        "MB of the worker",
    ),
    "the quota of questions": (
        {"host_calls": 100_000, "call_ms": _LONG_MS},
        named(FLOODS, "questions"),
        "called 5000 times",
    ),
    "the quota of bytes": (
        {"host_bytes": 1 << 30, "call_ms": _LONG_MS},
        named(FLOODS, "a long question"),
        "with 2097",
    ),
    "the end of the log": (
        {"log_lines": 100_000, "host_bytes": 1 << 30, "call_ms": _LONG_MS},
        named(FLOODS, "a log"),
        "logged 5000 lines",
    ),
    "the end of an answer": (
        {"answer_bytes": 64 << 20, "call_ms": _LONG_MS},
        named(FLOODS, "a long answer"),
        "answered 52428",
    ),
    "the quota of chance": (
        {"random_bytes": 1 << 30, "call_ms": _LONG_MS},
        named(FLOODS, "chance"),
        "ended otherwise than it may: answered",
    ),
}


@pytest.mark.parametrize(("bounds", "attacks", "words"), OFF.values(), ids=OFF)
async def test_without_its_limit_each_attack_gets_through_and_is_seen(
    bounds: dict[str, Any], attacks: list[Attack], words: str
) -> None:
    async with arena(replace(ALLOWED, **bounds)) as one:
        escapes = await one.escapes(attacks, attacker())
        assert set(escapes) == {each.name for each in attacks}
        for told in escapes.values():
            assert any(words in each for each in told), told


async def test_without_the_end_of_its_stack_a_component_gets_through_and_is_seen() -> None:
    attacks = named(component_attacks(), "a function in itself")
    async with arena(replace(ALLOWED, stack_bytes=1_900 << 10)) as one:
        assert set(await one.escapes(attacks, component_attacker())) == {"a function in itself"}


_PLAIN = f"""
import sys
told = None
{ATTEMPTING}
exec(sys.stdin.read(), globals())
print(told)
"""


@pytest.mark.parametrize("attack", REACHING, ids=str)
async def test_outside_of_webassembly_each_attempt_to_reach_out_is_seen(attack: Attack) -> None:
    canaries = Canaries()
    async with canaries.listening():
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _PLAIN),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate(canaries.put_in(attack.code).encode())
        assert await asyncio.to_thread(canaries.found, [output.decode()]), output.decode()


_KEEP = "kept = globals().get('kept') or 'x' * (60 << 20)"


async def test_extensions_that_take_too_much_together_lose_their_worker_and_go_on() -> None:
    most = replace(ALLOWED, worker_bytes=128 << 20, call_ms=_LONG_MS)
    async with arena(most) as one:
        workers, before = one.running.workers, one.running.process_id()
        for number in range(3):
            await one.running.load(attacker(f"test.attacker{number}"))
        keep = json.dumps({"place": {}, "arguments": _KEEP})
        async with asyncio.timeout(DEADLINE_S):
            while before in {each.process_id for each in workers.standing().workers}:
                for number in range(3):
                    with suppress(ExtensionKilledError):
                        await workers.handle(f"test.attacker{number}", "command:run", keep)
        told = await workers.handle(NEIGHBOUR, "command:run", "{}")
        assert json.loads(told) == {"message": "1"}
        assert one.running.process_id() != before
