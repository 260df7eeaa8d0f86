"""What a person may say beside yes and no."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "2026_11_22_replies"
down_revision = "2026_11_21_ghost_text"
branch_labels = None
depends_on = None

_NEW = ("takes", "grant", "reply")


def upgrade() -> None:
    for name in _NEW:
        column = sa.Column(name, AutoString(), nullable=False, server_default="")
        op.add_column("approval", column)


def downgrade() -> None:
    with op.batch_alter_table("approval") as table:
        for name in _NEW:
            table.drop_column(name)
