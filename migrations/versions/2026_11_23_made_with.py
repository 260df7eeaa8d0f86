"""Which token was shown when another one was made; of older ones nobody knows."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "2026_11_23_made_with"
down_revision = "2026_11_23_call_log"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("personal_token", sa.Column("made_with", AutoString(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("personal_token") as table:
        table.drop_column("made_with")
