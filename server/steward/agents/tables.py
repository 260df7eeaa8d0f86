"""The rows of runs and of their finished steps."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel


class RunRow(SQLModel, table=True):
    """One run of an agent."""

    __tablename__ = "run"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.
    __table_args__ = (Index("ix_run_workspace", "tenant_id", "workspace", "state"),)

    id: str = Field(primary_key=True)
    tenant_id: str
    user: str
    session: str
    workspace: str
    agent_id: str
    goal: str
    place: str
    """Where it was started, as `path:line`."""
    mode: str
    state: str
    """planning, waiting, working, finished, failed or cancelled."""
    owner: str
    """The executor whose lock says whether somebody still works on it."""
    message: str = ""
    created_at: datetime
    ended_at: datetime | None = None


class RunStepRow(SQLModel, table=True):
    """One finished step, for people; the engine's own journal is what replay reads."""

    __tablename__ = "run_step"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("run_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    tenant_id: str
    run_id: str
    name: str
    title: str
    ok: bool
    detail: str
    at: datetime
