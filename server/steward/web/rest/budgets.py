"""What may be spent, what was, and what it will come to.

Everybody among the organisation's people reads all of it, as with `steward budget show`. Owners
and admins limit any account, and the lead of a team those of its members; see `roles.py`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlmodel import Session

from steward.core import audit
from steward.core.audit import AuditEntry
from steward.core.errors import NotFoundError, NotPermittedError
from steward.core.money import NanoUsd, limit_as_usd
from steward.ledger.account import (
    NO_LIMITS,
    SESSION_PERIOD,
    Kind,
    Limits,
    account_key,
    checked_scope,
    forecast,
    renewed_on,
)
from steward.ledger.budget import Budget as Decided, Decision, budgets, set_budget, why_no_budget
from steward.ledger.reading import (
    AccountStanding,
    Part as Accounts,
    accounts,
    month_part,
    spent_today,
)
from steward.permissions.people import everyone
from steward.permissions.roles import why_no_report
from steward.web.rest.answer import Answer, Paged, Wanted
from steward.web.rest.caller import Caller, Managing, Opened, Reading
from steward.web.rest.cursor import cursor, name_after
from steward.web.rest.query import LIMIT, Part
from steward.web.rooms import Rooms

router = APIRouter(prefix="/budgets", tags=["budgets"])

NANO_USD_MAX = 10**18
"""The highest limit: a billion dollars."""
_HISTORY_MAX = 200


class Budget(Answer):
    """An account: what it may spend, and how it stands."""

    scope: str
    """`organisation`, `team:NAME`, `user:NAME`, `workspace:PATH` or `session:ID`."""
    kind: Kind
    period: str
    """The month, `2026-11`; of a session's account, `session`."""
    spent_nano_usd: int
    reserved_nano_usd: int
    """Set aside for calls under way."""
    today_nano_usd: int
    """What of it was booked today, UTC."""
    soft_nano_usd: int | None
    """Beyond it people are told; null where nothing is said."""
    hard_nano_usd: int | None
    """No new call passes it; null where there is no limit."""
    left_nano_usd: int | None
    """What a new call may still promise; null without a limit."""
    used_percent: int | None
    """Of the hard limit, what is spent; null without one."""
    forecast_nano_usd: int | None
    """What it will have spent at the month's end if it goes on so; null on the first day, and of
    a session."""
    resets_on: date | None
    """When its next period begins, UTC; null of a session."""
    set_by: str | None
    """Who set its limits; null where the settings say them."""
    set_at: datetime | None


class Limiting(Wanted):
    """The limits that are to hold for an account."""

    hard_nano_usd: Annotated[int, Field(ge=0, le=NANO_USD_MAX)] | None
    """Null for no limit."""
    soft_nano_usd: Annotated[int, Field(ge=0, le=NANO_USD_MAX)] | None = None


class Trial(Limiting):
    """Limits that are thought of."""

    scope: str = Field(max_length=8_000)


class Preview(Answer):
    """What limits would change."""

    scope: str
    before: Budget
    after: Budget
    effect: str
    """What would happen at the limit, in words."""
    doubt: str | None
    """What may be a slip: a name that nobody has."""
    refusal: str | None
    """Why the caller may not set them; null if they may."""


class BudgetChange(Answer):
    """A limit that somebody set, or was not let to."""

    at: datetime
    actor: str
    is_refused: bool
    is_cleared: bool
    """Whether it was taken back, so that the settings hold."""
    hard_nano_usd: int | None
    soft_nano_usd: int | None
    hard_before_nano_usd: int | None
    soft_before_nano_usd: int | None


class AccountsWanted(Part):
    """Which accounts."""

    kind: Kind | None = None
    """Null for all of this month's; `session` for those of editor windows."""


Scope = Annotated[str, Query(max_length=8_000)]


@router.get("")
async def read_budgets(
    caller: Reading, rooms: Opened, wanted: Annotated[AccountsWanted, Query()]
) -> Paged[Budget]:
    """The accounts of this month, by scope; those of sessions where `kind` says so."""
    return await budgets_of(caller, rooms, wanted)


@router.get("/one")
async def read_budget(caller: Reading, rooms: Opened, scope: Scope) -> Budget:
    """One account."""
    return await budget_of(caller, rooms, scope)


@router.get("/history")
async def read_history(caller: Reading, rooms: Opened, scope: Scope) -> Paged[BudgetChange]:
    """Who changed the limits of one account, the newest 200, newest first."""
    return await history_of(caller, rooms, scope)


@router.post("/preview")
async def preview_limits(wanted: Trial, caller: Reading, rooms: Opened) -> Preview:
    """What limits would change; nothing is changed or written down."""
    limits = Limiting(hard_nano_usd=wanted.hard_nano_usd, soft_nano_usd=wanted.soft_nano_usd)
    return await preview_of(caller, rooms, wanted.scope, limits)


@router.put("/one")
async def limit_account(wanted: Limiting, caller: Managing, rooms: Opened, scope: Scope) -> Budget:
    """Let limits hold for an account from the next call on, in this period and all later ones."""
    return await limited_by(caller, rooms, scope, wanted)


@router.delete("/one", status_code=204)
async def clear_limits(caller: Managing, rooms: Opened, scope: Scope) -> Response:
    """Take back what was decided about an account: what the settings say holds again."""
    await limited_by(caller, rooms, scope, None)
    return Response(status_code=204)


async def budgets_of(caller: Caller, rooms: Rooms, wanted: AccountsWanted) -> Paged[Budget]:
    """The accounts that a caller may see.

    Raises:
        NotPermittedError: they are not among the organisation's people.
    """
    _check(caller)
    limit, now = wanted.limit or LIMIT, rooms.clock.now()
    part = Accounts(limit + 1, name_after(wanted.after), wanted.kind)

    def work(session: Session) -> list[Budget]:
        found = month_part(session, caller.principal, now, rooms.limits, part)
        return _shown(session, caller, found, now)

    found = await rooms.database.read(work)
    more = len(found) > limit
    return Paged(items=tuple(found[:limit]), next=cursor(found[limit - 1].scope) if more else None)


async def budget_of(caller: Caller, rooms: Rooms, scope: str) -> Budget:
    """One account, used or not; raises as `budgets_of`, and `InvalidInputError` if it is none."""
    _check(caller)
    now = rooms.clock.now()
    key = account_key(caller.principal.tenant_id, checked_scope(scope), now)

    def work(session: Session) -> list[Budget]:
        found = accounts(session, [key], rooms.limits)
        return _shown(session, caller, list(found.values()), now)

    return (await rooms.database.read(work))[0]


async def history_of(caller: Caller, rooms: Rooms, scope: str) -> Paged[BudgetChange]:
    """Who changed an account's limits; raises as `budget_of`."""
    _check(caller)
    tenant, subject = caller.principal.tenant_id, f"budget {checked_scope(scope)}"
    found = await rooms.database.read(
        lambda session: audit.read(session, subject, _HISTORY_MAX, tenant_id=tenant)
    )
    changes = [_change(each) for each in reversed(found) if each.action in _CHANGES]
    return Paged(items=tuple(changes), next=None)


async def preview_of(caller: Caller, rooms: Rooms, scope: str, wanted: Limiting | None) -> Preview:
    """What limits would change, None for those of the settings; raises as `budget_of`."""
    before = await budget_of(caller, rooms, scope)
    decided = _decided(scope, wanted)
    limits = decided.limits or rooms.limits.get(before.kind, NO_LIMITS)

    def work(session: Session) -> tuple[str | None, str | None]:
        refusal = why_no_budget(session, caller.principal, decided, rooms.limits)
        return refusal, _doubt(session, caller.principal.tenant_id, scope)

    refusal, doubt = await rooms.database.read(work)
    changed = AccountStanding(
        account_key(caller.principal.tenant_id, scope, rooms.clock.now()),
        *limits,
        NanoUsd(before.spent_nano_usd),
        NanoUsd(before.reserved_nano_usd),
    )
    after = before.model_copy(
        update={
            "hard_nano_usd": limits.hard,
            "soft_nano_usd": limits.soft,
            "left_nano_usd": changed.left,
            "used_percent": changed.used_percent,
            "set_by": None if wanted is None else caller.principal.user,
            "set_at": None if wanted is None else rooms.clock.now(),
        }
    )
    return Preview(
        scope=scope,
        before=before,
        after=after,
        effect=_effect(after),
        doubt=doubt,
        refusal=refusal,
    )


async def limited_by(caller: Caller, rooms: Rooms, scope: str, wanted: Limiting | None) -> Budget:
    """Set limits, or take them back with None; gives the account as it stands then.

    Raises:
        NotPermittedError: the caller's role does not include it. That is audited by then.
        InvalidInputError: it is no account.
        NotFoundError: nobody had set any that could be taken back.
    """
    _check(caller)
    decided, now = _decided(checked_scope(scope), wanted), rooms.clock.now()

    def work(session: Session) -> str | None:
        if wanted is None and scope not in _decisions(session, caller.principal.tenant_id):
            raise NotFoundError(
                f"Nobody has set limits for {scope!r}, so none are taken back. What holds comes"
                " from the settings."
            )
        return set_budget(session, caller.principal, decided, rooms.limits, now)

    if (refusal := await rooms.database.run(work)) is not None:
        raise NotPermittedError(refusal)
    return await budget_of(caller, rooms, scope)


def _check(caller: Caller) -> None:
    if (refusal := why_no_report(caller.principal)) is not None:
        raise NotPermittedError(refusal)


def _decided(scope: str, wanted: Limiting | None) -> Decided:
    if wanted is None:
        return Decided(scope, None)
    hard, soft = wanted.hard_nano_usd, wanted.soft_nano_usd
    return Decided(
        scope,
        Limits(None if hard is None else NanoUsd(hard), None if soft is None else NanoUsd(soft)),
    )


def _decisions(session: Session, tenant_id: str) -> dict[str, Decision]:
    return {each.scope: each for each in budgets(session, tenant_id)}


def _shown(
    session: Session, caller: Caller, found: Sequence[AccountStanding], now: datetime
) -> list[Budget]:
    """The accounts with who limited them and what today was."""
    tenant = caller.principal.tenant_id
    decided = _decisions(session, tenant)
    today = spent_today(session, tenant, now, [each.key.scope for each in found])
    return [
        _budget(each, decided.get(each.key.scope), today.get(each.key.scope, 0), now)
        for each in found
    ]


def _budget(each: AccountStanding, decided: Decision | None, today: int, now: datetime) -> Budget:
    is_month = each.key.period != SESSION_PERIOD
    return Budget(
        scope=each.key.scope,
        kind=each.key.kind,
        period=each.key.period,
        spent_nano_usd=each.spent,
        reserved_nano_usd=each.reserved,
        today_nano_usd=today,
        soft_nano_usd=each.soft_limit,
        hard_nano_usd=each.limit,
        left_nano_usd=each.left,
        used_percent=each.used_percent,
        forecast_nano_usd=forecast(each.spent, now) if is_month else None,
        resets_on=renewed_on(each.key),
        set_by=decided and decided.set_by,
        set_at=decided and decided.set_at,
    )


def _effect(after: Budget) -> str:
    hard, soft = after.hard_nano_usd, after.soft_nano_usd
    told = "" if soft is None else f"From {limit_as_usd(soft)} on people are told. "
    if hard is None:
        return f"{told}No call is refused for this account; others may still refuse it."
    until = "for the rest of the session" if after.resets_on is None else f"until {after.resets_on}"
    if after.spent_nano_usd + after.reserved_nano_usd >= hard:
        return (
            f"{told}It is used up already: every call that costs anything is refused from the next"
            f" one on, {until}. Calls under way end, and are paid."
        )
    return (
        f"{told}People are told at 80 % and 95 %. A call that could pass {limit_as_usd(hard)} gets"
        f" a shorter answer where that fits, and is refused where it does not, {until}. Calls"
        " under way end, and are paid."
    )


def _doubt(session: Session, tenant_id: str, scope: str) -> str | None:
    """A name that may be a slip: its limit would hold for nobody."""
    kind, _, name = scope.partition(":")
    people = everyone(session, tenant_id) if kind in ("user", "team") else ()
    if not people or name in (each.user if kind == "user" else each.team for each in people):
        return None
    return f"Nobody {'is called' if kind == 'user' else 'belongs to the team'} {name!r} yet."


_CHANGES = ("ledger.budget_set", "ledger.budget_refused")


def _change(entry: AuditEntry) -> BudgetChange:
    def sum_of(name: str) -> int | None:
        found = entry.detail.get(name)
        return found if isinstance(found, int) else None

    return BudgetChange(
        at=entry.at,
        actor=entry.actor,
        is_refused=entry.action == "ledger.budget_refused",
        is_cleared=entry.detail.get("is_cleared") is True,
        hard_nano_usd=sum_of("limit_nano_usd"),
        soft_nano_usd=sum_of("soft_nano_usd"),
        hard_before_nano_usd=sum_of("before_nano_usd"),
        soft_before_nano_usd=sum_of("soft_before_nano_usd"),
    )
