"""What people ask the ledger: units of work that only read."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.engine import Row
from sqlmodel import Session
from sqlmodel.sql.sqltypes import UTCDateTime

from steward.core.money import NanoUsd
from steward.core.principal import Principal
from steward.ledger.account import AccountKey
from steward.ledger.charge import Entry, Usage

# PostgreSQL adds up to a decimal; money is an integer.
_SPENT_SINCE = text(
    "SELECT CAST(COALESCE(SUM(spent_change_nano_usd), 0) AS BIGINT) FROM entry"
    " WHERE tenant_id = :tenant_id AND scope = :scope AND period = :period AND at >= :since"
).bindparams(bindparam("since", type_=UTCDateTime()))
_RUN_COST = text(
    "SELECT CAST(COALESCE(SUM(spent_change_nano_usd), 0) AS BIGINT) FROM entry"
    " WHERE run_id = :run_id"
)
_NEWEST = text(
    # Unquoted, `user` would be the database's own on PostgreSQL.
    'SELECT * FROM reservation WHERE tenant_id = :tenant_id AND "user" = :user'
    " AND (CAST(:run_id AS TEXT) IS NULL OR run_id = :run_id)"
    " ORDER BY opened_at DESC, id DESC LIMIT :most"
).columns(opened_at=UTCDateTime())


def spent_since(session: Session, account: AccountKey, since: datetime) -> NanoUsd:
    """What the account was charged from `since` on."""
    values = account.parameters() | {"since": since}
    return NanoUsd(session.connection().execute(_SPENT_SINCE, values).scalar_one())


def run_cost(session: Session, run_id: str) -> NanoUsd:
    """What all calls of a run have cost so far."""
    return NanoUsd(session.connection().execute(_RUN_COST, {"run_id": run_id}).scalar_one())


def newest(
    session: Session, principal: Principal, run_id: str | None, limit: int
) -> tuple[Entry, ...]:
    """The newest calls of a person, oldest first."""
    values = {
        "tenant_id": principal.tenant_id,
        "user": principal.user,
        "run_id": run_id,
        "most": limit,
    }
    rows = session.connection().execute(_NEWEST, values).all()
    return tuple(_entry(row) for row in reversed(rows))


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        request_id=row.id,
        at=row.opened_at,
        task=row.task,
        model=row.model,
        state=row.state,
        usage=Usage(row.input_tokens, row.output_tokens, row.cached_tokens),
        cost_nano_usd=row.cost_nano_usd,
        reserved_nano_usd=row.reserved_nano_usd,
        is_estimated=bool(row.is_estimated),
        run_id=row.run_id,
    )
