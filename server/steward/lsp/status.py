"""What the editor's status bar says: cost, open questions, runs, and why AI is off."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steward.core.money import as_usd, limit_as_usd
from steward.ledger.account import renewed_on, whose
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session
from steward.permissions.roles import why_no_call

if TYPE_CHECKING:
    from datetime import date

    from steward.core.store import Mark
    from steward.ledger.charge import Standing
    from steward.ledger.reading import AccountStanding

_AT_MOST_EVERY_S = 0.2
_LOOK_AGAIN_S = 3.0
"""How soon is seen what other processes did: what they spent, and limits that somebody changed."""


async def status(rooms: Rooms) -> dict[str, object]:
    """Everything in one object, for the notification and for the command."""
    return _status(rooms, await _read(rooms))


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the database says."""

    standing: "Standing"
    budget: "AccountStanding"
    """The one that has least left is the one that a person must know about."""
    used_percent: int | None
    """Of the account that is used up most; None where none has a limit."""
    questions: int
    runs: Sequence[Mapping[str, object]]


async def _read(rooms: Rooms) -> _Rows:
    principal = rooms.principal
    return _Rows(
        await rooms.ledger.standing(principal),
        await rooms.ledger.narrowest(principal),
        used_most(await rooms.ledger.accounts(principal)),
        len(await rooms.approvals.pending(principal)),
        await rooms.runs.under_way(principal) if rooms.runs else (),
    )


def used_most(accounts: "Sequence[AccountStanding]") -> int | None:
    """How much is used of the account that is used up most; None where none has a limit."""
    shares = [each.used_percent for each in accounts]
    return max((share for share in shares if share is not None), default=None)


def _status(rooms: Rooms, rows: _Rows) -> dict[str, object]:
    standing, budget = rows.standing, rows.budget
    reason = why_off(rooms, budget)
    ghost_text = rooms.ghost_text.steady
    return {
        "spentToday": as_usd(standing.spent_today),
        "spentInSession": as_usd(standing.spent_in_session),
        "budget": whose(budget.key),
        "spent": as_usd(budget.spent),
        "reserved": as_usd(budget.reserved),
        "limit": None if budget.limit is None else limit_as_usd(budget.limit),
        "usedPercent": rows.used_percent,
        "left": None if budget.left is None else as_usd(budget.left),
        "resetsOn": None if (day := renewed_on(budget.key)) is None else day.isoformat(),
        "openQuestions": rows.questions,
        "runs": list(rows.runs),
        "ai": "ready" if reason is None else "off",
        "reason": reason,
        "ghostText": {"state": ghost_text.state, "reason": ghost_text.reason or None},
    }


def why_off(rooms: Rooms, budget: "AccountStanding") -> str | None:
    """Why no model is asked, with the budget that has least left; None where one is."""
    if (refusal := why_no_call(rooms.principal)) is not None:
        return refusal
    gateway, principal = rooms.gateway, rooms.principal
    reason = gateway.unavailable_reason(principal)
    if reason is not None or gateway.is_free(principal):
        return reason
    if (refusal := gateway.over_team_budget) is not None:
        return refusal
    if budget.left == 0:
        return _nothing_left(budget)
    # Something is left, but perhaps too little for a call that was refused.
    short = gateway.shortages.of(budget.left)
    return short.reason if short else None


def _nothing_left(budget: "AccountStanding") -> str:
    day = renewed_on(budget.key)
    again = f"it is renewed on {day}" if day else "the next session has its own"
    if budget.reserved:
        return (
            f"The {whose(budget.key)} is spent, or set aside for calls under way: of"
            f" {limit_as_usd(budget.limit or 0)}, {as_usd(budget.reserved)} is set aside."
        )
    return (
        f"The {whose(budget.key)}, {limit_as_usd(budget.limit or 0)}, is used up; {again}."
        " To raise it now, use `steward budget set`."
    )


async def keep_status(session: Session, rooms: Rooms) -> None:
    """Send `steward/status` after changes, not more often than five times a second."""
    if not session.can.shows_status:
        return
    shown: dict[str, object] = {}
    rows: _Rows | None = None
    seen: tuple[Mark | None, date] | None = None
    with rooms.events.watch() as events:
        while True:
            mark = await rooms.database.mark()
            looked = mark, rooms.clock.now().date()
            # Open questions may also be too old by now, which nobody writes down.
            if rows is None or mark is None or looked != seen or rows.questions:
                rows, seen = await _read(rooms), looked
            if (now := _status(rooms, rows)) != shown:
                session.protocol.notify("steward/status", now)
                shown = now
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN_S):
                    await anext(events)  # Every kind of event is worth a look.
            with suppress(TimeoutError):
                async with asyncio.timeout(_AT_MOST_EVERY_S):
                    while True:
                        await anext(events)
