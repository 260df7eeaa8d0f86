"""Things worth watching. Nothing depends on an event arriving: what matters is in the database."""

import asyncio
import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from steward.core.limits import EVENTS_QUEUED_MAX

_log = logging.getLogger(__name__)

RUN_ENDED: frozenset[str] = frozenset(("finished", "failed", "cancelled"))
"""The states in which a run has ended."""


@dataclass(frozen=True, slots=True)
class Spent:
    """The ledger booked something."""

    tenant_id: str
    user: str


@dataclass(frozen=True, slots=True)
class BudgetPassed:
    """An account passed a mark; sent once for each account, period and mark."""

    tenant_id: str
    scope: str
    period: str
    mark: str
    """`soft`: the soft limit; `80`, `95`: so many hundredths of the hard one."""
    spent_nano_usd: int
    limit_nano_usd: int
    """The limit that the mark belongs to."""


@dataclass(frozen=True, slots=True)
class QuestionChanged:
    """A question was asked, answered or ran out; read the rows to learn which."""

    workspace: str


@dataclass(frozen=True, slots=True)
class RunChanged:
    """A run began, finished a step, or ended."""

    run_id: str
    workspace: str
    state: str
    step: str
    message: str

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of the run."""
        return self.state in RUN_ENDED


Event = Spent | BudgetPassed | QuestionChanged | RunChanged


class Events:
    """A bounded broadcast: a slow watcher loses the oldest, never slows the sender."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[Event]] = set()

    def send(self, event: Event) -> None:
        """Tell every watcher. Call it from the event loop's thread."""
        for queue in self._watchers:
            if queue.full():
                queue.get_nowait()
                _log.debug("a watcher fell behind and lost an event")
            queue.put_nowait(event)

    @contextmanager
    def watch(self) -> Generator["Watcher"]:
        """Everything sent from now on, in order."""
        queue: asyncio.Queue[Event] = asyncio.Queue(EVENTS_QUEUED_MAX)
        self._watchers.add(queue)
        try:
            yield Watcher(queue)
        finally:
            self._watchers.discard(queue)


class Watcher:
    """An endless iterator over events. Unlike a generator it survives a wait that is cut short."""

    def __init__(self, queue: asyncio.Queue[Event]) -> None:
        self._queue = queue

    def __aiter__(self) -> "Watcher":
        return self

    async def __anext__(self) -> Event:
        return await self._queue.get()
