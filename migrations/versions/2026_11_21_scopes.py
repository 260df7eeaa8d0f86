"""Accounts of several scopes, sealed entries, budgets, warnings, and usage added up."""

import hmac
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from steward.core.errors import UnavailableError
from steward.ledger.key import KEY_BYTES, LedgerKey

revision = "2026_11_21_scopes"
down_revision = "2026_11_21_runs"
branch_labels = None
depends_on = None

_OWNER = 'tenant_id, team, "user", workspace, session'
_SUMS = ("calls", "input_tokens", "output_tokens", "cached_tokens", "cost_nano_usd")


def upgrade() -> None:
    for index in ("ix_entry_account", "ix_entry_reservation", "ix_entry_run"):
        op.drop_index(index, table_name="entry")
    for index in ("ix_reservation_due", "ix_reservation_run", "ix_reservation_user"):
        op.drop_index(index, table_name="reservation")
    _widen_accounts()
    _make_budgets()
    _make_usage()
    for table in ("entry", "reservation"):
        op.rename_table(table, f"old_{table}")
    _make_reservations()
    _make_entries()
    _carry_over()
    for table in ("old_entry", "old_reservation"):
        op.drop_table(table)
    _append_only()


def _widen_accounts() -> None:
    with op.batch_alter_table("account") as account:
        account.alter_column("limit_nano_usd", existing_type=sa.BigInteger(), nullable=True)
        account.add_column(sa.Column("soft_limit_nano_usd", sa.BigInteger(), nullable=True))
        account.create_check_constraint("soft_limit_not_negative", "soft_limit_nano_usd >= 0")


def _make_budgets() -> None:
    op.create_table(
        "budget",
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("scope", AutoString(), nullable=False),
        sa.Column("limit_nano_usd", sa.BigInteger(), nullable=True),
        sa.Column("soft_limit_nano_usd", sa.BigInteger(), nullable=True),
        sa.Column("set_by", AutoString(), nullable=False),
        sa.Column("set_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("limit_nano_usd >= 0", name="limit_not_negative"),
        sa.CheckConstraint("soft_limit_nano_usd >= 0", name="soft_limit_not_negative"),
        sa.PrimaryKeyConstraint("tenant_id", "scope"),
    )
    op.create_table(
        "budget_warning",
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("scope", AutoString(), nullable=False),
        sa.Column("period", AutoString(), nullable=False),
        sa.Column("mark", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("spent_nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("limit_nano_usd", sa.BigInteger(), nullable=True),
        sa.Column("soft_limit_nano_usd", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "scope", "period", "mark"),
    )


def _make_usage() -> None:
    op.create_table(
        "usage",
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("dimension", AutoString(), nullable=False),
        sa.Column("day", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _SUMS),
        sa.PrimaryKeyConstraint("tenant_id", "dimension", "day", "name"),
        sqlite_with_rowid=False,
    )


def _make_reservations() -> None:
    op.create_table(
        "reservation",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("team", AutoString(), nullable=False),
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("workspace", AutoString(), nullable=False),
        sa.Column("session", AutoString(), nullable=False),
        sa.Column("period", AutoString(), nullable=False),
        sa.Column("task", AutoString(), nullable=False),
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("run_id", AutoString(), nullable=True),
        sa.Column("price_version", AutoString(), nullable=False),
        sa.Column("body_digest", AutoString(), nullable=False),
        sa.Column("reserved_nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("cost_nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("is_estimated", sa.Boolean(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'settled', 'released', 'expired')", name="state_is_known"
        ),
        sa.CheckConstraint("cost_nano_usd >= 0", name="cost_not_negative"),
        sa.CheckConstraint("reserved_nano_usd >= 0", name="reserved_not_negative"),
        sa.PrimaryKeyConstraint("id"),
    )
    is_open, has_run = sa.text("state = 'open'"), sa.text("run_id IS NOT NULL")
    op.create_index(
        "ix_reservation_due",
        "reservation",
        ["expires_at"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index(
        "ix_reservation_run",
        "reservation",
        ["run_id"],
        sqlite_where=has_run,
        postgresql_where=has_run,
    )
    op.create_index("ix_reservation_user", "reservation", ["tenant_id", "user", "opened_at"])


def _make_entries() -> None:
    op.create_table(
        "entry",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("team", AutoString(), nullable=False),
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("workspace", AutoString(), nullable=False),
        sa.Column("session", AutoString(), nullable=False),
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
        sa.Column("price_version", AutoString(), nullable=False),
        sa.Column("seal", AutoString(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('reserve', 'settle', 'release', 'expire', 'correct')", name="kind_is_known"
        ),
        sa.ForeignKeyConstraint(["reservation_id"], ["reservation.id"]),
        sa.PrimaryKeyConstraint("seq"),
    )


def _carry_over() -> None:
    connection = op.get_bind()
    rest = (
        "period, task, model, run_id, price_version, body_digest, reserved_nano_usd, opened_at,"
        " expires_at, state, cost_nano_usd, is_estimated, input_tokens, output_tokens,"
        " cached_tokens, ended_at"
    )
    op.execute(
        f"INSERT INTO reservation (id, {_OWNER}, {rest})"  # noqa: S608  Our own names.
        f" SELECT id, tenant_id, '', \"user\", workspace, session, {rest} FROM old_reservation"
    )
    _open_accounts("'organisation'", "period", "1 = 1")
    _open_accounts("'workspace:' || workspace", "period", "workspace <> ''")
    _open_accounts("'session:' || session", "'session'", "session <> ''")
    if connection.exec_driver_sql("SELECT 1 FROM old_entry LIMIT 1").fetchone() is not None:
        _seal(connection)


def _open_accounts(scope: str, period: str, which: str) -> None:
    """Give the scopes that had none their accounts, from the calls that they made."""
    op.execute(
        "INSERT INTO account (tenant_id, scope, period, spent_nano_usd, reserved_nano_usd)"  # noqa: S608
        f" SELECT tenant_id, {scope}, {period}, SUM(cost_nano_usd),"
        " SUM(CASE WHEN state = 'open' THEN reserved_nano_usd ELSE 0 END)"
        f" FROM reservation WHERE {which} GROUP BY 1, 2, 3"
    )


def _seal(connection: sa.Connection) -> None:
    """Append the old entries again, sealed, and add up what they say.

    Only SQLite has held entries before this revision, so the key is beside its file.
    """
    if connection.dialect.name == "postgresql":
        raise UnavailableError(
            "The ledger on PostgreSQL holds entries of a version that was never released; they"
            " cannot be sealed. Nothing was changed. Name a new database in STEWARD_DATABASE."
        )
    (_, _, file) = connection.exec_driver_sql("PRAGMA database_list").fetchone() or (0, "", "")
    key_file = LedgerKey(Path(file).parent / "ledger.key", lambda: secrets.token_hex(KEY_BYTES))
    key = key_file.load(may_make=True)
    columns = ", ".join("?" * 21)
    before = "0" * 64
    sums: dict[tuple[object, ...], list[int]] = {}
    for entry in _old_entries(connection):
        body = json.dumps((before, *entry)).encode("ascii")
        before = hmac.digest(key, body, "sha256").hex()
        connection.exec_driver_sql(f"INSERT INTO entry VALUES ({columns})", (*entry, before))  # noqa: S608
        _add_up(sums, entry)
    columns = ", ".join("?" * 9)
    for names, sum_of_all in sums.items():
        connection.exec_driver_sql(
            f'INSERT INTO "usage" VALUES ({columns})',  # noqa: S608
            (*names, *sum_of_all),
        )


def _old_entries(connection: sa.Connection) -> Iterator[tuple[Any, ...]]:
    rows = connection.exec_driver_sql(
        "SELECT e.tenant_id, '', r.\"user\", r.workspace, r.session, e.period, e.reservation_id,"
        " e.at, e.kind, e.reserved_change_nano_usd, e.spent_change_nano_usd, e.is_estimated,"
        " e.input_tokens, e.output_tokens, e.cached_tokens, e.task, e.model, e.run_id,"
        " r.price_version FROM old_entry e JOIN old_reservation r ON r.id = e.reservation_id"
        " ORDER BY e.seq"
    )
    expired: set[str] = set()
    for seq, row in enumerate(rows, start=1):
        reservation_id, kind = row[6], row[8]
        if kind == "expire":
            expired.add(reservation_id)
        is_late = kind in ("settle", "release") and reservation_id in expired
        yield (seq, *row[:8], "correct" if is_late else kind, *row[9:])


def _add_up(sums: dict[tuple[object, ...], list[int]], entry: tuple[Any, ...]) -> None:
    tenant, _, user, workspace, session = entry[1:6]
    kind, spent, task, model = entry[9], entry[11], entry[16], entry[17]
    calls = 1 if kind in ("settle", "expire") else 0
    if kind == "reserve" or (not calls and not spent):
        return
    names = {"all": "", "user": user, "workspace": workspace, "model": model, "task": task}
    for dimension, name in (names | {"session": session}).items():
        if name or dimension == "all":
            found = sums.setdefault((tenant, dimension, entry[8][:10], name), [0] * 5)
            for at, amount in enumerate((calls, entry[13], entry[14], entry[15], spent)):
                found[at] += amount


def _append_only() -> None:
    reason = "rows of entry are facts: they are never changed or deleted"
    if op.get_bind().dialect.name == "postgresql":
        # The function that refuses is there since the first revision.
        for action, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER entry_no_{action.split()[0].lower()} BEFORE {action} ON entry"
                f" FOR EACH {each} EXECUTE FUNCTION entry_is_append_only()"
            )
        return
    refuse = f"SELECT RAISE(ABORT, '{reason}')"
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER entry_no_{action.lower()} BEFORE {action} ON entry BEGIN {refuse}; END"
        )
    # INSERT OR REPLACE deletes without asking the trigger above.
    op.execute(
        "CREATE TRIGGER entry_no_replace BEFORE INSERT ON entry"  # noqa: S608
        f" WHEN EXISTS (SELECT 1 FROM entry WHERE seq = NEW.seq) BEGIN {refuse}; END"
    )


def downgrade() -> None:
    raise UnavailableError(
        "An older version cannot book into sealed entries, so there is no way back. If you kept a"
        " copy of the database from before, use that; otherwise stay with this version."
    )
