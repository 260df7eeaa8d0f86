"""Hostile extensions in JavaScript reach nothing, take no more than they may, hold nobody up."""

import pytest

from tests.attacks.extension_attacks import Attack, arena
from tests.attacks.extension_javascript import DEPTH, FLOODS, LOOPS, MEMORY, REACHING, attacker


@pytest.mark.parametrize(
    "attacks",
    [REACHING, LOOPS, MEMORY, [*DEPTH, *FLOODS]],
    ids=["reaching", "loops", "memory", "depth and floods"],
)
async def test_what_hostile_javascript_tries_is_contained(attacks: list[Attack]) -> None:
    async with arena() as one:
        assert await one.escapes(attacks, attacker()) == {}
