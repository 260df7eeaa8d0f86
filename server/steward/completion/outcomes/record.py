"""Writes down what became of suggestions, in batches, and never in the way of typing."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from steward.completion.outcomes.outcomes import Outcomes
from steward.completion.outcomes.tally import NAMES, Tally
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import StewardError
from steward.core.limits import GHOST_DAYS_MAX
from steward.core.principal import Principal

_log = logging.getLogger(__name__)

_AT_MOST_EVERY_S = 5.0
_SHORTEST_S = 0.25

_KEY = ("tenant_id", "user", "day", "language", "model", "kind")
_NAMED = ", ".join(f'"{name}"' for name in (*_KEY, *NAMES))
_VALUES = ", ".join(f":{name}" for name in (*_KEY, *NAMES))
_ADDED = ", ".join(f"{name} = ghost_text_day.{name} + excluded.{name}" for name in NAMES)
_ADD = text(
    f"INSERT INTO ghost_text_day ({_NAMED}) VALUES ({_VALUES})"  # noqa: S608  Our own names.
    f' ON CONFLICT (tenant_id, "user", day, language, model, kind) DO UPDATE SET {_ADDED}'
)
_FORGET = text("DELETE FROM ghost_text_day WHERE tenant_id = :tenant_id AND day < :day")


def write(session: Session, principal: Principal, tally: Tally, now: datetime) -> None:
    """Add counts to the principal's rows, and forget the organisation's oldest."""
    owner = {"tenant_id": principal.tenant_id, "user": principal.user}
    connection = session.connection()
    for terms, counts in tally:
        connection.execute(_ADD, owner | asdict(terms) | asdict(counts))
    oldest = (now - timedelta(days=GHOST_DAYS_MAX)).date().isoformat()
    connection.execute(_FORGET, {"tenant_id": principal.tenant_id, "day": oldest})


class Recorder:
    """Keeps the counts of one editor window; for the rooms' lifetime."""

    def __init__(
        self, outcomes: Outcomes, database: Database, clock: Clock, principal: Principal
    ) -> None:
        self._outcomes = outcomes
        self._database = database
        self._clock = clock
        self._principal = principal
        self._is_due = asyncio.Event()
        outcomes.on_due = self._is_due.set

    async def keep(self) -> None:
        """Look when something is due, and write every few seconds at most, until cancelled."""
        while True:
            await self._next_due()
            self._outcomes.look()
            await self.flush()
            # What comes meanwhile is one batch.
            await asyncio.sleep(_AT_MOST_EVERY_S)

    async def flush(self) -> None:
        """Write down what was counted; what cannot be written now is kept for the next time."""
        tally = self._outcomes.take_tally()
        if not tally:
            return
        principal, now = self._principal, self._clock.now()
        try:
            await self._database.run(lambda session: write(session, principal, tally, now))
        except StewardError as error:
            _log.info("what became of suggestions could not be written: %s", error.code)
            self._outcomes.tally.join(tally)

    async def close(self) -> None:
        """Count what is open as it is, and write it down."""
        self._outcomes.finish()
        await self.flush()

    async def _next_due(self) -> None:
        while True:
            self._is_due.clear()
            due_s = self._outcomes.due_s
            if due_s is None:
                await self._is_due.wait()
                continue
            left_s = due_s - self._clock.monotonic_s()
            if left_s <= 0:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(max(left_s, _SHORTEST_S)):
                    await self._is_due.wait()
