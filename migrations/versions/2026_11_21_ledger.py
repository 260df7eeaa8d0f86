"""The audit trail and the ledger."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_21_ledger"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("scope", AutoString(), nullable=False),
        sa.Column("period", AutoString(), nullable=False),
        sa.Column("limit_nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("spent_nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("reserved_nano_usd", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("limit_nano_usd >= 0", name="limit_not_negative"),
        sa.CheckConstraint("reserved_nano_usd >= 0", name="reserved_not_negative"),
        sa.CheckConstraint("spent_nano_usd >= 0", name="spent_not_negative"),
        sa.PrimaryKeyConstraint("tenant_id", "scope", "period"),
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", AutoString(), nullable=False),
        sa.Column("action", AutoString(), nullable=False),
        sa.Column("subject", AutoString(), nullable=False),
        sa.Column("detail", AutoString(), nullable=False),
        sa.Column("previous_hash", AutoString(), nullable=False),
        sa.Column("hash", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_audit_subject", "audit", ["tenant_id", "subject", "seq"])

    op.create_table(
        "reservation",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("scope", AutoString(), nullable=False),
        sa.Column("period", AutoString(), nullable=False),
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("session", AutoString(), nullable=False),
        sa.Column("workspace", AutoString(), nullable=False),
        sa.Column("task", AutoString(), nullable=False),
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("run_id", AutoString(), nullable=True),
        sa.Column("price_version", AutoString(), nullable=False),
        sa.Column("body_digest", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("reserved_nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("cost_nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("is_estimated", sa.Boolean(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'settled', 'released', 'expired')", name="state_is_known"
        ),
        sa.CheckConstraint("cost_nano_usd >= 0", name="cost_not_negative"),
        sa.CheckConstraint("reserved_nano_usd >= 0", name="reserved_not_negative"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "scope", "period"],
            ["account.tenant_id", "account.scope", "account.period"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_reservation_due", "reservation", ["state", "expires_at"])
    op.create_index("ix_reservation_run", "reservation", ["run_id"])
    op.create_index("ix_reservation_user", "reservation", ["tenant_id", "user", "opened_at"])

    op.create_table(
        "entry",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("scope", AutoString(), nullable=False),
        sa.Column("period", AutoString(), nullable=False),
        sa.Column("reservation_id", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("reserved_change_nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("spent_change_nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("is_estimated", sa.Boolean(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.Column("task", AutoString(), nullable=False),
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("run_id", AutoString(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('reserve', 'settle', 'release', 'expire')", name="kind_is_known"
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id"],
            ["reservation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "scope", "period"],
            ["account.tenant_id", "account.scope", "account.period"],
        ),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_entry_account", "entry", ["tenant_id", "scope", "period", "at"])
    op.create_index("ix_entry_reservation", "entry", ["reservation_id"])
    op.create_index("ix_entry_run", "entry", ["run_id"])

    for table in ("audit", "entry"):
        _append_only(table)


def _append_only(table: str) -> None:
    reason = f"rows of {table} are facts: they are never changed or deleted"
    if op.get_context().dialect.name == "postgresql":
        _append_only_on_postgresql(table, reason)
    else:
        _append_only_on_sqlite(table, reason)


def _append_only_on_sqlite(table: str, reason: str) -> None:
    refuse = f"SELECT RAISE(ABORT, '{reason}')"
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table}"
            f" BEGIN {refuse}; END"
        )
    # INSERT OR REPLACE deletes without asking the trigger above.
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}"  # noqa: S608  Our own names.
        f" WHEN EXISTS (SELECT 1 FROM {table} WHERE seq = NEW.seq) BEGIN {refuse}; END"
    )


def _append_only_on_postgresql(table: str, reason: str) -> None:
    op.execute(
        f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION '{reason}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    # TRUNCATE asks no trigger of rows, and where no row matches there is nothing to refuse.
    for action, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {table}_no_{action.split()[0].lower()} BEFORE {action} ON {table}"
            f" FOR EACH {each} EXECUTE FUNCTION {table}_is_append_only()"
        )


def downgrade() -> None:
    for table in ("entry", "reservation", "audit", "account"):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        for table in ("audit", "entry"):
            op.execute(f"DROP FUNCTION {table}_is_append_only()")
