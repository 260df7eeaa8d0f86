"""The rows of questions and their answers, and of people."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

_LEADS = text("is_lead")


class PersonRow(SQLModel, table=True):
    """Somebody who belongs to an organisation."""

    __tablename__ = "person"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'admin', 'member', 'viewer')", name="role_is_known"),
        CheckConstraint("NOT is_lead OR team <> ''", name="lead_has_team"),
        Index(
            "ix_person_lead",
            "tenant_id",
            "team",
            unique=True,
            sqlite_where=_LEADS,
            postgresql_where=_LEADS,
        ),
    )

    tenant_id: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    role: str
    team: str
    """Empty where they belong to none."""
    is_lead: bool


class ApprovalRow(SQLModel, table=True):
    """One question, from asking to the single use of its answer."""

    __tablename__ = "approval"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("tenant_id", "run_id", "key", "attempt"),
        Index("ix_approval_open", "tenant_id", "workspace", "state"),
    )

    id: str = Field(primary_key=True)
    tenant_id: str
    user: str
    workspace: str
    run_id: str
    key: str
    attempt: int
    kind: str
    title: str
    body: str
    digest: str
    state: str
    asked_at: datetime
    expires_at: datetime
    boot: str
    expires_monotonic_s: float
    answered_at: datetime | None = None
    answered_by: str | None = None
    channel: str | None = None
    used_at: datetime | None = None


class PersonalTokenRow(SQLModel, table=True):
    """What a person's tool shows instead of the person; the token itself is not in it."""

    __tablename__ = "personal_token"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_personal_token_user", "tenant_id", "user"),)

    id: str = Field(primary_key=True)
    tenant_id: str
    user: str
    name: str
    digest: str = Field(unique=True)
    """SHA-256 of the whole token; see `steward.permissions.tokens`."""
    scopes: str
    """Separated by spaces."""
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    """About ten minutes exact."""
    revoked_at: datetime | None = None
