"""What extensions did, what went wrong with them, and what they keep."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_22_extension_activity"
down_revision = "2026_11_22_extensions"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, AutoString(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    whose = ["tenant_id", "user", "extension"]
    op.create_table(
        "extension_day",
        *_texts(*whose, "day"),
        *_numbers("events", "took_ms", "host_calls", "refused", "faults", "cost_nano_usd"),
        sa.PrimaryKeyConstraint(*whose, "day"),
    )
    op.create_table(
        "extension_happened",
        *_texts("id", *whose),
        sa.Column("at", UTCDateTime(), nullable=False),
        *_texts("kind", "subject", "said"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_extension_happened_newest", "extension_happened", [*whose, "at"])
    op.create_table(
        "extension_strike",
        *_texts("id", *whose, "version", "digest"),
        sa.Column("at", UTCDateTime(), nullable=False),
        *_texts("kind", "topic", "said", "place"),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_extension_strike_newest", "extension_strike", [*whose, "at"])
    op.create_table(
        "extension_stored",
        *_texts(*whose, "workspace", "key", "value"),
        *_numbers("bytes"),
        sa.PrimaryKeyConstraint(*whose, "workspace", "key"),
    )


def downgrade() -> None:
    op.drop_table("extension_stored")
    op.drop_index("ix_extension_strike_newest", "extension_strike")
    op.drop_table("extension_strike")
    op.drop_index("ix_extension_happened_newest", "extension_happened")
    op.drop_table("extension_happened")
    op.drop_table("extension_day")
