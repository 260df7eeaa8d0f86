"""The rows of proposals: what was proposed, and what became of it."""

from datetime import datetime

from sqlalchemy import Index
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
    """proposed, recorded, applying, applied, partial, unfinished, refused or stale."""
    approval_id: str | None = None
    outcome: str = ""
    """What was read back, in a sentence."""
    created_at: datetime
    ended_at: datetime | None = None


class LandedFileRow(SQLModel, table=True):
    """A file that a landed proposal changed: by its path the proposals of a file are found."""

    __tablename__ = "landed_file"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_landed_file_path", "tenant_id", "workspace", "path", "landed_at"),)

    proposal_id: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    """Where the text is afterwards; of a deletion, where it was."""
    tenant_id: str
    workspace: str
    moved_from: str
    """Of a renamed file, where it was; otherwise empty."""
    is_whole: bool
    """Whether all of the proposal was applied; otherwise nobody knows what became of this file."""
    landed_at: datetime
