"""The rows of answers that are given again to a request that is made again."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel


class KeptAnswerRow(SQLModel, table=True):
    """What a change under a client's own key was answered with."""

    __tablename__ = "kept_answer"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_kept_answer_made", "made_at"),)

    tenant_id: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    digest: str
    """SHA-256 of the method, the address and the body."""
    made_at: datetime
    sealed: bytes | None = None
    """The answer, which opens with what the client showed; None while it is under way."""
