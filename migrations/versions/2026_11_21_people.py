"""People, with their roles and teams."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "2026_11_21_people"
down_revision = "2026_11_21_told"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("role", AutoString(), nullable=False),
        sa.Column("team", AutoString(), nullable=False),
        sa.Column("is_lead", sa.Boolean(), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'admin', 'member', 'viewer')", name="role_is_known"),
        sa.CheckConstraint("NOT is_lead OR team <> ''", name="lead_has_team"),
        sa.PrimaryKeyConstraint("tenant_id", "user"),
    )
    leads = sa.text("is_lead")
    op.create_index(
        "ix_person_lead",
        "person",
        ["tenant_id", "team"],
        unique=True,
        sqlite_where=leads,
        postgresql_where=leads,
    )


def downgrade() -> None:
    op.drop_index("ix_person_lead", table_name="person")
    op.drop_table("person")
