"""What listing, following and resuming runs needs, and what left for a model in them."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_22_traces"
down_revision = "2026_11_22_definitions"
branch_labels = None
depends_on = None

_NAMES = {"uq": "uq_%(table_name)s_%(column_0_N_name)s"}
_OLD_UNIQUE = {
    "sqlite": "uq_run_step_run_id_name",
    "postgresql": "run_step_run_id_name_key",
}
"""A constraint that was made without a name."""
_OF_RUN = (
    *(("agent_name", ""), ("source", ""), ("specification", ""), ("attempt", 1)),
    *(("capped", ""), ("cancel_asked_by", ""), ("raised", "")),
    *(("input_tokens", 0), ("output_tokens", 0), ("cost_nano_usd", 0)),
)
_TIMES_OF_RUN = ("cancel_asked_at", "resume_asked_at", "pruned_at")
_OF_STEP = (
    *(("attempt", 1), ("kind", ""), ("input_tokens", 0), ("output_tokens", 0)),
    *(("cost_nano_usd", 0), ("approval_id", ""), ("digest", "")),
)


def _column(name: str, default: str | int) -> sa.Column[object]:
    kind = AutoString() if isinstance(default, str) else sa.BigInteger()
    return sa.Column(name, kind, nullable=False, server_default=str(default))


def upgrade() -> None:
    for name, default in _OF_RUN:
        op.add_column("run", _column(name, default))
    for name in _TIMES_OF_RUN:
        op.add_column("run", sa.Column(name, UTCDateTime(), nullable=True))
    op.create_index("ix_run_newest", "run", ["tenant_id", "created_at"])
    with op.batch_alter_table("run_step", naming_convention=_NAMES) as step:
        for name, default in _OF_STEP:
            step.add_column(_column(name, default))
        step.add_column(sa.Column("started_at", UTCDateTime(), nullable=True))
        step.add_column(sa.Column("duration_ms", sa.BigInteger(), nullable=True))
        step.drop_constraint(_OLD_UNIQUE[op.get_bind().dialect.name], type_="unique")
        step.create_unique_constraint("uq_run_step_place", ["run_id", "attempt", "name"])
    op.create_table(
        "sent_text",
        sa.Column("run_id", AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("content", AutoString(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "number"),
        sa.UniqueConstraint("run_id", "digest", name="uq_sent_text_digest"),
    )
    op.create_table(
        "sent_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("run_id", AutoString(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("step", AutoString(), nullable=False),
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("messages", AutoString(), nullable=False),
        sa.Column("tools", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id", "attempt", "step", name="uq_sent_call_place"),
    )


def downgrade() -> None:
    op.drop_table("sent_call")
    op.drop_table("sent_text")
    # What older code knows of a step is its last attempt.
    op.execute(
        "DELETE FROM run_step WHERE EXISTS (SELECT 1 FROM run_step AS later"
        " WHERE later.run_id = run_step.run_id AND later.name = run_step.name"
        " AND later.attempt > run_step.attempt)"
    )
    with op.batch_alter_table("run_step") as step:
        step.drop_constraint("uq_run_step_place", type_="unique")
        unique = _OLD_UNIQUE[op.get_bind().dialect.name]
        step.create_unique_constraint(unique, ["run_id", "name"])
        for name in ("started_at", "duration_ms", *(name for name, _ in _OF_STEP)):
            step.drop_column(name)
    op.drop_index("ix_run_newest", table_name="run")
    with op.batch_alter_table("run") as run:
        for name in (*_TIMES_OF_RUN, *(name for name, _ in _OF_RUN)):
            run.drop_column(name)
