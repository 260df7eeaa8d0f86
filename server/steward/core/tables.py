"""The rows of the audit trail, and of what happened lately."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer
from sqlmodel import Field, SQLModel


class AuditRow(SQLModel, table=True):
    """One fact. Triggers refuse to change or delete it; see `steward.core.audit`."""

    __tablename__ = "audit"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.
    __table_args__ = (Index("ix_audit_subject", "tenant_id", "subject", "seq"),)

    seq: int = Field(primary_key=True)
    tenant_id: str
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str
    previous_hash: str
    hash: str


class OutboxRow(SQLModel, table=True):
    """Something that happened; triggers write and prune it, see `steward.core.outbox_triggers`."""

    __tablename__ = "outbox"  # pyright: ignore[reportAssignmentType]

    seq: int | None = Field(
        default=None, primary_key=True, sa_type=BigInteger().with_variant(Integer(), "sqlite")
    )
    """In the order of commits."""
    tenant_id: str
    at: datetime
    kind: str
    user: str
    team: str
    workspace: str
    subject: str
    detail: str
    """JSON; nothing that anybody wrote."""
