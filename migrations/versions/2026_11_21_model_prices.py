"""Prices of models that somebody set."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_21_model_prices"
down_revision = "2026_11_21_secrets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    rates = ("input", "cached_input", "output", "cache_write")
    op.create_table(
        "model_price",
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("model", AutoString(), nullable=False),
        *(sa.Column(f"{rate}_pico_usd", sa.BigInteger(), nullable=False) for rate in rates),
        sa.Column("set_by", AutoString(), nullable=False),
        sa.Column("set_at", UTCDateTime(), nullable=False),
        *(
            sa.CheckConstraint(f"{rate}_pico_usd >= 0", name=f"{rate}_not_negative")
            for rate in rates
        ),
        sa.PrimaryKeyConstraint("tenant_id", "model"),
    )


def downgrade() -> None:
    op.drop_table("model_price")
