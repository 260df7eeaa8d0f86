"""What people think of answers, suggestions and runs, and how long things took."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_23_feedback"
down_revision = "2026_11_23_work_lists"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, AutoString(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "feedback",
        *_texts("id", "tenant_id", "user"),
        sa.Column("at", UTCDateTime(), nullable=False),
        *_texts("about", "subject", "agent", "model"),
        sa.Column("is_good", sa.Boolean(), nullable=False),
        *_texts("comment"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "user", "about", "subject", name="uq_feedback_word"),
    )
    op.create_index("ix_feedback_newest", "feedback", ["tenant_id", "at", "id"])
    key = ("tenant_id", "hour", "part", "name", "measure", "outcome")
    op.create_table(
        "timing",
        *_texts(*key),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("step", "count", "took_us")
        ),
        sa.PrimaryKeyConstraint(*key, "step"),
    )


def downgrade() -> None:
    op.drop_table("timing")
    op.drop_index("ix_feedback_newest", table_name="feedback")
    op.drop_table("feedback")
