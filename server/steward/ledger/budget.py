"""What somebody decided that a scope may spend, in place of what the settings say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlmodel import Session
from sqlmodel.sql.sqltypes import UTCDateTime

from steward.core import audit
from steward.core.principal import Principal
from steward.ledger.account import NO_LIMITS, Kind, Limits, kind_of
from steward.permissions.people import known, owners
from steward.permissions.roles import SetBudget, why_not


@dataclass(frozen=True, slots=True)
class Budget:
    """What a scope is to spend at most."""

    scope: str
    limits: Limits | None
    """None takes back what was decided: what the settings say holds again."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A budget, and who set it."""

    scope: str
    limits: Limits
    set_by: str
    set_at: datetime


def set_budget(
    session: Session,
    principal: Principal,
    wanted: Budget,
    defaults: Mapping[Kind, Limits],
    at: datetime,
) -> str | None:
    """Let limits hold for a scope of the principal's tenant, in this period and all later ones.

    The next reservation is held against them. Who set them, and what was before, is audited in
    the same transaction; so is an attempt that the principal's role does not cover. Then nothing
    changes and the reason is given, not raised: the unit must commit. `defaults` hold where no
    budget was set.
    """
    tenant, scope = principal.tenant_id, wanted.scope
    limits = _limits(wanted, defaults)
    before = _found(session, tenant, scope)
    refusal = why_no_budget(session, principal, wanted, defaults)
    if refusal is None:
        key = {"tenant_id": tenant, "scope": scope}
        if wanted.limits is None:
            session.connection().execute(_CLEAR, key)
        else:
            values = {"hard": limits.hard, "soft": limits.soft, "by": principal.user, "at": at}
            session.connection().execute(_SET, key | values)
    audit.append(
        session,
        at=at,
        tenant_id=tenant,
        actor=principal.user,
        action="ledger.budget_refused" if refusal else "ledger.budget_set",
        subject=f"budget {scope}",
        detail={
            "limit_nano_usd": limits.hard,
            "soft_nano_usd": limits.soft,
            "before_nano_usd": None if before is None else before.hard,
            "soft_before_nano_usd": None if before is None else before.soft,
            **({"is_cleared": True} if wanted.limits is None else {}),
        },
    )
    return refusal


def why_no_budget(
    session: Session, principal: Principal, wanted: Budget, defaults: Mapping[Kind, Limits]
) -> str | None:
    """Why the principal may not set this budget; None if they may. Nothing is changed or audited.

    It is asked again when the budget is set.
    """
    actor = known(session, principal.tenant_id, principal.user)
    return why_not(actor, _act(session, principal, wanted, defaults))


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


def _limits(wanted: Budget, defaults: Mapping[Kind, Limits]) -> Limits:
    """What will hold."""
    if wanted.limits is not None:
        return wanted.limits
    return defaults.get(kind_of(wanted.scope), NO_LIMITS)


def _act(
    session: Session, principal: Principal, wanted: Budget, defaults: Mapping[Kind, Limits]
) -> SetBudget:
    tenant = principal.tenant_id
    kind, _, name = wanted.scope.partition(":")
    actor = known(session, tenant, principal.user)
    of_team = _found(session, tenant, f"team:{actor.team}") if actor and actor.team else None
    return SetBudget(
        scope=wanted.scope,
        hard=_limits(wanted, defaults).hard,
        whose=known(session, tenant, name) if kind == "user" else None,
        team_hard=(of_team or defaults.get("team", NO_LIMITS)).hard,
        owners=owners(session, tenant),
    )


def _found(session: Session, tenant_id: str, scope: str) -> Limits | None:
    key = {"tenant_id": tenant_id, "scope": scope}
    row = session.connection().execute(_FIND, key).one_or_none()
    return None if row is None else Limits(row.limit_nano_usd, row.soft_limit_nano_usd)


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
_CLEAR = text("DELETE FROM budget WHERE tenant_id = :tenant_id AND scope = :scope")
_ALL = text(
    "SELECT scope, limit_nano_usd, soft_limit_nano_usd, set_by, set_at FROM budget"
    " WHERE tenant_id = :tenant_id ORDER BY scope"
).columns(set_at=UTCDateTime())
