"""Old runs lose what they did step by step; that they were, and the audit trail, stays."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from steward.agents.tables import RunRow, RunStepRow, SentCallRow, SentTextRow
from steward.core.agent_limits import RUNS_PRUNED_AT_ONCE
from steward.core.events import RUN_ENDED
from steward.core.principal import Principal


def old_runs(session: Session, principal: Principal, before: datetime) -> tuple[str, ...]:
    """Some of the person's runs in this workspace that ended before then and still have traces."""
    found = session.exec(
        select(RunRow.id)
        .where(
            RunRow.tenant_id == principal.tenant_id,
            RunRow.user == principal.user,
            RunRow.workspace == principal.workspace,
            col(RunRow.state).in_(RUN_ENDED),
            col(RunRow.ended_at) < before,
            col(RunRow.pruned_at).is_(None),
            col(RunRow.resume_asked_at).is_(None),
        )
        .order_by(col(RunRow.ended_at))
        .limit(RUNS_PRUNED_AT_ONCE)
    )
    return tuple(found)


def prune(session: Session, run_ids: tuple[str, ...], at: datetime) -> None:
    """Remove the steps of these runs, what was sent in them, and what they were given."""
    # One that was taken up again meanwhile keeps everything.
    over = tuple(
        session.exec(
            select(RunRow.id).where(col(RunRow.id).in_(run_ids), col(RunRow.state).in_(RUN_ENDED))
        )
    )
    connection = session.connection()
    for table in (RunStepRow, SentCallRow, SentTextRow):
        connection.execute(delete(table).where(col(table.run_id).in_(over)))
    connection.execute(
        update(RunRow)
        .where(col(RunRow.id).in_(over))
        .values(pruned_at=at, specification="", raised="")
    )
