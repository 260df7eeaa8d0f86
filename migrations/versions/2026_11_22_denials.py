"""What people refused, to the letter, so that no agent of the run asks it again."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_22_denials"
down_revision = "2026_11_22_trust_seals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run_denial",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("workspace", AutoString(), nullable=False),
        sa.Column("run_id", AutoString(), nullable=False),
        sa.Column("tool", AutoString(), nullable=False),
        sa.Column("subject", AutoString(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("approval_id", AutoString(), nullable=False),
        sa.Column("session", AutoString(), nullable=False),
        sa.Column("denied_at", UTCDateTime(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.Column("seal", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_run_denial_run_id", "run_denial", ["run_id"])
    op.create_index(
        "ix_run_denial_digest", "run_denial", ["tenant_id", "user", "workspace", "digest"]
    )


def downgrade() -> None:
    op.drop_index("ix_run_denial_digest", table_name="run_denial")
    op.drop_index("ix_run_denial_run_id", table_name="run_denial")
    op.drop_table("run_denial")
