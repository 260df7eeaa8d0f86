"""Decisions about folders bear a seal; those without one are asked about anew."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "2026_11_22_trust_seals"
down_revision = "2026_11_22_drafts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "folder_trust", sa.Column("seal", AutoString(), nullable=False, server_default="")
    )


def downgrade() -> None:
    with op.batch_alter_table("folder_trust") as table:
        table.drop_column("seal")
