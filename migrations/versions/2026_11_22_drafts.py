"""The plan that a question asks about, for whoever answers with another one."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "2026_11_22_drafts"
down_revision = "2026_11_22_events"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("approval", sa.Column("draft", AutoString(), nullable=False, server_default=""))
    # A seal covers all columns, so older ones fit no more; what is still to be used is asked again.
    op.execute(
        "UPDATE approval SET state = 'withdrawn'"
        " WHERE used_at IS NULL AND state IN ('pending', 'approved', 'rejected')"
    )


def downgrade() -> None:
    with op.batch_alter_table("approval") as table:
        table.drop_column("draft")
