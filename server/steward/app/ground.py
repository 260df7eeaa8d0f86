"""What every room stands on."""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from steward.core.clock import Clock, SystemClock
from steward.core.database import Database, open_database
from steward.core.errors import UnavailableError
from steward.core.events import Events
from steward.core.ids import IdSource, random_id
from steward.core.timings import Timings
from steward.gateway.reach.http import HttpClient
from steward.ledger.key import KEY_BYTES, LedgerKey
from steward.ledger.ledger import Ledger
from steward.settings import Settings


@dataclass(frozen=True, slots=True)
class Ground:
    """What every room stands on."""

    settings: Settings
    database: Database
    clock: Clock
    new_id: IdSource
    events: Events
    timings: Timings
    """How long things take in this process."""


@asynccontextmanager
async def open_ground(
    settings: Settings,
) -> AsyncGenerator[tuple[Ground, Ledger, HttpClient]]:
    """What both front doors stand on."""
    async with open_database(settings.database_place) as database:
        ground = Ground(settings, database, SystemClock(), random_id, Events(), Timings())
        database.report_to(ground.timings, ground.clock)
        key = LedgerKey(settings.ledger_key, partial(secrets.token_hex, KEY_BYTES))
        ledger = Ledger(database, ground.clock, ground.events, settings.ledger, key)
        with suppress(UnavailableError):  # The next model call says so; all else goes on.
            await ledger.expire_due()
        client = HttpClient()
        try:
            yield ground, ledger, client
        finally:
            await client.close()
