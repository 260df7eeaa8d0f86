"""Installed extensions, the keys of their publishers, and registries."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_22_extensions"
down_revision = "2026_11_22_conversations"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, AutoString(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "extension",
        *_texts("tenant_id", "user", "id", "version", "digest", "key"),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        *_texts("source", "granted", "state", "config"),
        sa.Column("installed_at", UTCDateTime(), nullable=False),
        sa.Column("decided_at", UTCDateTime(), nullable=False),
        *_texts("seal"),
        sa.PrimaryKeyConstraint("tenant_id", "user", "id"),
    )
    op.create_table(
        "extension_publisher",
        *_texts("tenant_id", "user", "publisher", "key"),
        sa.Column("since", UTCDateTime(), nullable=False),
        *_texts("seal"),
        sa.PrimaryKeyConstraint("tenant_id", "user", "publisher"),
    )
    op.create_table(
        "extension_registry",
        *_texts("tenant_id", "user", "address", "key"),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        *_texts("digest", "revoked"),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        *_texts("seal"),
        sa.PrimaryKeyConstraint("tenant_id", "user", "address"),
    )


def downgrade() -> None:
    op.drop_table("extension_registry")
    op.drop_table("extension_publisher")
    op.drop_table("extension")
