"""Each person's runs and questions by their time, for lists of them."""

from alembic import op

revision = "2026_11_23_work_lists"
down_revision = "2026_11_23_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_run_person", "run", ["tenant_id", "user", "created_at", "id"])
    op.create_index("ix_approval_person", "approval", ["tenant_id", "user", "asked_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_approval_person", "approval")
    op.drop_index("ix_run_person", "run")
