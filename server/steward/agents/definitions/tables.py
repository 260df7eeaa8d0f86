"""The rows of agents that somebody wrote for an organisation."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class AgentRow(SQLModel, table=True):
    """One definition, as the text that was written."""

    __tablename__ = "agent"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    content: str
    """The whole file: front matter and persona."""
    team_scope: str
    """As the front matter says; empty for everybody."""
    created_by: str
    created_at: datetime
    updated_at: datetime
