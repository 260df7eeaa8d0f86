"""What people ask about runs: units of work that only read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from steward.agents.asked import run_of
from steward.agents.changes import undone_of
from steward.agents.run import steps_of
from steward.agents.tables import RunRow, RunStepRow
from steward.core.events import RUN_ENDED
from steward.core.money import NOTHING
from steward.core.principal import Principal
from steward.ledger.reading import RunTotals, each_runs_totals
from steward.permissions.people import permit_figures
from steward.permissions.tables import ApprovalRow
from steward.workspace.history.undo_rows import Undone

_NO_TOTALS = RunTotals(0, 0, NOTHING)


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose runs are asked for."""

    user: str | None
    """None for everybody's."""
    workspace: str | None = None
    """Only those of this one."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A run as it stands."""

    run: RunRow
    totals: RunTotals
    """What its model calls took so far."""
    questions: tuple[str, ...]
    """The titles of the questions that wait for an answer, the oldest first."""
    undone: Undone = "no"
    """How much of what it changed in files is undone."""

    @property
    def asked(self) -> str:
        """`cancel` or `resume`, where that was asked and not done yet."""
        is_over = self.run.state in RUN_ENDED
        if is_over:
            return "resume" if self.run.resume_asked_at is not None else ""
        return "cancel" if self.run.cancel_asked_at is not None else ""


@dataclass(frozen=True, slots=True)
class Trace:
    """A run with the steps that it has finished, in order."""

    seen: Seen
    steps: tuple[RunStepRow, ...]


def runs_of(
    session: Session, principal: Principal, whose: Whose, limit: int, *, is_open: bool = False
) -> tuple[Seen, ...]:
    """The newest runs, newest first; with `is_open` only those that have not ended.

    Raises:
        NotPermittedError: they are others', and the person is neither owner nor admin.
    """
    if whose.user != principal.user:
        permit_figures(session, principal)
    statement = select(RunRow).where(RunRow.tenant_id == principal.tenant_id)
    if whose.user is not None:
        statement = statement.where(RunRow.user == whose.user)
    if whose.workspace is not None:
        statement = statement.where(RunRow.workspace == whose.workspace)
    if is_open:
        statement = statement.where(col(RunRow.state).not_in(RUN_ENDED))
    rows = session.exec(statement.order_by(col(RunRow.created_at).desc()).limit(limit)).all()
    return tuple(seen_of(session, rows))


def trace_of(session: Session, principal: Principal, run_id: str) -> Trace:
    """One run and its steps.

    Raises:
        NotFoundError: there is none that this person may see.
    """
    row = run_of(session, principal, run_id)
    (seen,) = seen_of(session, [row])
    return Trace(seen, steps_of(session, run_id))


def seen_of(session: Session, rows: Sequence[RunRow]) -> list[Seen]:
    """These runs as they stand, in their order."""
    ids = [row.id for row in rows]
    open_ones = [row.id for row in rows if row.state not in RUN_ENDED]
    asked = session.exec(
        select(ApprovalRow)
        .where(col(ApprovalRow.run_id).in_(open_ones), ApprovalRow.state == "pending")
        .order_by(col(ApprovalRow.asked_at))
    ).all()
    undone = undone_of(session, rows[0].tenant_id, ids) if rows else {}
    totals = each_runs_totals(session, ids) if rows else {}
    return [
        Seen(
            row,
            totals.get(row.id, _NO_TOTALS),
            tuple(each.title for each in asked if each.run_id == row.id),
            undone.get(row.id, "no"),
        )
        for row in rows
    ]


def seconds(run: RunRow, now: datetime) -> int:
    """How long it has been going, or went."""
    return max(0, int(((run.ended_at or now) - run.created_at).total_seconds()))
