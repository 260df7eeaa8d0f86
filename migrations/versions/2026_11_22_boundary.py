"""Seals on approvals, grants for the rest of a run, and the roles of developers and maintainers."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_22_boundary"
down_revision = "2026_11_22_traces"
branch_labels = None
depends_on = None

_LEADS = sa.text("is_lead")


def upgrade() -> None:
    op.add_column("approval", sa.Column("seal", AutoString(), nullable=False, server_default=""))
    # Nobody can vouch for answers from before; what was still to be used is asked again.
    op.execute(
        "UPDATE approval SET state = 'withdrawn'"
        " WHERE used_at IS NULL AND state IN ('pending', 'approved', 'rejected')"
    )
    op.create_table(
        "run_grant",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("workspace", AutoString(), nullable=False),
        sa.Column("run_id", AutoString(), nullable=False),
        sa.Column("tool", AutoString(), nullable=False),
        sa.Column("subject", AutoString(), nullable=False),
        sa.Column("approval_id", AutoString(), nullable=False),
        sa.Column("session", AutoString(), nullable=False),
        sa.Column("granted_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("expires_monotonic_s", sa.Float(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.Column("seal", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_run_grant_run_id", "run_grant", ["run_id"])
    _rename_role("member", "developer", ("owner", "admin", "maintainer", "developer", "viewer"))


def downgrade() -> None:
    op.execute("UPDATE person SET role = 'developer' WHERE role = 'maintainer'")
    _rename_role("developer", "member", ("owner", "admin", "member", "viewer"))
    op.drop_index("ix_run_grant_run_id", table_name="run_grant")
    op.drop_table("run_grant")
    with op.batch_alter_table("approval") as table:
        table.drop_column("seal")


def _rename_role(old: str, new: str, roles: tuple[str, ...]) -> None:
    """The check of a table cannot be changed in place, so it goes and comes back."""
    listed = ", ".join(f"'{role}'" for role in roles)
    # SQLite copies the table, and a copied index would lose its condition.
    op.drop_index("ix_person_lead", table_name="person")
    with op.batch_alter_table("person") as table:
        table.drop_constraint("role_is_known", type_="check")
    op.execute(f"UPDATE person SET role = '{new}' WHERE role = '{old}'")  # noqa: S608  Ours.
    with op.batch_alter_table("person") as table:
        table.create_check_constraint("role_is_known", f"role IN ({listed})")
    op.create_index(
        "ix_person_lead",
        "person",
        ["tenant_id", "team"],
        unique=True,
        sqlite_where=_LEADS,
        postgresql_where=_LEADS,
    )
