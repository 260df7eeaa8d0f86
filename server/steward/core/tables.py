"""The rows of the audit trail, of the checks of it, and of what happened lately."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer
from sqlmodel import Field, SQLModel


class AuditRow(SQLModel, table=True):
    """One fact. Triggers refuse to change or delete it; see `steward.core.audit`."""

    __tablename__ = "audit"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.
    __table_args__ = (
        Index("ix_audit_subject", "tenant_id", "subject", "seq"),
        Index("ix_audit_at", "tenant_id", "at", "seq"),
        Index("ix_audit_action", "tenant_id", "action", "seq", "at"),
        Index("ix_audit_actor", "tenant_id", "actor", "action", "seq"),
    )

    seq: int = Field(primary_key=True)
    tenant_id: str
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str
    previous_hash: str
    hash: str


class AuditCheckRow(SQLModel, table=True):
    """One reading of the whole chain, and what it found; see `steward.operations.checking`."""

    __tablename__ = "audit_check"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint(
            "state IN ('working', 'intact', 'broken', 'other', 'stopped')", name="state_is_known"
        ),
        Index("ix_audit_check_begun", "tenant_id", "begun_at"),
    )

    id: str = Field(primary_key=True)
    tenant_id: str
    begun_by: str
    begun_at: datetime
    looked_at: datetime
    """When it last came further; a process that was killed leaves an old time."""
    state: str
    """working; intact, broken (at `first_bad_seq`) or other (than the one that was kept); or
    stopped, with the server."""
    entries: int = Field(sa_type=BigInteger)
    """Read so far."""
    entries_expected: int = Field(sa_type=BigInteger)
    """How many there were when it began."""
    head: str
    """The hash of the last good entry."""
    kept: str
    """The head that it was compared with, as `NUMBER:HASH`; empty where there was none."""
    first_bad_seq: int | None = Field(default=None, sa_type=BigInteger)


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
