"""The rows of events, and of who was at work when, apart from the audit trail and the books."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import BigInteger, Field, SQLModel


class EventRow(SQLModel, table=True):
    """Something that happened. It holds no text, no path and no name of a workspace."""

    __tablename__ = "event"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.
    __table_args__ = (
        Index("ix_event_at", "tenant_id", "at"),
        Index("ix_event_name", "tenant_id", "name", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    tenant_id: str
    at: datetime
    name: str
    """Such as AI_REQUEST; see `steward.operations.analytics`."""
    user: str
    run_id: str
    """Empty where it happened in none."""
    agent: str
    """Its id; empty where none acted."""
    subject: str
    """What was used: the purpose of a model call, a tool, the kind of a proposal."""
    model: str
    outcome: str
    input_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    cost_nano_usd: int = Field(sa_type=BigInteger)
    took_ms: int = Field(sa_type=BigInteger)
    count: int = Field(sa_type=BigInteger)
    """One; of EVENTS_LOST how many."""


class ActiveDayRow(SQLModel, table=True):
    """That somebody worked with Steward on a day of UTC; kept longer than the events of it."""

    __tablename__ = "active_day"  # pyright: ignore[reportAssignmentType]

    tenant_id: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
