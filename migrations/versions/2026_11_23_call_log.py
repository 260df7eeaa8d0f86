"""Everybody's calls by their time, for whoever looks through the log."""

from alembic import op

revision = "2026_11_23_call_log"
down_revision = "2026_11_23_outbox"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_reservation_at", "reservation", ["tenant_id", "opened_at"])


def downgrade() -> None:
    op.drop_index("ix_reservation_at", table_name="reservation")
