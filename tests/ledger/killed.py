"""Ledgers that are killed at work; the test reads what they had acknowledged.

Arguments: database (a file or a URL), kills, limit in nano-dollars, seed. Each ledger lives
in a fork of this process, so that a life costs no start. Prints the acknowledgements of all of
them, a line each: `reserved NAME`, `settled NAME`, `refused NAME`.
"""

import asyncio
import os
import random
import signal
import sys
from itertools import count
from pathlib import Path

from steward.core.errors import OverBudgetError
from steward.core.money import NanoUsd
from tests.ledger.bank import ANN, USAGE, Bank, charge, open_bank
from tests.places import Place

CALLERS = 8
WORST, COST = 1000, NanoUsd(700)
ACKNOWLEDGED_MAX = 60


async def _live(place: Place, life: int, limit: int, out: int) -> None:
    async with open_bank(place, limit) as bank, asyncio.TaskGroup() as group:
        for caller in range(CALLERS):
            group.create_task(_call(bank, f"{life}-{caller}", out))


async def _call(bank: Bank, name: str, out: int) -> None:
    for number in count():
        request = f"{name}-{number}"
        try:
            await bank.ledger.reserve(ANN, charge(request, WORST))
        except OverBudgetError:
            os.write(out, f"refused {request}\n".encode())
            continue
        os.write(out, f"reserved {request}\n".encode())
        await bank.ledger.settle(request, USAGE, COST)
        os.write(out, f"settled {request}\n".encode())


def _kill_one(place: Place, life: int, limit: int, acknowledgements: int) -> bytes:
    """What a ledger said before it was killed, and in its last moments."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        asyncio.run(_live(place, life, limit, writing))
        os._exit(0)
    os.close(writing)
    said = b""
    while said.count(b"\n") < acknowledgements and (more := os.read(reading, 4096)):
        said += more
    os.kill(child, signal.SIGKILL)
    while more := os.read(reading, 4096):
        said += more
    os.waitpid(child, 0)
    os.close(reading)
    return said


def main(place: Place, kills: int, limit: int, seed: int) -> None:
    dice = random.Random(seed)
    for life in range(kills):
        said = _kill_one(place, life, limit, dice.randrange(ACKNOWLEDGED_MAX))
        sys.stdout.write(said.decode())


if __name__ == "__main__":
    at = sys.argv[1]
    place = at if at.startswith("postgresql:") else Path(at)
    main(place, int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
