"""What a person should hear about their budgets, and has not heard in any of their windows.

That an account passed a mark is written in the transaction that passed it (`budget_warning`).
That somebody was told is another fact, one for each person: an organisation's mark concerns
everybody in it. Whoever tells writes it down first, so that of several windows one speaks.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, text
from sqlmodel import Session
from sqlmodel.sql.sqltypes import UTCDateTime

from steward.core.principal import Principal
from steward.ledger.account import Limits
from steward.ledger.book import Mark, marks_of
from steward.ledger.reading import AccountStanding

_OFF = "off"


@dataclass(frozen=True, slots=True)
class MarkPassed:
    """An account has passed a mark, and there is still something left of it."""

    account: AccountStanding
    mark: Mark


@dataclass(frozen=True, slots=True)
class UsedUp:
    """An account does not cover the next call, and will not before its next period."""

    account: AccountStanding


@dataclass(frozen=True, slots=True)
class Restored:
    """What was used up is there again."""

    account: AccountStanding
    is_new_period: bool
    """False where its limit was changed."""


News = MarkPassed | UsedUp | Restored


class Fact(NamedTuple):
    """One thing that a person was told, or is to be."""

    scope: str
    period: str
    news: str


@dataclass(frozen=True, slots=True)
class Untold:
    """What should be told, and what is to be written down when it is."""

    news: tuple[News, ...]
    facts: Mapping[Fact, int]
    """What will have been told, and of `off` how much was needed."""
    over: Collection[Fact]
    """What is true no more."""

    @property
    def changes(self) -> bool:
        """Whether there is anything to write down."""
        return bool(self.facts or self.over)


def untold(
    session: Session, principal: Principal, accounts: Sequence[AccountStanding], needed: int
) -> Untold:
    """Compare how the accounts stand with what was told; changes nothing."""
    scopes: dict[str, object] = {
        "tenant_id": principal.tenant_id,
        "user": principal.user,
        "scopes": [each.key.scope for each in accounts],
    }
    connection = session.connection()
    told = {Fact(*row[:3]): int(row[3]) for row in connection.execute(_TOLD, scopes)}
    passed = {Fact(*row) for row in connection.execute(_PASSED, scopes)}
    new = passed - told.keys()
    facts: dict[Fact, int] = {}
    news: list[News] = []
    is_off: set[Fact] = set()
    for account in accounts:
        off = _fact(account, _OFF)
        marks: list[Mark] = [mark for mark in holding(account) if _fact(account, mark) in new]
        facts |= {_fact(account, mark): 0 for mark in marks}
        if _is_used_up(account, max(needed, told.get(off, 0))):
            is_off.add(off)
            if off not in told:
                facts[off] = needed
                news.append(UsedUp(account))
        elif marks:
            news.append(MarkPassed(account, marks[-1]))
    over = [fact for fact in told if fact.news == _OFF and fact not in is_off]
    if over and not is_off:
        news.append(_restored(accounts, over))
    return Untold(tuple(news), facts, over)


def keep(session: Session, principal: Principal, found: Untold, at: datetime) -> None:
    """Write down what is told now, in the transaction that found it."""
    who = {"tenant_id": principal.tenant_id, "user": principal.user}
    connection = session.connection()
    for fact in found.over:
        connection.execute(_FORGET, who | fact._asdict())
    for fact, needed in found.facts.items():
        connection.execute(_KEEP, who | fact._asdict() | {"at": at, "needed": needed})


def _fact(account: AccountStanding, news: str) -> Fact:
    return Fact(account.key.scope, account.key.period, news)


def holding(account: AccountStanding) -> list[Mark]:
    """The marks that the account is beyond now: a limit may have been raised since it passed."""
    return marks_of(account.spent, Limits(account.limit, account.soft_limit))


def _is_used_up(account: AccountStanding, needed: int) -> bool:
    """What is only set aside comes back in minutes, so it does not count."""
    return account.limit is not None and account.limit - account.spent < max(needed, 1)


def _restored(accounts: Sequence[AccountStanding], over: Sequence[Fact]) -> Restored:
    by_scope = {each.key.scope: each for each in accounts}
    found = [(by_scope[fact.scope], fact.period) for fact in over]
    account, period = min(found, key=lambda each: each[0].left or 0)
    return Restored(account, is_new_period=period != account.key.period)


_TOLD = text(
    "SELECT scope, period, news, needed_nano_usd FROM budget_told"
    ' WHERE tenant_id = :tenant_id AND "user" = :user AND scope IN :scopes'
).bindparams(bindparam("scopes", expanding=True))
_PASSED = text(
    "SELECT scope, period, mark FROM budget_warning"
    " WHERE tenant_id = :tenant_id AND scope IN :scopes"
).bindparams(bindparam("scopes", expanding=True))
_FORGET = text(
    'DELETE FROM budget_told WHERE tenant_id = :tenant_id AND "user" = :user'
    " AND scope = :scope AND period = :period AND news = :news"
)
_KEEP = text(
    'INSERT INTO budget_told (tenant_id, "user", scope, period, news, at, needed_nano_usd)'
    " VALUES (:tenant_id, :user, :scope, :period, :news, :at, :needed)"
).bindparams(bindparam("at", type_=UTCDateTime()))
