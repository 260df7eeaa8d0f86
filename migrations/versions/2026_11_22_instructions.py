"""The files of a trusted folder that agents may follow, and what each step's conversation took."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_22_instructions"
down_revision = "2026_11_22_denials"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accepted_file",
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("folder", AutoString(), nullable=False),
        sa.Column("path", AutoString(), nullable=False),
        sa.Column("identity", AutoString(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("is_accepted", sa.Boolean(), nullable=False),
        sa.Column("decided_at", UTCDateTime(), nullable=False),
        sa.Column("seal", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user", "folder", "path"),
    )
    for table in ("run", "run_step"):
        op.add_column(table, sa.Column("context", AutoString(), nullable=False, server_default=""))


def downgrade() -> None:
    for table in ("run_step", "run"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("context")
    op.drop_table("accepted_file")
