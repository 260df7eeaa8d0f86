"""What people approved of the tools of MCP servers."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_22_mcp_tools"
down_revision = "2026_11_22_active_days"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mcp_tool",
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("server", AutoString(), nullable=False),
        sa.Column("tool", AutoString(), nullable=False),
        sa.Column("identity", AutoString(), nullable=False),
        sa.Column("said", AutoString(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("approval_id", AutoString(), nullable=False),
        sa.Column("approved_at", UTCDateTime(), nullable=False),
        sa.Column("seal", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user", "server", "tool"),
    )


def downgrade() -> None:
    op.drop_table("mcp_tool")
