"""What happened, in figures: written off the path of what it counts, apart from the audit trail.

    AI_REQUEST           a model call ended: purpose, model, tokens, money, time
    AI_APPLY             a proposal came to its end: applied, refused, stale …
    PR_CREATED           a pull request was opened: its time is the run's until then
    AGENT_RUN_STARTED    somebody started an agent
    AGENT_RUN_RESUMED    somebody let an ended run go on
    AGENT_RUN_ENDED      a run ended: finished, capped (at a limit), failed, cancelled
    AGENT_PLAN_CREATED   a model made a plan
    AGENT_PLAN_APPROVED  a person said yes to it
    AGENT_PLAN_REJECTED  a person said no, or sent it back
    TOOL_USED            a tool did what it was called for
    TOOL_DENIED          a tool was not let
    TOOL_FAILED          a tool could not do it
    PR_CREATED           a pull request was opened; its subject is the forge's host
    ANOMALY              something is slower, or fails more often, than usual; nobody's
    EVENTS_LOST          so many came faster than they could be written

There is no text in them and no path, and nothing depends on them: what cannot be written is
counted as lost.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, text
from sqlmodel import Session, SQLModel, col, select

from steward.core.agent_limits import EVENTS_FORGOTTEN_AT_ONCE, EVENTS_RUNS_MAX, EVENTS_WAITING_MAX
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import StewardError
from steward.core.events import Event, Events, PullRequestOpened, RunChanged, StepTaken
from steward.core.limits import GHOST_DAYS_MAX
from steward.core.principal import Principal
from steward.gateway.observe import CallRecord
from steward.operations.tables import ActiveDayRow, EventRow

_log = logging.getLogger(__name__)

_AT_MOST_EVERY_S = 1.0
_LOST = "EVENTS_LOST"
BY_PEOPLE = frozenset(
    (
        *("AI_REQUEST", "AI_APPLY", "PR_CREATED"),
        *("AGENT_RUN_STARTED", "AGENT_RUN_RESUMED"),
        *("AGENT_PLAN_APPROVED", "AGENT_PLAN_REJECTED"),
    )
)
"""What shows that its person was at work that day."""
_WAS_ACTIVE = text(
    'INSERT INTO active_day (tenant_id, "user", day) VALUES (:tenant_id, :user, :day)'
    ' ON CONFLICT (tenant_id, "user", day) DO NOTHING'
)


@dataclass(frozen=True, slots=True)
class Happened:
    """One event, before it is written."""

    at: datetime
    name: str
    user: str
    run_id: str = ""
    agent: str = ""
    subject: str = ""
    model: str = ""
    outcome: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nano_usd: int = 0
    took_ms: int = 0
    count: int = 1


class Analytics:
    """Counts what one process does; for its rooms' lifetime."""

    wants_text = False

    def __init__(
        self, database: Database, clock: Clock, principal: Principal, keep_days: int
    ) -> None:
        self._database = database
        self._clock = clock
        self._principal = principal
        self._keep = timedelta(days=keep_days)
        self._waiting: deque[Happened] = deque()
        self._lost = 0
        self._is_due = asyncio.Event()
        self._has_pruned = False
        self._models: OrderedDict[str, str] = OrderedDict()
        """Run → the model that it asked last."""

    def observed(self, record: CallRecord) -> None:
        """A model call is over."""
        request, usage = record.request, record.usage
        if request.run_id:
            self._models[request.run_id] = record.model
            self._models.move_to_end(request.run_id)
            while len(self._models) > EVENTS_RUNS_MAX:
                self._models.popitem(last=False)
        self._note(
            Happened(
                self._clock.now(),
                "AI_REQUEST",
                record.principal.user,
                run_id=request.run_id or "",
                agent=request.agent,
                subject=getattr(request, "task", "embedding"),
                model=record.model,
                outcome=record.outcome,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cost_nano_usd=record.cost_nano_usd,
                took_ms=round(record.took_s * 1000),
            )
        )

    @asynccontextmanager
    async def running(self, events: Events) -> AsyncGenerator[None]:
        """Inside, it watches, and writes once a second at most."""
        async with asyncio.TaskGroup() as tasks:
            both = [tasks.create_task(self._watch(events)), tasks.create_task(self._write_on())]
            try:
                yield
            finally:
                for task in both:
                    task.cancel()

    async def _watch(self, events: Events) -> None:
        with events.watch() as seen:
            async for event in seen:
                self.note(event)

    def note(self, event: Event) -> None:
        """Take down what is worth it."""
        now, user = self._clock.now(), self._principal.user
        match event:
            case RunChanged():
                name = _name_of_run(event)
                told = Happened(
                    now,
                    name,
                    user,
                    event.run_id,
                    event.agent,
                    model=self._models.get(event.run_id, ""),
                    outcome=_outcome_of_run(event),
                )
            case StepTaken():
                name = _name_of(event)
                told = Happened(
                    now,
                    name,
                    user,
                    event.run_id,
                    event.agent,
                    event.subject,
                    self._models.get(event.run_id, ""),
                    outcome=event.outcome,
                    took_ms=event.took_ms,
                )
            case PullRequestOpened():
                name = "PR_CREATED"
                told = Happened(now, name, user, event.run_id, event.agent, took_ms=event.took_ms)
            case _:
                return
        if name:
            self._note(told)

    async def flush(self) -> None:
        """Write what waits; what cannot be written now waits on."""
        batch = list(self._waiting)
        self._waiting.clear()
        lost, self._lost = self._lost, 0
        now, tenant = self._clock.now(), self._principal.tenant_id
        if lost:
            batch.append(Happened(now, _LOST, self._principal.user, count=lost))
        if not batch:
            return
        try:
            await self._database.run(lambda session: write(session, tenant, batch))
        except StewardError as error:
            _log.info("events could not be written: %s", error.code)
            self._lost += lost
            for each in batch:
                if each.name != _LOST:
                    self._note(each)

    async def close(self) -> None:
        """Write what is left."""
        await self.flush()

    def _note(self, happened: Happened) -> None:
        if len(self._waiting) >= EVENTS_WAITING_MAX:
            self._lost += 1
            return
        self._waiting.append(happened)
        self._is_due.set()

    async def _write_on(self) -> None:
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            await self.flush()
            await self._prune_once()
            await asyncio.sleep(_AT_MOST_EVERY_S)

    async def _prune_once(self) -> None:
        """Forget the oldest, some at each start: nobody waits for it, and nothing is held up."""
        if self._has_pruned:
            return
        self._has_pruned = True
        oldest, tenant = self._clock.now() - self._keep, self._principal.tenant_id
        try:
            await self._database.run(lambda session: forget(session, tenant, oldest))
        except StewardError as error:
            _log.info("old events could not be removed: %s", error.code)


def _outcome_of_run(event: RunChanged) -> str:
    if not event.has_ended:
        return ""
    # It tells its person what it has so far, and is not done.
    return "capped" if event.capped else event.state


def _name_of_run(event: RunChanged) -> str:
    if event.has_ended:
        return "AGENT_RUN_ENDED"
    return {"start": "AGENT_RUN_STARTED", "resume": "AGENT_RUN_RESUMED"}.get(event.step, "")


def _name_of(event: StepTaken) -> str:
    match event.kind, event.subject, event.outcome:
        case "plan", _, "ok":
            return "AGENT_PLAN_CREATED"
        case "ask", "plan", "approved":
            return "AGENT_PLAN_APPROVED"
        case "ask", "plan", "rejected" | "edited":
            return "AGENT_PLAN_REJECTED"
        case "land", _, _:
            return "AI_APPLY"
        case "tool", _, "ok":
            return "TOOL_USED"
        case "tool", _, "steward.not_permitted":
            return "TOOL_DENIED"
        case "tool", _, "steward.beyond_plan":
            return ""  # The person is asked about a plan that covers it.
        case "tool", _, _:
            return "TOOL_FAILED"
        case _:
            return ""


def write(session: Session, tenant_id: str, batch: list[Happened]) -> None:
    """Write events down, in one statement."""
    rows = [asdict(each) | {"tenant_id": tenant_id} for each in batch]
    session.connection().execute(insert(SQLModel.metadata.tables["event"]), rows)
    days = {
        (each.user, each.at.astimezone(UTC).date().isoformat())
        for each in batch
        if each.name in BY_PEOPLE
    }
    for user, day in sorted(days):
        session.connection().execute(
            _WAS_ACTIVE, {"tenant_id": tenant_id, "user": user, "day": day}
        )


def forget(session: Session, tenant_id: str, before: datetime) -> None:
    """Remove events from before then, so many at once that nobody else waits for long."""
    oldest = (
        select(EventRow.id)
        .where(EventRow.tenant_id == tenant_id, EventRow.at < before)
        .order_by(col(EventRow.id))
        .limit(EVENTS_FORGOTTEN_AT_ONCE)
    )
    session.connection().execute(delete(EventRow).where(col(EventRow.id).in_(oldest)))
    first = (before - timedelta(days=GHOST_DAYS_MAX)).date().isoformat()
    session.connection().execute(
        delete(ActiveDayRow).where(
            col(ActiveDayRow.tenant_id) == tenant_id, col(ActiveDayRow.day) < first
        )
    )
