"""What a run is: its specification, its state, and how both are kept."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import String, func
from sqlmodel import Session, and_, bindparam, col, select, update

from steward.agents.agent import NO_CAPS, Agent, Caps
from steward.agents.tables import RunRow, RunStepRow
from steward.context.block import Block
from steward.context.meter import Meter, context_as_json
from steward.core.audit import append
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import InvalidInputError, NotFoundError
from steward.core.events import RUN_ENDED, Events, PullRequestOpened, RunChanged
from steward.core.limits import RUN_MESSAGE_CHARS_MAX
from steward.core.principal import Principal
from steward.ledger.reading import run_totals
from steward.permissions.decide import Mode
from steward.workspace.reveal import reveal
from steward.workspace.tables import ProposalRow

RunState = Literal["planning", "waiting", "working", "finished", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class RunSpecification:
    """Everything a run needs to be played, and played again after a crash.

    The agent is pinned whole: who edits a definition changes no run that has begun.
    """

    run_id: str
    agent: Agent
    goal: str
    place: str
    observations: str
    mode: Mode
    principal: Principal
    mentions: tuple[str, ...] = ()
    """What the person pointed at: `path`, `path:first-last`, `#symbol`."""
    caps: Caps = NO_CAPS
    """How much the person wants it to take, beside what the agent and the settings allow."""
    called: tuple[Agent, ...] = ()
    """The agents that it may call, pinned whole, too."""
    blocks: tuple[Block, ...] = ()
    """What the person handed along, without secrets."""

    def as_json(self) -> dict[str, object]:
        """For the durable engine."""
        value: dict[str, Any] = _SPECIFICATION.dump_python(self, mode="json")
        # A set has no order; what is written down has one, whoever writes it.
        for agent in (value["agent"], *value["called"]):
            for name in ("allowed_tools", "permission_scope"):
                agent[name].sort()
        return value


def specification_from_json(value: dict[str, object]) -> RunSpecification:
    """The inverse of `RunSpecification.as_json`; what was journaled is checked, not believed.

    Raises:
        InvalidInputError: it is no specification.
    """
    try:
        return _SPECIFICATION.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(
            f"What the journal says of this run cannot be read ({where}: {first['msg']}); start"
            " the run again."
        ) from error


_SPECIFICATION = TypeAdapter(RunSpecification)


@dataclass(frozen=True, slots=True)
class Taken:
    """A run in new hands."""

    attempt: int
    """How often it was begun."""
    raised: Caps
    """The limits that a person raised when they resumed it."""
    ended: str = ""
    """How it has ended already; empty where it has not."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that has not ended."""

    run_id: str
    owner: str
    is_to_be_resumed: bool
    """Whether the engine was to be given it again and may not have been."""


@dataclass(frozen=True, slots=True)
class RunLog:
    """Writes down what a run does; people and front ends read it."""

    database: Database
    clock: Clock
    events: Events
    at_work: dict[str, tuple[str, tuple[int, ...]]] = field(
        default_factory=dict[str, tuple[str, tuple[int, ...]]]
    )
    """Run that this process works on → the step that it is taking, and the steps of its plan that
    cover it. Only what is finished is written down."""

    async def begin(self, specification: RunSpecification, owner: str) -> None:
        """Write the run's row."""
        principal = specification.principal
        row = RunRow(
            id=specification.run_id,
            tenant_id=principal.tenant_id,
            user=principal.user,
            session=principal.session,
            workspace=principal.workspace,
            agent_id=specification.agent.agent_id,
            goal=specification.goal,
            place=specification.place,
            mode=specification.mode,
            state="planning",
            owner=owner,
            created_at=self.clock.now(),
            agent_name=specification.agent.name,
            source=specification.agent.source,
            specification=json.dumps(specification.as_json()),
        )

        def work(session: Session) -> None:
            session.add(row)
            self._audit(session, row, "run.started", {"agent": row.agent_id})

        await self.database.run(work)
        message = "Thinking about a plan"
        begun = RunChanged(row.id, row.workspace, "planning", "start", message, row.agent_id)
        self.events.send(begun)

    async def tell_pull_request(self, specification: RunSpecification) -> None:
        """Tell watchers that a pull request of the run is open, and how long the run took to it."""
        run_id = specification.run_id
        began = await self.database.read(lambda session: session.get_one(RunRow, run_id).created_at)
        took_ms = round((self.clock.now() - began).total_seconds() * 1000)
        agent_id = specification.agent.agent_id
        self.events.send(PullRequestOpened(run_id, agent_id, max(0, took_ms)))

    async def enter(
        self,
        run_id: str,
        state: RunState,
        step: str,
        message: str,
        *,
        capped: str = "",
        context: Meter | None = None,
    ) -> None:
        """Say what the run is doing now. A run that has ended stays ended.

        `capped` names the limit that ended it, where one did; `context` is what its conversation
        takes of its room, where a model is about to be asked.
        """
        message = _shown(message)
        kept = None if context is None else context.kept()
        values = {"run": run_id, "new_state": state, "new_message": message, "new_context": kept}

        def work(session: Session) -> tuple[str, str] | None:
            if session.connection().execute(_ENTER, values).rowcount != 1:
                return None
            if state in RUN_ENDED:
                row = session.get_one(RunRow, run_id)
                self._end(session, row, capped)
                session.add(row)
            found = session.connection().execute(_WHOSE, {"run": run_id}).one()
            return found.workspace, found.agent_id

        if (found := await self.database.run(work)) is not None:
            workspace, agent_id = found
            changed = RunChanged(run_id, workspace, state, step, message, agent_id, capped)
            self.events.send(replace(changed, context=context_as_json(context)))

    async def record(
        self, specification: RunSpecification, name: str, title: str, detail: str, *, ok: bool
    ) -> None:
        """Write a finished step down. A replayed step overwrites its own row."""
        title, detail = _shown(title), _shown(detail)

        def work(session: Session) -> None:
            row = step_row(session, specification.run_id, name)
            if row is None:
                raise NotFoundError(f"There is no run {specification.run_id!r}; it was removed.")
            row.title, row.detail, row.ok, row.at = title, detail, ok, self.clock.now()
            session.add(row)

        await self.database.run(work)
        workspace = specification.principal.workspace
        self.events.send(RunChanged(specification.run_id, workspace, "working", name, title))

    async def unfinished(self, principal: Principal) -> tuple[Unfinished, ...]:
        """Runs of this person in this workspace that have not ended."""

        def work(session: Session) -> tuple[Unfinished, ...]:
            rows = session.exec(_own(principal).where(col(RunRow.state).not_in(RUN_ENDED))).all()
            return tuple(
                Unfinished(row.id, row.owner, row.resume_asked_at is not None) for row in rows
            )

        return await self.database.read(work)

    async def left_open(self, principal: Principal) -> tuple[str, ...]:
        """Cancelled runs here with edits of which nobody has said what became of them."""

        def work(session: Session) -> tuple[str, ...]:
            cancelled = _own(principal).where(RunRow.state == "cancelled").subquery()
            found = session.exec(
                select(ProposalRow.run_id)
                .where(
                    ProposalRow.run_id == cancelled.c.id,
                    ProposalRow.kind == "edit",
                    col(ProposalRow.state).in_(("proposed", "applying")),
                )
                .distinct()
            )
            return tuple(found)

        return await self.database.read(work)

    async def is_over(self, run_id: str) -> bool:
        """Whether the run has ended; one that nobody knows has."""

        def work(session: Session) -> bool:
            row = session.get(RunRow, run_id)
            return row is None or row.state in RUN_ENDED

        return await self.database.read(work)

    async def take_over(self, run_id: str, owner: str) -> Taken:
        """Name the run's new owner. The engine has the run now."""

        def work(session: Session) -> Taken:
            row = session.get_one(RunRow, run_id)
            row.owner, row.resume_asked_at = owner, None
            session.add(row)
            ended = row.state if row.state in RUN_ENDED else ""
            return Taken(row.attempt, caps_from(row.raised), ended)

        return await self.database.run(work)

    async def find(
        self, principal: Principal, run_id: str
    ) -> tuple[RunRow, tuple[RunStepRow, ...]]:
        """A run and its finished steps, in order.

        Raises:
            NotFoundError: not a run of this person in this workspace.
        """

        def work(session: Session) -> tuple[RunRow, tuple[RunStepRow, ...]]:
            row = session.exec(_own(principal).where(RunRow.id == run_id)).first()
            if row is None:
                raise NotFoundError(f"There is no run {run_id!r} here; list the runs.")
            return row, steps_of(session, run_id)

        return await self.database.read(work)

    async def latest(self, principal: Principal, limit: int) -> tuple[RunRow, ...]:
        """The newest runs, newest first."""
        statement = _own(principal).order_by(col(RunRow.created_at).desc()).limit(limit)
        return await self.database.read(lambda session: tuple(session.exec(statement).all()))

    def _end(self, session: Session, row: RunRow, capped: str) -> None:
        row.ended_at, row.capped = self.clock.now(), capped
        row.cancel_asked_at = row.resume_asked_at = None
        row.input_tokens, row.output_tokens, row.cost_nano_usd = run_totals(session, row.id)
        detail = {"message": row.message} | ({"capped": capped} if capped else {})
        self._audit(session, row, f"run.{row.state}", detail)

    def _audit(self, session: Session, row: RunRow, action: str, detail: dict[str, str]) -> None:
        append(
            session,
            at=self.clock.now(),
            tenant_id=row.tenant_id,
            actor=(row.state == "cancelled" and row.cancel_asked_by) or row.user,
            action=action,
            subject=row.id,
            detail=detail,
        )


def step_row(session: Session, run_id: str, name: str) -> RunStepRow | None:
    """The row of this step in the run's attempt, or a new one; None where there is no such run."""
    found = session.exec(_PLACE, params={"run_id": run_id, "name": name}).first()
    if found is None:
        return None
    tenant_id, attempt, created_at, row = found
    return row or RunStepRow(
        tenant_id=tenant_id,
        run_id=run_id,
        attempt=attempt,
        name=name,
        kind=kind_of(name),
        title="",
        ok=True,
        detail="",
        at=created_at,
    )


# Made once: they are needed several times a step, and making them takes longer than the answers.
_PLACE = (
    select(RunRow.tenant_id, RunRow.attempt, RunRow.created_at, RunStepRow)
    .join_from(
        RunRow,
        RunStepRow,
        and_(
            col(RunStepRow.run_id) == RunRow.id,
            col(RunStepRow.attempt) == RunRow.attempt,
            col(RunStepRow.name) == bindparam("name"),
        ),
        isouter=True,
    )
    .where(RunRow.id == bindparam("run_id"))
)


_ENTER = (
    update(RunRow)
    .where(col(RunRow.id) == bindparam("run"), col(RunRow.state).not_in(RUN_ENDED))
    .values(
        state=bindparam("new_state"),
        message=bindparam("new_message"),
        context=func.coalesce(bindparam("new_context", type_=String), col(RunRow.context)),
    )
)
_WHOSE = select(RunRow.workspace, RunRow.agent_id).where(RunRow.id == bindparam("run"))


def steps_of(session: Session, run_id: str) -> tuple[RunStepRow, ...]:
    """A run's finished steps, in order."""
    steps = select(RunStepRow).where(RunStepRow.run_id == run_id)
    return tuple(session.exec(steps.order_by(col(RunStepRow.at), col(RunStepRow.id))).all())


def kind_of(name: str) -> str:
    """What is done in a step of this name."""
    first, _, rest = name.rpartition("/")[2].partition("-")
    if rest.endswith(("-model", "-room", "-instructions")):
        return "note"
    return first if first in _KINDS else "note"


def caps_from(written: str) -> Caps:
    """The limits that a row names; none where it names none."""
    return _CAPS.validate_json(written) if written else NO_CAPS


def caps_as_json(caps: Caps) -> str:
    """The inverse of `caps_from`; empty where no limit is named."""
    return "" if caps == NO_CAPS else _CAPS.dump_json(caps).decode()


_CAPS = TypeAdapter(Caps)
_KINDS = frozenset(("plan", "ask", "think", "tool", "land", "end", "gather"))


def _shown(text: str) -> str:
    """Text of a model as a person may see it: nothing hidden, and of a size that can be shown."""
    shown, _ = reveal(text)
    return shown if len(shown) <= RUN_MESSAGE_CHARS_MAX else f"{shown[:RUN_MESSAGE_CHARS_MAX]}…"


def _own(principal: Principal):
    return select(RunRow).where(
        RunRow.tenant_id == principal.tenant_id,
        RunRow.user == principal.user,
        RunRow.workspace == principal.workspace,
    )
