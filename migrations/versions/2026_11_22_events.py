"""What happened, in figures, apart from the audit trail."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_22_events"
down_revision = "2026_11_22_boundary"
branch_labels = None
depends_on = None

_TEXTS = ("name", "user", "run_id", "agent", "subject", "model", "outcome")
_NUMBERS = ("input_tokens", "output_tokens", "cost_nano_usd", "took_ms", "count")


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        *(sa.Column(name, AutoString(), nullable=False) for name in _TEXTS),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _NUMBERS),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_event_at", "event", ["tenant_id", "at"])


def downgrade() -> None:
    op.drop_index("ix_event_at", table_name="event")
    op.drop_table("event")
