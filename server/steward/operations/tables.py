"""The rows of events, of who was at work when, of feedback, and of how long things took."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
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


class FeedbackRow(SQLModel, table=True):
    """What one person thinks of one answer, suggestion or run; their last word counts."""

    __tablename__ = "feedback"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("tenant_id", "user", "about", "subject", name="uq_feedback_word"),
        Index("ix_feedback_newest", "tenant_id", "at", "id"),
    )

    id: str = Field(primary_key=True)
    tenant_id: str
    user: str
    at: datetime
    about: str
    """answer, suggestion or run."""
    subject: str
    """Its id."""
    agent: str
    model: str
    """`provider/model`; empty where it is not known."""
    is_good: bool
    comment: str
    """As it was written, without secrets."""


class TimingRow(SQLModel, table=True):
    """How often something took about so long, in one hour of all processes."""

    __tablename__ = "timing"  # pyright: ignore[reportAssignmentType]

    tenant_id: str = Field(primary_key=True)
    hour: str = Field(primary_key=True)
    """UTC, `2026-11-22T15`."""
    part: str = Field(primary_key=True)
    """provider, database, sandbox, socket or extension."""
    name: str = Field(primary_key=True)
    """Which one: a model, a level of the sandbox, an extension."""
    measure: str = Field(primary_key=True)
    outcome: str = Field(primary_key=True)
    """`ok`, or how it failed."""
    step: int = Field(primary_key=True, sa_type=BigInteger)
    """Of the scale of `steward.core.timings`."""
    count: int = Field(sa_type=BigInteger)
    took_us: int = Field(sa_type=BigInteger)
    """All together."""
