"""The runs of agents, filtered and page by page: units of work that only read."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from sqlmodel import Session, and_, col, or_, select

from steward.agents.reading import Seen, seen_of
from steward.agents.run import RunState
from steward.agents.tables import RunRow
from steward.core.events import RUN_ENDED
from steward.core.principal import Principal
from steward.permissions.people import permit_figures


class Place(NamedTuple):
    """Where a run stands among all of them, the newest first."""

    created_at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs are asked for; what is None or empty narrows nothing."""

    user: str | None
    """None for everybody's."""
    workspace: str = ""
    agent_id: str = ""
    state: RunState | None = None
    day: date | None = None
    """The day on which it was started, UTC."""
    is_open: bool = False
    """Only those that have not ended."""


@dataclass(frozen=True, slots=True)
class FolderAgent:
    """An agent that a folder brought along, as far as runs tell of it."""

    agent_id: str
    name: str
    workspace: str


def runs_page(
    session: Session, principal: Principal, wanted: Wanted, limit: int, after: Place | None = None
) -> tuple[Seen, ...]:
    """Some runs, the newest first, those behind `after` where it is given.

    Raises:
        NotPermittedError: they are others', and the person is neither owner nor admin.
    """
    if wanted.user != principal.user:
        permit_figures(session, principal)
    at, id_ = col(RunRow.created_at), col(RunRow.id)
    statement = select(RunRow).where(RunRow.tenant_id == principal.tenant_id)
    if wanted.user is not None:
        statement = statement.where(RunRow.user == wanted.user)
    if wanted.workspace:
        statement = statement.where(RunRow.workspace == wanted.workspace)
    if wanted.agent_id:
        statement = statement.where(RunRow.agent_id == wanted.agent_id)
    if wanted.state is not None:
        statement = statement.where(RunRow.state == wanted.state)
    if wanted.is_open:
        statement = statement.where(col(RunRow.state).not_in(RUN_ENDED))
    if wanted.day is not None:
        begins = datetime.combine(wanted.day, time(), UTC)
        statement = statement.where(at >= begins, at < begins + timedelta(days=1))
    if after is not None:
        statement = statement.where(
            or_(at < after.created_at, and_(at == after.created_at, id_ < after.id))
        )
    rows = session.exec(statement.order_by(at.desc(), id_.desc()).limit(limit)).all()
    return tuple(seen_of(session, rows))


def agents_of_folders(
    session: Session, principal: Principal, limit: int
) -> tuple[FolderAgent, ...]:
    """The agents of folders that this person has started, by name; of many, the first."""
    rows = session.exec(
        select(RunRow.agent_id, RunRow.agent_name, RunRow.workspace)
        .where(
            RunRow.tenant_id == principal.tenant_id,
            RunRow.user == principal.user,
            RunRow.source == "workspace",
        )
        .distinct()
        .order_by(col(RunRow.agent_id), col(RunRow.workspace), col(RunRow.agent_name))
        .limit(limit)
    )
    return tuple(FolderAgent(*row) for row in rows)
