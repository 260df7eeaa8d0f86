"""A process that reserves as many calls as it is let; the tests run several at once.

Arguments: database (a file or a URL), folder of the ledger's key, name of the process, attempts,
cost of each in nano-dollars, limit in dollars.
Waits for a line on standard input, then prints how many were admitted.
"""

import asyncio
import secrets
import sys
from decimal import Decimal
from functools import partial
from pathlib import Path

from steward.core.clock import SystemClock
from steward.core.database import open_database
from steward.core.errors import OverBudgetError
from steward.core.events import Events
from steward.core.money import NanoUsd
from steward.core.principal import Principal
from steward.ledger.charge import Charge
from steward.ledger.key import KEY_BYTES, LedgerKey
from steward.ledger.ledger import Ledger
from steward.ledger.settings import LedgerSettings


async def main(
    place: str, folder: str, name: str, attempts: int, cost: int, limit_usd: str
) -> None:
    at = place if place.startswith("postgresql:") else Path(place)
    async with open_database(at) as database:
        settings = LedgerSettings(limit_usd=Decimal(limit_usd))
        key = LedgerKey(Path(folder, "ledger.key"), partial(secrets.token_hex, KEY_BYTES))
        ledger = Ledger(database, SystemClock(), Events(), settings, key)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        wanted = [
            Charge(f"{name}-{number}", "agent", "m", NanoUsd(cost), "v1")
            for number in range(attempts)
        ]
        admitted = 0
        # In a few groups, so that the processes take turns at the file.
        for group in (wanted[at::4] for at in range(4)):
            admitted += sum(await asyncio.gather(*(_is_admitted(ledger, name, c) for c in group)))
        print(admitted, flush=True)


async def _is_admitted(ledger: Ledger, name: str, charge: Charge) -> bool:
    try:
        await ledger.reserve(Principal("ann", name, "/w"), charge)
    except OverBudgetError:
        return False
    return True


if __name__ == "__main__":
    place, folder, name, attempts, cost, limit_usd = sys.argv[1:]
    asyncio.run(main(place, folder, name, int(attempts), int(cost), limit_usd))
