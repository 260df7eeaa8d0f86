"""Conversations, and what was said in them."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_22_conversations"
down_revision = "2026_11_22_mcp_tools"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("workspace", AutoString(), nullable=False),
        sa.Column("title", AutoString(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    newest = ["tenant_id", "user", "workspace", "updated_at"]
    op.create_index("ix_conversation_newest", "conversation", newest)
    op.create_table(
        "chat_message",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("conversation_id", AutoString(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("author", AutoString(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("mode", AutoString(), nullable=False),
        sa.Column("agent", AutoString(), nullable=False),
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("note", AutoString(), nullable=False),
        sa.Column("run_id", AutoString(), nullable=False),
        sa.Column("cost_nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("owner", AutoString(), nullable=False),
        sa.Column("attachments", AutoString(), nullable=False),
        sa.Column("mentions", AutoString(), nullable=False),
        sa.Column("left_out", AutoString(), nullable=False),
        sa.Column("shown", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("conversation_id", "number", name="uq_chat_message_place"),
    )
    op.create_index("ix_chat_message_state", "chat_message", ["tenant_id", "state"])


def downgrade() -> None:
    op.drop_table("chat_message")
    op.drop_table("conversation")
