"""`python -m tests.live.writing PLACE USER CALLS`: a process that pays for calls, one by one."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from steward.core.money import NanoUsd
from tests.ledger.bank import ANN, USAGE, charge, open_bank
from tests.places import Place


async def main(place: Place, user: str, calls: int) -> None:
    """Reserve and settle."""
    async with open_bank(place) as bank:
        who = replace(ANN, user=user, session=user)
        for number in range(calls):
            name = f"{user}-{number}"
            await bank.ledger.reserve(who, charge(name, 1000))
            await bank.ledger.settle(name, USAGE, NanoUsd(700))


if __name__ == "__main__":
    at = sys.argv[1]
    there = at if at.startswith("postgresql:") else Path(at)
    asyncio.run(main(there, sys.argv[2], int(sys.argv[3])))
