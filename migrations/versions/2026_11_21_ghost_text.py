"""What became of suggestions, and the switches of ghost text."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_21_ghost_text"
down_revision = "2026_11_21_model_prices"
branch_labels = None
depends_on = None

_COUNTS = (
    "offered",
    "shown",
    "accepted",
    "partly",
    "typed",
    "rejected",
    "unseen",
    "offered_lines",
    "offered_characters",
    "accepted_lines",
    "accepted_characters",
    "looked_15_s",
    "kept_15_s",
    "looked_30_s",
    "kept_30_s",
    "looked_120_s",
    "kept_120_s",
    "looked_300_s",
    "kept_300_s",
    "looked_600_s",
    "kept_600_s",
    "asked",
    "wait_ms",
    "context_ms",
    "network_ms",
    "rest_ms",
    "within_25_ms",
    "within_50_ms",
    "within_100_ms",
    "within_200_ms",
    "within_400_ms",
    "within_800_ms",
    "within_1600_ms",
    "within_3200_ms",
)


def upgrade() -> None:
    key = ("tenant_id", "user", "day", "language", "model", "kind")
    op.create_table(
        "ghost_text_day",
        *(sa.Column(name, AutoString(), nullable=False) for name in key),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint(*key),
    )
    switch = ("tenant_id", "user", "scope", "name")
    op.create_table(
        "ghost_text_switch",
        *(sa.Column(name, AutoString(), nullable=False) for name in switch),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("scope IN ('all', 'language', 'workspace')", name="scope_is_known"),
        sa.PrimaryKeyConstraint(*switch),
    )


def downgrade() -> None:
    op.drop_table("ghost_text_switch")
    op.drop_table("ghost_text_day")
