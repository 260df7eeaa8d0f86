"""What each person was told about their budgets."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_21_told"
down_revision = "2026_11_21_attempts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budget_told",
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("scope", AutoString(), nullable=False),
        sa.Column("period", AutoString(), nullable=False),
        sa.Column("news", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("needed_nano_usd", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user", "scope", "period", "news"),
    )


def downgrade() -> None:
    op.drop_table("budget_told")
