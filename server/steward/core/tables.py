"""The rows of the audit trail."""

from datetime import datetime

from sqlalchemy import Index
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
