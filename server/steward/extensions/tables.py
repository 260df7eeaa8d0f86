"""The rows of extensions at work: what they did, what went wrong, and what they keep."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import BigInteger, Field, SQLModel


class ExtensionDayRow(SQLModel, table=True):
    """How much an extension did for one person on one day."""

    __tablename__ = "extension_day"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.

    tenant_id: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    extension: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    """UTC, `2026-11-22`."""
    events: int = Field(sa_type=BigInteger)
    """Events that it was given."""
    took_ms: int = Field(sa_type=BigInteger)
    """From giving them to the answers, waiting for the host included."""
    host_calls: int = Field(sa_type=BigInteger)
    refused: int = Field(sa_type=BigInteger)
    faults: int = Field(sa_type=BigInteger)
    cost_nano_usd: int = Field(sa_type=BigInteger)
    """What models cost that it asked."""


class ExtensionHappenedRow(SQLModel, table=True):
    """Something about an extension that its person may want to know."""

    __tablename__ = "extension_happened"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_extension_happened_newest", "tenant_id", "user", "extension", "at"),
    )

    id: str = Field(primary_key=True)
    tenant_id: str
    user: str
    extension: str
    at: datetime
    kind: str
    """refused, fault, disabled, proposed, landed or asked."""
    subject: str
    """Of a refusal the capability, of a proposal its id."""
    said: str


class ExtensionStrikeRow(SQLModel, table=True):
    """A fault of an extension."""

    __tablename__ = "extension_strike"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_extension_strike_newest", "tenant_id", "user", "extension", "at"),)

    id: str = Field(primary_key=True)
    tenant_id: str
    user: str
    extension: str
    version: str
    digest: str
    """Of the package; faults of another one do not count."""
    at: datetime
    kind: str
    """trap, deadline, memory, quota, answer or raised."""
    topic: str
    said: str
    place: str
    """Where in its code, as far as it says; else empty."""
    is_open: bool
    """Whether it still counts: not any more once it was disabled for it, or was forgiven."""


class ExtensionStoredRow(SQLModel, table=True):
    """A text that an extension keeps."""

    __tablename__ = "extension_stored"  # pyright: ignore[reportAssignmentType]

    tenant_id: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    extension: str = Field(primary_key=True)
    workspace: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    value: str
    bytes: int = Field(sa_type=BigInteger)
    """Of key and value in UTF-8."""
