"""Who was at work on which day, and events by their name."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "2026_11_22_active_days"
down_revision = "2026_11_22_landed_files"
branch_labels = None
depends_on = None

_FILL = (
    'INSERT INTO active_day (tenant_id, "user", day) SELECT DISTINCT tenant_id, "user", {day}'
    " FROM event WHERE name IN ('AI_REQUEST', 'AI_APPLY', 'AGENT_RUN_STARTED',"
    " 'AGENT_RUN_RESUMED', 'AGENT_PLAN_APPROVED', 'AGENT_PLAN_REJECTED')"
)
_DAY = {
    "sqlite": "substr(CAST(at AS TEXT), 1, 10)",
    "postgresql": "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
}


def upgrade() -> None:
    op.create_table(
        "active_day",
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("day", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user", "day"),
    )
    op.create_index("ix_event_name", "event", ["tenant_id", "name", "at"])
    op.execute(_FILL.format(day=_DAY[op.get_bind().dialect.name]))


def downgrade() -> None:
    op.drop_index("ix_event_name", table_name="event")
    op.drop_table("active_day")
