"""What happens is written into an outbox; triggers do it, see `steward.core.outbox_triggers`."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_23_outbox"
down_revision = "2026_11_23_audit_search"
branch_labels = None
depends_on = None

triggers = "e66b71f7044c7b39"
"""Which ones the code makes; where they change, a new revision names the new ones."""


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        *(
            sa.Column(name, AutoString(), nullable=False)
            for name in ("kind", "user", "team", "workspace", "subject", "detail")
        ),
        sa.PrimaryKeyConstraint("seq"),
    )


def downgrade() -> None:
    op.drop_table("outbox")
