"""What people ask the ledger: units of work that only read."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.engine import Row
from sqlmodel import Session
from sqlmodel.sql.sqltypes import UTCDateTime

from steward.core.money import NanoUsd
from steward.core.principal import Principal
from steward.ledger.account import (
    NO_LIMITS,
    SESSION_PERIOD,
    AccountKey,
    Kind,
    Limits,
    account_key,
    kind_of,
    period_of,
)
from steward.ledger.charge import Call, Measured, Usage


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """How one account stands, under the limits that hold now."""

    key: AccountKey
    limit: NanoUsd | None
    soft_limit: NanoUsd | None
    spent: NanoUsd
    reserved: NanoUsd

    @property
    def left(self) -> NanoUsd | None:
        """What a new call may still promise, never below nought; None without a limit."""
        if self.limit is None:
            return None
        return NanoUsd(max(0, self.limit - self.spent - self.reserved))

    @property
    def used_percent(self) -> int | None:
        """How much of the limit is spent, as the marks count it; None without a limit."""
        if self.limit is None:
            return None
        return 100 if not self.limit else self.spent * 100 // self.limit

    def covers(self, amount: NanoUsd) -> bool:
        """Whether a call that may cost so much would fit now. What is free always does."""
        return (
            amount == 0 or self.limit is None or self.spent + self.reserved + amount <= self.limit
        )


class Overruns(NamedTuple):
    """How often a provider billed more than was reserved, and how much more in all."""

    calls: int
    beyond: NanoUsd


class Part(NamedTuple):
    """Some of the accounts, by scope."""

    limit: int
    after: str = ""
    """The scope that they come behind."""
    kind: Kind | None = None
    """None for all of the month's."""


class RunTotals(NamedTuple):
    """What all calls of one run took so far."""

    input_tokens: int
    output_tokens: int
    cost_nano_usd: NanoUsd


class Holds(NamedTuple):
    """The reservations that wait for their end, everybody's."""

    open: int
    oldest: datetime | None
    """When the oldest of them was made."""


_ACCOUNTS = text(
    "SELECT scope, period, spent_nano_usd, reserved_nano_usd FROM account"
    " WHERE tenant_id = :tenant_id AND scope IN :scopes AND period IN :periods"
).bindparams(bindparam("scopes", expanding=True), bindparam("periods", expanding=True))
_BUDGETS = text(
    "SELECT scope, limit_nano_usd, soft_limit_nano_usd FROM budget"
    " WHERE tenant_id = :tenant_id AND scope IN :scopes"
).bindparams(bindparam("scopes", expanding=True))
_SCOPES = text(
    "SELECT scope FROM account WHERE tenant_id = :tenant_id AND period = :period ORDER BY scope"
)
_SCOPES_PART = text(
    "SELECT scope FROM (SELECT scope FROM account WHERE tenant_id = :tenant_id"
    " AND period = :period UNION SELECT scope FROM budget WHERE tenant_id = :tenant_id"
    " UNION SELECT CAST(:own AS TEXT) UNION SELECT 'organisation') AS named"
    " WHERE scope > :after AND (:kind = '' OR scope = :kind"
    " OR SUBSTR(scope, 1, LENGTH(:kind) + 1) = :kind || ':') ORDER BY scope LIMIT :most"
)
_SPENT_TODAY = text(
    'SELECT dimension, name, cost_nano_usd FROM "usage" WHERE tenant_id = :tenant_id'
    " AND dimension IN ('all', 'user', 'team', 'workspace', 'session') AND day = :day"
    " AND name IN :names"
).bindparams(bindparam("names", expanding=True))
_SPENT_ON = text(
    'SELECT CAST(COALESCE(SUM(cost_nano_usd), 0) AS BIGINT) FROM "usage"'
    " WHERE tenant_id = :tenant_id"
    " AND dimension = 'user' AND name = :name AND day = :day"
)
_RUN_COST = text(
    "SELECT CAST(COALESCE(SUM(cost_nano_usd), 0) AS BIGINT) FROM reservation WHERE run_id = :run_id"
)
_RUN_TOTALS = text(
    "SELECT CAST(COALESCE(SUM(input_tokens), 0) AS BIGINT) AS input_tokens,"
    " CAST(COALESCE(SUM(output_tokens), 0) AS BIGINT) AS output_tokens,"
    " CAST(COALESCE(SUM(cost_nano_usd), 0) AS BIGINT) AS cost_nano_usd"
    " FROM reservation WHERE run_id = :run_id"
)
_EACH_RUNS_TOTALS = text(
    "SELECT run_id, CAST(COALESCE(SUM(input_tokens), 0) AS BIGINT) AS input_tokens,"
    " CAST(COALESCE(SUM(output_tokens), 0) AS BIGINT) AS output_tokens,"
    " CAST(COALESCE(SUM(cost_nano_usd), 0) AS BIGINT) AS cost_nano_usd"
    " FROM reservation WHERE run_id IN :run_ids GROUP BY run_id"
).bindparams(bindparam("run_ids", expanding=True))
_OVERRUNS = text(
    "SELECT COUNT(*) AS calls, COALESCE(SUM(cost_nano_usd - reserved_nano_usd), 0) AS beyond"
    " FROM reservation WHERE cost_nano_usd > reserved_nano_usd"
)
_HOLDS = text(
    "SELECT COUNT(*) AS open, MIN(opened_at) AS oldest FROM reservation WHERE state = 'open'"
).columns(oldest=UTCDateTime())
_NEWEST = text(
    'SELECT * FROM reservation WHERE tenant_id = :tenant_id AND "user" = :user'
    " AND (CAST(:run_id AS TEXT) IS NULL OR run_id = :run_id)"
    " ORDER BY opened_at DESC, id DESC LIMIT :most"
).columns(opened_at=UTCDateTime())


def accounts(
    session: Session, keys: Sequence[AccountKey], defaults: Mapping[Kind, Limits]
) -> dict[AccountKey, AccountStanding]:
    """How accounts of one tenant stand; one that nobody has used has everything left."""
    connection = session.connection()
    scopes = {"tenant_id": keys[0].tenant_id, "scopes": sorted({key.scope for key in keys})}
    periods = {"periods": sorted({key.period for key in keys})}
    balances = {
        (row.scope, row.period): (row.spent_nano_usd, row.reserved_nano_usd)
        for row in connection.execute(_ACCOUNTS, scopes | periods)
    }
    budgets = {
        row.scope: Limits(row.limit_nano_usd, row.soft_limit_nano_usd)
        for row in connection.execute(_BUDGETS, scopes)
    }
    found: dict[AccountKey, AccountStanding] = {}
    for key in keys:
        limits = budgets.get(key.scope, defaults.get(key.kind, NO_LIMITS))
        spent, reserved = balances.get((key.scope, key.period), (NanoUsd(0), NanoUsd(0)))
        found[key] = AccountStanding(key, *limits, spent, reserved)
    return found


def narrowest(accounts: Iterable[AccountStanding]) -> AccountStanding | None:
    """The account that has least left; None where none has a limit."""
    limited = [each for each in accounts if each.left is not None]
    return min(limited, key=lambda each: each.left or 0, default=None)


def month(
    session: Session,
    tenant_id: str,
    period: str,
    scopes: Collection[str],
    defaults: Mapping[Kind, Limits],
) -> list[AccountStanding]:
    """How every account of a month stands, and those of `scopes` that nobody has used yet."""
    rows = session.connection().execute(_SCOPES, {"tenant_id": tenant_id, "period": period})
    every = {row.scope for row in rows} | set(scopes)
    keys = [
        AccountKey(tenant_id, scope, SESSION_PERIOD if kind_of(scope) == "session" else period)
        for scope in sorted(every)
    ]
    return list(accounts(session, keys, defaults).values())


def month_part(
    session: Session,
    principal: Principal,
    at: datetime,
    defaults: Mapping[Kind, Limits],
    wanted: Part,
) -> list[AccountStanding]:
    """As `month`, so many of the accounts behind `wanted.after`; of sessions where it says so.

    The person's own and the organisation's are among them even where nobody has used them yet.
    """
    values = {
        "tenant_id": principal.tenant_id,
        "period": SESSION_PERIOD if wanted.kind == "session" else period_of(at),
        "own": f"user:{principal.user}",
        "after": wanted.after,
        "kind": wanted.kind or "",
        "most": wanted.limit,
    }
    scopes = [row.scope for row in session.connection().execute(_SCOPES_PART, values)]
    keys = [account_key(principal.tenant_id, scope, at) for scope in scopes]
    return list(accounts(session, keys, defaults).values()) if keys else []


def spent_today(
    session: Session, tenant_id: str, at: datetime, scopes: Collection[str]
) -> dict[str, NanoUsd]:
    """Scope → what was booked for it on the day of `at`, UTC; only what was used is there."""
    values = {
        "tenant_id": tenant_id,
        "day": f"{at.astimezone(UTC):%Y-%m-%d}",
        "names": sorted({scope.partition(":")[2] for scope in scopes}),
    }
    rows = session.connection().execute(_SPENT_TODAY, values)
    found = {
        "organisation" if row.dimension == "all" else f"{row.dimension}:{row.name}": NanoUsd(
            row.cost_nano_usd
        )
        for row in rows
    }
    return {scope: found[scope] for scope in scopes if scope in found}


def spent_on(session: Session, principal: Principal, at: datetime) -> NanoUsd:
    """What this person was charged on the day of `at`, UTC."""
    values = {
        "tenant_id": principal.tenant_id,
        "name": principal.user,
        "day": f"{at.astimezone(UTC):%Y-%m-%d}",
    }
    return NanoUsd(int(session.connection().execute(_SPENT_ON, values).scalar_one()))


def overruns(session: Session) -> Overruns:
    """The calls that were ever billed beyond what was reserved for them."""
    row = session.connection().execute(_OVERRUNS).one()
    return Overruns(int(row.calls), NanoUsd(int(row.beyond)))


def holds(session: Session) -> Holds:
    """How many reservations are open, and since when."""
    row = session.connection().execute(_HOLDS).one()
    return Holds(int(row.open), row.oldest)


def run_totals(session: Session, run_id: str) -> RunTotals:
    """What all calls of a run took so far."""
    row = session.connection().execute(_RUN_TOTALS, {"run_id": run_id}).one()
    return RunTotals(row.input_tokens, row.output_tokens, NanoUsd(row.cost_nano_usd))


def each_runs_totals(session: Session, run_ids: Sequence[str]) -> dict[str, RunTotals]:
    """Run → what all its calls took so far, for the runs that made any."""
    rows = session.connection().execute(_EACH_RUNS_TOTALS, {"run_ids": list(run_ids)})
    return {
        row.run_id: RunTotals(row.input_tokens, row.output_tokens, NanoUsd(row.cost_nano_usd))
        for row in rows
    }


def run_cost(session: Session, run_id: str) -> NanoUsd:
    """What all calls of a run have cost so far."""
    return NanoUsd(int(session.connection().execute(_RUN_COST, {"run_id": run_id}).scalar_one()))


def newest(
    session: Session, principal: Principal, run_id: str | None, limit: int
) -> tuple[Call, ...]:
    """The newest calls of a person, oldest first."""
    values = {
        "tenant_id": principal.tenant_id,
        "user": principal.user,
        "run_id": run_id,
        "most": limit,
    }
    rows = session.connection().execute(_NEWEST, values).all()
    return tuple(_call(row) for row in reversed(rows))


def _call(row: Row[Any]) -> Call:
    return Call(
        request_id=row.request_id,
        attempt=row.attempt,
        at=row.opened_at,
        task=row.task,
        agent=row.agent,
        provider=row.provider,
        model=row.model,
        state=row.state,
        usage=Usage(row.input_tokens, row.output_tokens, row.cached_tokens),
        cost_nano_usd=row.cost_nano_usd,
        reserved_nano_usd=row.reserved_nano_usd,
        is_estimated=bool(row.is_estimated),
        run_id=row.run_id,
        measured=Measured(row.first_piece_ms, row.duration_ms, row.saved_nano_usd),
    )
