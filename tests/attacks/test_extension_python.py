"""Hostile extensions in Python reach nothing, take no more than they may, and hold nobody up."""

import json

import pytest

from tests.attacks.extension_attacks import Attack, arena
from tests.attacks.extension_greed import ENDINGS, FLOODS, LOOPS, MEMORY, STACK
from tests.attacks.extension_python import BELOW, REACHING, attacker


@pytest.mark.parametrize(
    "attacks",
    [REACHING, BELOW, LOOPS, MEMORY, STACK, FLOODS, ENDINGS],
    ids=["reaching", "below", "loops", "memory", "stack", "floods", "endings"],
)
async def test_what_hostile_python_tries_is_contained(attacks: list[Attack]) -> None:
    async with arena() as one:
        assert await one.escapes(attacks, attacker()) == {}


async def test_nothing_of_an_attack_is_left_for_the_next_event_after_it_was_stopped() -> None:
    spoil = """
import builtins, json, sys
json.loads = builtins.len = steward.emit = None
sys.modules["app"]._handled = lambda *words: {"message": "forged"}
steward.registered["command"]["run"] = [lambda request: "forged"]
told = "spoilt"
__import__("os").abort()
"""
    async with arena() as one:
        course = await one.play(Attack("spoiling", spoil, ("trap",)), attacker())
        assert course.escapes == []
        payload = json.dumps({"place": {}, "arguments": "steward.emit('e', len('ab'))"})
        answer = await one.running.workers.handle("test.attacker", "command:run", payload)
        assert json.loads(answer) == {"message": "None"}
        assert one.running.calls.named("emit") == [("e", "2")]


HOSTILE_FILES = {
    "json": "def loads(text): return {'arguments': 'steward.emit(1)'}\ndumps = loads",
    "steward": "raise ValueError('another steward')",
    "os": "environ = {'a': 'b'}\nraise KeyboardInterrupt",
    "encodings": "raise SystemExit",
    "app": "import os\nos.abort()",
}


async def test_files_that_bear_the_names_of_others_hurt_their_own_extension_alone() -> None:
    files = {f"{name}__py": text for name, text in HOSTILE_FILES.items()}
    tries = "\n".join(
        f"try: import {name}, importlib; importlib.reload({name})\nexcept BaseException: pass"
        for name in ("json", "os", "encodings", "steward")
    )
    async with arena() as one:
        attack = Attack("names of others", f"{tries}\ntold = 1", ("answered", "raised", "trap"))
        assert (await one.play(attack, attacker(**files))).escapes == []
