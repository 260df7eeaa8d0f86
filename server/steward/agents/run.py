"""What a run is: its specification, its state, and how both are kept."""

from dataclasses import asdict, dataclass
from typing import Literal

from pydantic import TypeAdapter
from sqlalchemy import update
from sqlmodel import Session, col, select

from steward.agents.tables import RunRow, RunStepRow
from steward.core.audit import append
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import NotFoundError
from steward.core.events import RUN_ENDED, Events, RunChanged
from steward.core.limits import RUN_MESSAGE_CHARS_MAX
from steward.core.principal import Principal
from steward.permissions.decide import Mode
from steward.workspace.reveal import reveal

RunState = Literal["planning", "waiting", "working", "finished", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class RunSpecification:
    """Everything a run needs to be played, and played again after a crash."""

    run_id: str
    agent_id: str
    goal: str
    place: str
    observations: str
    mode: Mode
    principal: Principal

    def as_json(self) -> dict[str, object]:
        """For the durable engine."""
        return asdict(self)


def specification_from_json(value: dict[str, object]) -> RunSpecification:
    """The inverse of `RunSpecification.as_json`; what was journaled is checked, not believed."""
    return _SPECIFICATION.validate_python(value)


_SPECIFICATION = TypeAdapter(RunSpecification)


@dataclass(frozen=True, slots=True)
class RunLog:
    """Writes down what a run does; people and front ends read it."""

    database: Database
    clock: Clock
    events: Events

    async def begin(self, specification: RunSpecification, owner: str) -> None:
        """Write the run's row."""
        principal = specification.principal
        row = RunRow(
            id=specification.run_id,
            tenant_id=principal.tenant_id,
            user=principal.user,
            session=principal.session,
            workspace=principal.workspace,
            agent_id=specification.agent_id,
            goal=specification.goal,
            place=specification.place,
            mode=specification.mode,
            state="planning",
            owner=owner,
            created_at=self.clock.now(),
        )

        def work(session: Session) -> None:
            session.add(row)
            self._audit(session, row, "run.started", {"agent": row.agent_id})

        await self.database.run(work)
        message = "Thinking about a plan"
        self.events.send(RunChanged(row.id, row.workspace, "planning", "start", message))

    async def enter(self, run_id: str, state: RunState, step: str, message: str) -> None:
        """Say what the run is doing now. A run that has ended stays ended."""
        message = _shown(message)

        def work(session: Session) -> str | None:
            row = session.get_one(RunRow, run_id)
            if row.state in RUN_ENDED:
                return None
            row.state, row.message = state, message
            if state in RUN_ENDED:
                row.ended_at = self.clock.now()
                self._audit(session, row, f"run.{state}", {"message": message})
            session.add(row)
            return row.workspace

        if (workspace := await self.database.run(work)) is not None:
            self.events.send(RunChanged(run_id, workspace, state, step, message))

    async def record(
        self, specification: RunSpecification, name: str, title: str, detail: str, *, ok: bool
    ) -> None:
        """Write a finished step down. A replayed step overwrites its own row."""
        principal = specification.principal
        row = RunStepRow(
            tenant_id=principal.tenant_id,
            run_id=specification.run_id,
            name=name,
            title=_shown(title),
            ok=ok,
            detail=_shown(detail),
            at=self.clock.now(),
        )

        def work(session: Session) -> None:
            old = session.exec(
                select(RunStepRow).where(
                    RunStepRow.run_id == specification.run_id, RunStepRow.name == name
                )
            ).first()
            row.id = old.id if old else None
            session.merge(row)

        await self.database.run(work)
        self.events.send(
            RunChanged(specification.run_id, principal.workspace, "working", name, title)
        )

    async def unfinished(self, principal: Principal) -> tuple[tuple[str, str], ...]:
        """Runs of this person in this workspace that have not ended, with their owners."""

        def work(session: Session) -> tuple[tuple[str, str], ...]:
            rows = session.exec(_own(principal).where(col(RunRow.state).not_in(RUN_ENDED))).all()
            return tuple((row.id, row.owner) for row in rows)

        return await self.database.read(work)

    async def take_over(self, run_id: str, owner: str) -> None:
        """Name the run's new owner."""

        def work(session: Session) -> None:
            statement = update(RunRow).where(col(RunRow.id) == run_id).values(owner=owner)
            session.connection().execute(statement)

        await self.database.run(work)

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
            steps = select(RunStepRow).where(RunStepRow.run_id == run_id)
            return row, tuple(session.exec(steps.order_by(col(RunStepRow.at))).all())

        return await self.database.read(work)

    async def latest(self, principal: Principal, limit: int) -> tuple[RunRow, ...]:
        """The newest runs, newest first."""
        statement = _own(principal).order_by(col(RunRow.created_at).desc()).limit(limit)
        return await self.database.read(lambda session: tuple(session.exec(statement).all()))

    def _audit(self, session: Session, row: RunRow, action: str, detail: dict[str, str]) -> None:
        append(
            session,
            at=self.clock.now(),
            tenant_id=row.tenant_id,
            actor=row.user,
            action=action,
            subject=row.id,
            detail=detail,
        )


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
