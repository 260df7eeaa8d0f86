"""Which accounts pay: whose, and of which time."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

from steward.core.errors import InvalidInputError
from steward.core.money import NanoUsd
from steward.core.money_limits import SCOPE_CHARS_MAX
from steward.core.principal import Principal

Kind = Literal["session", "workspace", "user", "team", "organisation"]
"""What an account belongs to, the narrowest first."""

SESSION_PERIOD = "session"
"""The period of a session's account: from the session's start to its end, whatever the month."""


_CACHED = 1024
"""Scopes whose parts are remembered: a batch asks for the same few again and again."""


class AccountKey(NamedTuple):
    """One scope in one period of one tenant. The period is part of it, so nothing is ever reset."""

    tenant_id: str
    scope: str
    """`user:NAME`, `team:NAME`, `workspace:PATH`, `session:ID`, or `organisation`."""
    period: str
    """The month, `2026-11`, or `session`."""

    @property
    def kind(self) -> Kind:
        """What the account belongs to."""
        return kind_of(self.scope)


class Limits(NamedTuple):
    """What an account may spend; None where nothing is said."""

    hard: NanoUsd | None = None
    """Never passed by a new call."""
    soft: NanoUsd | None = None
    """Passing it is told, and stops nothing."""


NO_LIMITS = Limits()
"""Those of an account that is only counted."""


class Owner(NamedTuple):
    """Who makes a call, in all the ways in which it is counted."""

    tenant_id: str
    team: str
    user: str
    workspace: str
    session: str


Purse = tuple[Owner, str]
"""An owner and the period that is paid in: together they name the accounts that pay."""


@lru_cache(_CACHED)
def kind_of(scope: str) -> Kind:
    """What a scope belongs to."""
    match scope.partition(":")[0]:
        case "session" | "workspace" | "user" | "team" as kind:
            return kind
        case _:
            return "organisation"


def owner_of(principal: Principal) -> Owner:
    """Who the ledger says made this person's calls."""
    return Owner(
        principal.tenant_id,
        principal.team,
        principal.user,
        principal.workspace,
        principal.session,
    )


@lru_cache(_CACHED)
def accounts_of(owner: Owner, period: str) -> tuple[AccountKey, ...]:
    """The accounts that pay for a call together, the narrowest first."""
    tenant = owner.tenant_id
    return tuple(
        AccountKey(tenant, scope, SESSION_PERIOD if kind == "session" else period)
        for kind, scope in _scopes(owner)
    )


def user_account(principal: Principal, now: datetime) -> AccountKey:
    """This person's own account of the month."""
    return AccountKey(principal.tenant_id, f"user:{principal.user}", period_of(now))


def account_key(tenant_id: str, scope: str, now: datetime) -> AccountKey:
    """The account of a scope that pays now."""
    period = SESSION_PERIOD if kind_of(scope) == "session" else period_of(now)
    return AccountKey(tenant_id, scope, period)


def checked_scope(written: str) -> str:
    """The scope as it was written, if an account can have it.

    Raises:
        InvalidInputError: none can.
    """
    is_one = written == "organisation" or (
        kind_of(written) != "organisation" and written.partition(":")[2] != ""
    )
    if not is_one or not written.isprintable() or len(written) > SCOPE_CHARS_MAX:
        raise InvalidInputError(
            f"{written[:SCOPE_CHARS_MAX]!r} is no account. Name `user:NAME`, `team:NAME`,"
            " `workspace:PATH`, `session:ID` or `organisation`."
        )
    return written


def session_account(principal: Principal) -> AccountKey:
    """The account of the session that the person is in."""
    return AccountKey(principal.tenant_id, f"session:{principal.session}", SESSION_PERIOD)


def period_of(now: datetime) -> str:
    """The month, UTC, that a call made now belongs to."""
    utc = now.astimezone(UTC)
    return f"{utc.year}-{utc.month:02}"


def resets_on(now: datetime) -> date:
    """The first day of the next month, UTC."""
    today = now.astimezone(UTC).date()
    return date(today.year + today.month // 12, today.month % 12 + 1, 1)


def forecast(spent: NanoUsd, now: datetime) -> NanoUsd | None:
    """What a month will have cost at its end, UTC, if it goes on as it went so far.

    None on its first day, of which nothing follows.
    """
    at = now.astimezone(UTC)
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    passed = at - first
    if passed < timedelta(days=1):
        return None
    whole = datetime.combine(resets_on(at), time(tzinfo=UTC)) - first
    second = timedelta(seconds=1)
    return NanoUsd(spent * (whole // second) // (passed // second))


def renewed_on(account: AccountKey) -> date | None:
    """The day on which the account's next period begins; None for a session's."""
    if account.period == SESSION_PERIOD:
        return None
    return resets_on(datetime.fromisoformat(f"{account.period}-01T00:00:00+00:00"))


def whose(account: AccountKey) -> str:
    """What people call the account: `monthly AI budget of 'ann'`."""
    kind, _, name = account.scope.partition(":")
    if account.period == SESSION_PERIOD:
        return "AI budget of this session"
    if kind == "user":
        return f"monthly AI budget of {name!r}"
    return f"monthly AI budget of the {kind}" + (f" {name!r}" if name else "")


def _scopes(owner: Owner) -> list[tuple[Kind, str]]:
    found: list[tuple[Kind, str]] = []
    if owner.session:
        found.append(("session", f"session:{owner.session}"))
        # A window behind a token: the token's own account pays too, so that a client which says
        # that another window has opened gets no more than the token had.
        token, slash, _ = owner.session.partition("/")
        if slash:
            found.append(("session", f"session:{token}"))
    if owner.workspace:
        found.append(("workspace", f"workspace:{owner.workspace}"))
    found.append(("user", f"user:{owner.user}"))
    if owner.team:
        found.append(("team", f"team:{owner.team}"))
    found.append(("organisation", "organisation"))
    return found
