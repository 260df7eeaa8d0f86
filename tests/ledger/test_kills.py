"""A ledger that is killed at work loses nothing that it acknowledged, and charges nothing twice."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from steward.ledger.integrity import verify
from steward.ledger.key import KEY_BYTES
from tests.environment import ROOT
from tests.ledger.bank import ANN, Bank, open_bank
from tests.ledger.killed import COST, WORST
from tests.places import Place

KEY = bytes.fromhex("5e" * KEY_BYTES)


def _acknowledged(place: Place, folder: Path, kills: int, limit: int) -> Mapping[str, set[str]]:
    """What was reserved, settled and refused: word → names."""
    program = [sys.executable, "-m", "tests.ledger.killed"]
    done = subprocess.run(
        [*program, str(place), str(kills), str(limit), "7"],
        env={
            "PYTHONPATH": f"{ROOT / 'server'}:{ROOT}",
            "PATH": os.environ["PATH"],
            "TMPDIR": str(folder),  # Whoever is killed leaves things lying about.
        },
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    said: defaultdict[str, set[str]] = defaultdict(set)
    for line in done.stdout.splitlines():
        word, _, name = line.partition(" ")
        said[word].add(name)
    return said


@pytest.mark.parametrize(
    ("kills", "limit"),
    [
        (25, 150_000),
        pytest.param(1_000, 6_000_000, marks=[pytest.mark.soak, pytest.mark.timeout(1800)]),
    ],
)
async def test_kills_lose_no_charge_double_none_and_pass_no_limit(
    place: Place, tmp_path: Path, kills: int, limit: int
) -> None:
    said = _acknowledged(place, tmp_path, kills, limit)
    assert said["settled"]
    assert said["refused"], "the limit was never reached; it was not put to the test"
    async with open_bank(place, limit) as bank:
        # A server may still be committing for one that was killed; whoever writes waits for it.
        await bank.ledger.expire_due()
        standing = await bank.ledger.standing(ANN)
        assert standing.spent + standing.reserved <= limit
        calls = {call.request_id: call for call in await bank.ledger.calls(ANN, limit=10**6)}
        assert said["reserved"] <= calls.keys()
        assert not said["refused"] & calls.keys()
        for name in said["settled"]:
            assert (calls[name].state, calls[name].cost_nano_usd) == ("settled", COST)
        await _assert_intact(bank)
        bank.clock.advance(timedelta(hours=1))
        await bank.ledger.expire_due()
        settled = sum(call.state == "settled" for call in calls.values())
        spent = settled * COST + (len(calls) - settled) * WORST
        assert (await bank.ledger.standing(ANN)).spent == spent <= limit
        await _assert_intact(bank)


async def _assert_intact(bank: Bank) -> None:
    found = await bank.database.read(lambda session: verify(session, KEY))
    assert found.problems == ()
