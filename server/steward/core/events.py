"""Things worth watching. Nothing depends on an event arriving: what matters is in the database."""

import asyncio
import logging
from collections.abc import Generator, Mapping
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
    agent: str = ""
    """Its agent's id, where the run begins, is resumed or ends."""
    capped: str = ""
    """Which limit ended it; empty where none did."""
    context: Mapping[str, int] | None = None
    """What its conversation takes of its room, where a model is asked; see `context.meter`."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of the run."""
        return self.state in RUN_ENDED


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A run has taken a step; one that is only replayed is not taken."""

    run_id: str
    agent: str
    kind: str
    """plan, ask, think, tool, land, end or note."""
    subject: str
    """The tool that was used, or the kind of proposal that was landed."""
    outcome: str
    """What became of it: `ok`, the state of an answer or a proposal, or the code of our error."""
    took_ms: int


@dataclass(frozen=True, slots=True)
class TextCame:
    """A run's model has written some more of what it says to the person; a few times a second."""

    run_id: str
    step: str
    at: int
    """How many characters of the step's text came before; who sees a gap has lost some."""
    text: str


@dataclass(frozen=True, slots=True)
class ChatChanged:
    """An answer in a conversation has grown, does something else now, or has ended."""

    conversation_id: str
    message_id: str
    sequence: int
    """Counted from one in each answer, so that who lost one knows it."""
    add: str
    """What comes behind the text so far."""
    state: str
    note: str = ""
    run_id: str = ""
    step: str = ""
    """What its run does now, in words."""
    cost: str = ""


@dataclass(frozen=True, slots=True)
class GhostTextChanged:
    """Ghost text went off or came back, or another reason keeps it away."""

    workspace: str


@dataclass(frozen=True, slots=True)
class PullRequestOpened:
    """A pull request that a run proposed is open."""

    run_id: str
    agent: str
    took_ms: int
    """Since the run began, by the wall clock: people's time is part of it."""


@dataclass(frozen=True, slots=True)
class ExtensionEmitted:
    """An extension tells that something happened; all of it is a stranger's data."""

    workspace: str
    extension: str
    name: str
    payload: str
    """JSON, bounded in size and depth."""


@dataclass(frozen=True, slots=True)
class ExtensionsChanged:
    """Which extensions run, what they may, or how they stand has changed; ask who runs."""

    workspace: str


Event = (
    Spent
    | BudgetPassed
    | QuestionChanged
    | RunChanged
    | StepTaken
    | PullRequestOpened
    | TextCame
    | ChatChanged
    | GhostTextChanged
    | ExtensionEmitted
    | ExtensionsChanged
)


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
