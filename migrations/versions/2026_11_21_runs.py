"""Questions and their answers, proposals, and runs with their steps."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_21_runs"
down_revision = "2026_11_21_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approval",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("workspace", AutoString(), nullable=False),
        sa.Column("run_id", AutoString(), nullable=False),
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("title", AutoString(), nullable=False),
        sa.Column("body", AutoString(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("boot", AutoString(), nullable=False),
        sa.Column("expires_monotonic_s", sa.Float(), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("answered_by", AutoString(), nullable=True),
        sa.Column("channel", AutoString(), nullable=True),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "run_id", "key", "attempt"),
    )
    op.create_index("ix_approval_open", "approval", ["tenant_id", "workspace", "state"])
    op.create_table(
        "proposal",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("workspace", AutoString(), nullable=False),
        sa.Column("run_id", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("content", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("approval_id", AutoString(), nullable=True),
        sa.Column("outcome", AutoString(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_proposal_run_id", "proposal", ["run_id"])
    op.create_table(
        "run",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("session", AutoString(), nullable=False),
        sa.Column("workspace", AutoString(), nullable=False),
        sa.Column("agent_id", AutoString(), nullable=False),
        sa.Column("goal", AutoString(), nullable=False),
        sa.Column("place", AutoString(), nullable=False),
        sa.Column("mode", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("owner", AutoString(), nullable=False),
        sa.Column("message", AutoString(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_run_workspace", "run", ["tenant_id", "workspace", "state"])
    op.create_table(
        "run_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("run_id", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("title", AutoString(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("detail", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id", "name"),
    )


def downgrade() -> None:
    op.drop_table("run_step")
    op.drop_index("ix_run_workspace", table_name="run")
    op.drop_table("run")
    op.drop_index("ix_proposal_run_id", table_name="proposal")
    op.drop_table("proposal")
    op.drop_index("ix_approval_open", table_name="approval")
    op.drop_table("approval")
