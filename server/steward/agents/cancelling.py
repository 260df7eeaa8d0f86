"""End a run from elsewhere: by whoever works on it, or here where nobody does any more."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Literal

from steward.agents.asked import ask_cancel, end_cancelled
from steward.agents.workflows.owner import Owner
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.events import RUN_ENDED
from steward.core.principal import Principal
from steward.permissions.approvals import Approvals

Cancelled = Literal["asked", "now", "already"]
"""Whoever works on it was asked; nobody did, so it is ended; it had ended."""


@dataclass(frozen=True, slots=True)
class Cancelling:
    """Ends runs on behalf of people who are in none of the windows."""

    database: Database
    clock: Clock
    executors: Owner
    """Tells who lives on this machine."""
    approvals: Approvals
    said: str
    """How the run's end is told, such as `Cancelled at a shell, by {}.`"""

    async def cancel(self, principal: Principal, run_id: str) -> tuple[Cancelled, str]:
        """What came of it, and the run's state.

        Raises:
            NotFoundError: there is no such run that this person may see.
        """
        now = self.clock.now()
        row = await self.database.run(lambda session: ask_cancel(session, principal, run_id, now))
        if row.state in RUN_ENDED:
            return "already", row.state
        lock = ExitStack()
        try:
            if not await asyncio.to_thread(self._is_dead, lock, row.owner):
                return "asked", row.state
            message = self.said.format(principal.user)
            state = await self.database.run(
                lambda session: end_cancelled(session, run_id, now, message)
            )
            whose = replace(principal, user=row.user, workspace=row.workspace)
            await self.approvals.withdraw(whose, run_id)
        finally:
            await asyncio.to_thread(lock.close)
        return "now", state

    def _is_dead(self, lock: ExitStack, owner: str) -> bool:
        # On a shared database the run may be another machine's, whose locks nobody sees here.
        is_shared = self.database.kind != "sqlite"
        if is_shared and not self.executors.has_seen(owner):
            return False
        return lock.enter_context(self.executors.if_dead(owner))
