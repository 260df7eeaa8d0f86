"""The rows of conversations and of what was said in them."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import BigInteger, Field, SQLModel


class ConversationRow(SQLModel, table=True):
    """One conversation of one person in one workspace."""

    __tablename__ = "conversation"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.
    __table_args__ = (
        Index("ix_conversation_newest", "tenant_id", "user", "workspace", "updated_at"),
    )

    id: str = Field(primary_key=True)
    tenant_id: str
    user: str
    workspace: str
    title: str
    """The beginning of what was said first, without secrets."""
    created_at: datetime
    updated_at: datetime
    """When something was last said or answered."""


class ChatMessageRow(SQLModel, table=True):
    """Something said in a conversation; it changes only while its state is `answering`."""

    __tablename__ = "chat_message"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("conversation_id", "number", name="uq_chat_message_place"),
        Index("ix_chat_message_state", "tenant_id", "state"),
    )

    id: str = Field(primary_key=True)
    tenant_id: str
    conversation_id: str
    number: int = Field(sa_type=BigInteger)
    """Counted from nought; an answer comes right after what it answers."""
    author: str
    text: str
    """Without secrets."""
    at: datetime
    mode: str
    agent: str
    model: str
    """`provider/model`: of an answer, the one that gave it; else the one that was wished for."""
    state: str
    """answering, finished, failed or stopped."""
    note: str
    """Why it failed, was stopped, or ended early."""
    run_id: str
    cost_nano_usd: int = Field(sa_type=BigInteger)
    owner: str
    """The executor that answers, or lands a change from the answer; its lock says whether it still
    lives."""
    attachments: str
    """JSON: of each its kind and title."""
    mentions: str
    """JSON: what was pointed at, as it was written."""
    left_out: str
    """JSON: of each what the model was not shown, and why."""
    shown: str
    """JSON: the blocks that went along, without secrets, so that the next answer knows them too."""
