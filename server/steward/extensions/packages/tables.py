"""The rows of installed extensions, of publishers' keys, and of registries."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class ExtensionRow(SQLModel, table=True):
    """An extension that a person installed, or enabled where it is shipped."""

    __tablename__ = "extension"  # pyright: ignore[reportAssignmentType]

    tenant_id: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    version: str
    digest: str
    key: str
    """The publisher's; empty where it is shipped."""
    sequence: int = Field(sa_type=BigInteger)
    source: str
    """`shipped`, `file`, or the address of a registry."""
    granted: str
    """Capabilities as JSON, sorted."""
    state: str
    config: str
    """What the person set, as JSON."""
    installed_at: datetime
    decided_at: datetime
    """When a person last said what it may do."""
    seal: str
    """Shows that Steward wrote all of the row; see `steward.permissions.seal`."""


class ExtensionPublisherRow(SQLModel, table=True):
    """Whose key a person first saw under a publisher's name; another one is refused."""

    __tablename__ = "extension_publisher"  # pyright: ignore[reportAssignmentType]

    tenant_id: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    publisher: str = Field(primary_key=True)
    key: str
    since: datetime
    seal: str


class ExtensionRegistryRow(SQLModel, table=True):
    """A registry that a person looks into, and the newest index that was seen of it."""

    __tablename__ = "extension_registry"  # pyright: ignore[reportAssignmentType]

    tenant_id: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    """A folder's absolute path, or an https URL."""
    key: str
    """Whose signature its index must bear."""
    sequence: int = Field(sa_type=BigInteger)
    digest: str
    """SHA-256 of that index."""
    revoked: str
    """Keys that it says were lost or stolen, as JSON; they never come back."""
    seen_at: datetime
    seal: str
