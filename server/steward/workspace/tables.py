"""The rows of proposals: what was proposed, and what became of it."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class ProposalRow(SQLModel, table=True):
    """One proposal, from its making to what was read back."""

    __tablename__ = "proposal"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.

    id: str = Field(primary_key=True)
    tenant_id: str
    workspace: str
    run_id: str = Field(index=True)
    kind: str
    content: str
    """JSON: the whole proposal, so that a replayed run lands exactly what was shown."""
    state: str
    """proposed, applying, applied, partial, unfinished, refused or stale."""
    approval_id: str | None = None
    outcome: str = ""
    """What was read back, in a sentence."""
    created_at: datetime
    ended_at: datetime | None = None
