"""The rows of sealed keys."""

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel


class ProviderKeyRow(SQLModel, table=True):
    """The key of one provider at one host; nothing in it opens without the key of the vault."""

    __tablename__ = "provider_key"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.
    __table_args__ = (
        UniqueConstraint("tenant_id", "provider", "host"),
        CheckConstraint("version >= 1", name="version_is_positive"),
        CheckConstraint("verdict IN ('accepted', 'refused', 'unknown')", name="verdict_is_known"),
    )

    id: str = Field(primary_key=True)
    tenant_id: str
    provider: str
    host: str
    """Scheme, host and port; authenticated by the seal."""
    url: str
    """The base URL at which the key is checked; it has the same host."""
    version: int
    sealed_with: str
    """The name of the key that sealed it."""
    sealed: bytes
    mask: str
    """What a person may see of it."""
    added_by: str
    set_at: datetime
    """Since when it is this key."""
    last_used_at: datetime | None = None
    """About ten minutes exact."""
    checked_at: datetime | None = None
    verdict: str = "unknown"
