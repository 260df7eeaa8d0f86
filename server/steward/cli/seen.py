"""What the database says of a person's work and money, read without a session."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from steward.core.clock import Clock
from steward.core.errors import UnavailableError
from steward.core.glance import Glance, glance
from steward.core.principal import LOCAL_TENANT
from steward.ledger.account import period_of
from steward.sandbox.tried import read_tried
from steward.settings import Settings

_MOST = 50


@dataclass(frozen=True, slots=True)
class Budget:
    """An account that pays for this person's calls."""

    scope: str
    spent_nano_usd: int
    limit_nano_usd: int | None


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A run that has not ended."""

    id: str
    agent: str
    state: str
    goal: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question that waits for an answer."""

    id: str
    run_id: str
    title: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """All of it."""

    user: str
    role: str | None = None
    """None where the organisation has people and this is none of them."""
    team: str = ""
    today_nano_usd: int = 0
    budgets: tuple[Budget, ...] = ()
    runs: tuple[UnderWay, ...] = ()
    questions: tuple[Waiting, ...] = ()
    ghost_off: str = ""
    """Why there is no ghost text anywhere; empty where there is."""
    extensions: tuple[str, ...] = ()
    """Those that are enabled."""
    keyed: tuple[str, ...] = ()
    """The providers that the vault has a key for."""
    sandbox: str = ""
    """The level as it was last tried out."""
    trouble: str = ""
    """Why the database could not be read; empty where it could."""


def seen_of(settings: Settings, user: str, clock: Clock) -> Seen:
    """What there is to see, as far as it can be seen."""
    sandbox = _sandbox(settings.data_dir, clock)
    place = settings.database_place
    off = "" if settings.completion.enabled else "your settings say so"
    if isinstance(place, Path) and not place.exists():
        unused = Budget(f"user:{user}", 0, settings.ledger.limits()["user"].hard)
        return Seen(user, "owner", budgets=(unused,), ghost_off=off, sandbox=sandbox)
    try:
        with glance(place) as opened:
            is_own = isinstance(place, Path)
            return _seen(opened, settings, user, clock.now(), (sandbox, off), is_own=is_own)
    except UnavailableError as error:
        return Seen(user, ghost_off=off, sandbox=sandbox, trouble=str(error))


def _seen(
    opened: Glance,
    settings: Settings,
    user: str,
    now: datetime,
    known: tuple[str, str],
    *,
    is_own: bool,
) -> Seen:
    who = {"tenant": LOCAL_TENANT, "user": user}
    role, team = _person(opened, who, is_own=is_own)
    sandbox, off = known
    return Seen(
        user=user,
        role=role,
        team=team,
        today_nano_usd=int(opened.rows(_TODAY, **who, day=f"{now:%Y-%m-%d}")[0][0]),
        budgets=_budgets(opened, settings, who, team, now),
        runs=tuple(
            UnderWay(id_, agent, state, goal, _time(at))
            for id_, agent, state, goal, at in opened.rows(_RUNS, **who, most=_MOST)
        ),
        questions=tuple(
            Waiting(id_, run, title, _time(asked))
            for id_, run, title, asked, until in opened.rows(_QUESTIONS, **who, most=_MOST)
            if _time(until) > now
        ),
        ghost_off=off or ("you switched it off" if opened.rows(_SWITCHED_OFF, **who) else ""),
        extensions=tuple(str(row[0]) for row in opened.rows(_EXTENSIONS, **who)),
        keyed=tuple(str(row[0]) for row in opened.rows(_KEYED, tenant=LOCAL_TENANT)),
        sandbox=sandbox,
    )


def _person(opened: Glance, who: Mapping[str, str], *, is_own: bool) -> tuple[str | None, str]:
    """Role and team, as `steward.permissions.people` finds them."""
    if found := opened.rows(_PERSON, **who):
        return str(found[0][0]), str(found[0][1])
    if opened.rows(_ANYBODY, tenant=LOCAL_TENANT):
        return None, ""
    return "owner" if is_own else "developer", ""


def _budgets(
    opened: Glance, settings: Settings, who: Mapping[str, str], team: str, now: datetime
) -> tuple[Budget, ...]:
    """The month's accounts that have a limit, the tightest first; the person's own in any case."""
    defaults, period = settings.ledger.limits(), period_of(now)
    own = f"user:{who['user']}"
    found: list[Budget] = []
    for scope in (own, *([f"team:{team}"] if team else []), "organisation"):
        kind = scope.partition(":")[0]
        limits = opened.rows(_LIMIT, tenant=who["tenant"], scope=scope)
        default = next((each.hard for name, each in defaults.items() if name == kind), None)
        limit = limits[0][0] if limits else default
        spent = opened.rows(_SPENT, tenant=who["tenant"], scope=scope, period=period)
        found.append(Budget(scope, int(spent[0][0]) if spent else 0, limit))
    limited = [each for each in found if each.limit_nano_usd is not None]
    tightest = sorted(limited, key=lambda each: -each.spent_nano_usd / (each.limit_nano_usd or 1))
    return tuple(tightest) or tuple(found[:1])


def _sandbox(data_dir: Path, clock: Clock) -> str:
    tried = read_tried(data_dir)
    if tried is None or tried.boot != clock.boot():
        return "not tried out since this machine started; `steward sandbox` does"
    return f"{tried.level or 'none; no command runs'}, tried out {tried.at:%Y-%m-%d %H:%M} UTC"


def _time(stored: Any) -> datetime:
    found = stored if isinstance(stored, datetime) else datetime.fromisoformat(str(stored))
    return found.replace(tzinfo=found.tzinfo or UTC)


_PERSON = 'SELECT role, team FROM person WHERE tenant_id = :tenant AND "user" = :user'
_ANYBODY = "SELECT 1 FROM person WHERE tenant_id = :tenant LIMIT 1"
_TODAY = (
    'SELECT CAST(COALESCE(SUM(cost_nano_usd), 0) AS BIGINT) FROM "usage" WHERE tenant_id = :tenant'
    " AND dimension = 'user' AND name = :user AND day = :day"
)
_LIMIT = "SELECT limit_nano_usd FROM budget WHERE tenant_id = :tenant AND scope = :scope"
_SPENT = (
    "SELECT spent_nano_usd FROM account WHERE tenant_id = :tenant AND scope = :scope"
    " AND period = :period"
)
_RUNS = (
    "SELECT id, CASE agent_name WHEN '' THEN agent_id ELSE agent_name END, state, goal, created_at"
    ' FROM run WHERE tenant_id = :tenant AND "user" = :user'
    " AND state NOT IN ('finished', 'failed', 'cancelled') ORDER BY created_at DESC LIMIT :most"
)
_QUESTIONS = (
    "SELECT id, run_id, title, asked_at, expires_at FROM approval WHERE tenant_id = :tenant"
    " AND \"user\" = :user AND state = 'pending' ORDER BY asked_at LIMIT :most"
)
_SWITCHED_OFF = (
    'SELECT 1 FROM ghost_text_switch WHERE tenant_id = :tenant AND "user" = :user'
    " AND scope = 'all' AND NOT is_on"
)
_EXTENSIONS = (
    'SELECT id FROM extension WHERE tenant_id = :tenant AND "user" = :user'
    " AND state = 'enabled' ORDER BY id"
)
_KEYED = "SELECT DISTINCT provider FROM provider_key WHERE tenant_id = :tenant"
