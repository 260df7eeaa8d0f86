"""The trail can be searched by who acted, by what was done and by day; checks of it are kept."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_23_audit_search"
down_revision = "2026_11_23_feedback"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_audit_at": ["tenant_id", "at", "seq"],
    "ix_audit_action": ["tenant_id", "action", "seq", "at"],
    "ix_audit_actor": ["tenant_id", "actor", "action", "seq"],
}


def upgrade() -> None:
    for name, columns in _INDEXES.items():
        op.create_index(name, "audit", columns)
    op.create_table(
        "audit_check",
        *(
            sa.Column(name, AutoString(), nullable=False)
            for name in ("id", "tenant_id", "begun_by", "state", "head", "kept")
        ),
        sa.Column("begun_at", UTCDateTime(), nullable=False),
        sa.Column("looked_at", UTCDateTime(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("entries_expected", sa.BigInteger(), nullable=False),
        sa.Column("first_bad_seq", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('working', 'intact', 'broken', 'other', 'stopped')", name="state_is_known"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_check_begun", "audit_check", ["tenant_id", "begun_at"])


def downgrade() -> None:
    op.drop_index("ix_audit_check_begun", table_name="audit_check")
    op.drop_table("audit_check")
    for name in _INDEXES:
        op.drop_index(name, table_name="audit")
