"""The rows of questions and answers, of grants, refusals, people, tokens and sessions at pages."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

_LEADS = text("is_lead")


class PersonRow(SQLModel, table=True):
    """Somebody who belongs to an organisation."""

    __tablename__ = "person"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.
    __table_args__ = (
        CheckConstraint(
            "role IN ('owner', 'admin', 'maintainer', 'developer', 'viewer')",
            name="role_is_known",
        ),
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
        Index("ix_approval_person", "tenant_id", "user", "asked_at", "id"),
        Index("ix_approval_waiting", "tenant_id", "user", "state", "asked_at", "id"),
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
    takes: str = ""
    """What the answer may hold beside yes and no, separated by spaces."""
    grant: str = ""
    """What a yes for the rest of the run would cover, in words."""
    draft: str = ""
    """JSON: what an answer with another plan begins with, and what is shown as data; empty where
    there is neither. See `steward.permissions.answers`."""
    reply: str = ""
    """JSON: what the person said beside yes or no; empty where they said no more."""
    used_at: datetime | None = None
    seal: str = ""
    """Shows that Steward wrote all of the row; see `steward.permissions.seal`."""


class RunGrantRow(SQLModel, table=True):
    """What a person granted for the rest of one run."""

    __tablename__ = "run_grant"  # pyright: ignore[reportAssignmentType]

    id: str = Field(primary_key=True)
    tenant_id: str
    user: str
    workspace: str
    run_id: str = Field(index=True)
    tool: str
    subject: str
    """As in a rule that allows."""
    approval_id: str
    """The yes that it came with."""
    session: str
    """The process that it counts in."""
    granted_at: datetime
    expires_at: datetime
    expires_monotonic_s: float
    revoked_at: datetime | None = None
    seal: str = ""


class RunDenialRow(SQLModel, table=True):
    """What a person refused in a run, to the letter; from then on nobody asks it again."""

    __tablename__ = "run_denial"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_run_denial_digest", "tenant_id", "user", "workspace", "digest"),)

    id: str = Field(primary_key=True)
    tenant_id: str
    user: str
    workspace: str
    run_id: str = Field(index=True)
    tool: str
    subject: str
    """What was refused, in words for people."""
    digest: str
    """SHA-256 of exactly what was refused; see `steward.permissions.denials`."""
    approval_id: str
    """The no that it came with."""
    session: str
    """The process in which it was said."""
    denied_at: datetime
    revoked_at: datetime | None = None
    seal: str = ""


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
    made_with: str | None = None
    """The token that was shown when this one was made; None where a person made it themselves."""


class SignInLinkRow(SQLModel, table=True):
    """A link that opens a session once; the secret that is in it is not here."""

    __tablename__ = "sign_in_link"  # pyright: ignore[reportAssignmentType]

    digest: str = Field(primary_key=True)
    """SHA-256 of the secret; see `steward.permissions.sessions`."""
    tenant_id: str
    user: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class PageSessionRow(SQLModel, table=True):
    """Somebody who has signed in at a page; the secret that their browser keeps is not here."""

    __tablename__ = "page_session"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_page_session_user", "tenant_id", "user"),)

    id: str = Field(primary_key=True)
    tenant_id: str
    user: str
    digest: str = Field(unique=True)
    """SHA-256 of the secret."""
    scopes: str
    """Separated by spaces."""
    token_id: str | None = None
    """The token that was shown; None where it was a link."""
    created_at: datetime
    seen_at: datetime
    """About five minutes exact."""
    expires_at: datetime


class FolderTrustRow(SQLModel, table=True):
    """What a person said when they were asked whether they trust a folder."""

    __tablename__ = "folder_trust"  # pyright: ignore[reportAssignmentType]

    tenant_id: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    """Canonical."""
    identity: str
    """Which folder stood at the path; see `steward.core.folder_identity`."""
    is_trusted: bool
    decided_at: datetime
    seal: str = ""
    """Shows that Steward wrote all of the row; see `steward.permissions.seal`."""


class AcceptedFileRow(SQLModel, table=True):
    """What a person said of a file of a trusted folder that agents would follow."""

    __tablename__ = "accepted_file"  # pyright: ignore[reportAssignmentType]

    tenant_id: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    folder: str = Field(primary_key=True)
    """Canonical."""
    path: str = Field(primary_key=True)
    """Relative to the folder."""
    identity: str
    """Which folder stood at the path; see `steward.core.folder_identity`."""
    digest: str
    """SHA-256 of the file's bytes, as the person was asked about them."""
    is_accepted: bool
    decided_at: datetime
    seal: str
    """Shows that Steward wrote all of the row; see `steward.permissions.seal`."""
