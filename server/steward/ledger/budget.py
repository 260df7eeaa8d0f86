"""What somebody decided that a scope may spend, in place of what the settings say."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlmodel import Session
from sqlmodel.sql.sqltypes import UTCDateTime

from steward.core import audit
from steward.core.principal import Principal
from steward.ledger.account import Limits


@dataclass(frozen=True, slots=True)
class Decision:
    """A budget, and who set it."""

    scope: str
    limits: Limits
    set_by: str
    set_at: datetime


def set_budget(
    session: Session, principal: Principal, scope: str, limits: Limits, at: datetime
) -> None:
    """Let `limits` hold for a scope of the principal's tenant, in this period and all later ones.

    The next reservation is held against them. Who set them, and what was before, is audited in
    the same transaction.
    """
    connection = session.connection()
    key: dict[str, object] = {"tenant_id": principal.tenant_id, "scope": scope}
    before = connection.execute(_FIND, key).one_or_none()
    values = {"hard": limits.hard, "soft": limits.soft, "by": principal.user, "at": at}
    connection.execute(_SET, key | values)
    audit.append(
        session,
        at=at,
        tenant_id=principal.tenant_id,
        actor=principal.user,
        action="ledger.budget_set",
        subject=f"budget {scope}",
        detail={
            "limit_nano_usd": limits.hard,
            "soft_nano_usd": limits.soft,
            "before_nano_usd": None if before is None else before.limit_nano_usd,
            "soft_before_nano_usd": None if before is None else before.soft_limit_nano_usd,
        },
    )


def budgets(session: Session, tenant_id: str) -> tuple[Decision, ...]:
    """Every budget that was set in the tenant, by scope."""
    rows = session.connection().execute(_ALL, {"tenant_id": tenant_id})
    return tuple(
        Decision(
            row.scope,
            Limits(row.limit_nano_usd, row.soft_limit_nano_usd),
            row.set_by,
            row.set_at,
        )
        for row in rows
    )


_FIND = text(
    "SELECT limit_nano_usd, soft_limit_nano_usd FROM budget"
    " WHERE tenant_id = :tenant_id AND scope = :scope"
)
_SET = text(
    "INSERT INTO budget (tenant_id, scope, limit_nano_usd, soft_limit_nano_usd, set_by, set_at)"
    " VALUES (:tenant_id, :scope, :hard, :soft, :by, :at)"
    " ON CONFLICT (tenant_id, scope) DO UPDATE SET limit_nano_usd = excluded.limit_nano_usd,"
    " soft_limit_nano_usd = excluded.soft_limit_nano_usd, set_by = excluded.set_by,"
    " set_at = excluded.set_at"
).bindparams(bindparam("at", type_=UTCDateTime()))
_ALL = text(
    "SELECT scope, limit_nano_usd, soft_limit_nano_usd, set_by, set_at FROM budget"
    " WHERE tenant_id = :tenant_id ORDER BY scope"
).columns(set_at=UTCDateTime())
