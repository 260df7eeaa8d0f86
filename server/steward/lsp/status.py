"""What the editor's status bar says: cost, open questions, runs, and why AI is off."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from steward.core.money import NANO_PER_CENT, as_usd
from steward.ledger.account import renewed_on, whose
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session
from steward.permissions.roles import why_no_call

if TYPE_CHECKING:
    from steward.ledger.reading import AccountStanding

_AT_MOST_EVERY_S = 0.2
_LOOK_AGAIN_S = 3.0
"""How soon is seen what other processes did: what they spent, and limits that somebody changed."""


async def status(rooms: Rooms) -> dict[str, object]:
    """Everything in one object, for the notification and for the command."""
    standing = await rooms.ledger.standing(rooms.principal)
    # The account that has least left is the one that a person must know about.
    budget = await rooms.ledger.narrowest(rooms.principal)
    questions = await rooms.approvals.pending(rooms.principal)
    runs = await rooms.runs.under_way(rooms.principal) if rooms.runs else []
    reason = _why_off(rooms, budget)
    return {
        "spentToday": as_usd(standing.spent_today),
        "spentInSession": as_usd(standing.spent_in_session),
        "budget": whose(budget.key),
        "spent": as_usd(budget.spent),
        "reserved": as_usd(budget.reserved),
        "limit": None if budget.limit is None else _limit(budget.limit),
        "left": None if budget.left is None else as_usd(budget.left),
        "resetsOn": None if (day := renewed_on(budget.key)) is None else day.isoformat(),
        "openQuestions": len(questions),
        "runs": runs,
        "ai": "ready" if reason is None else "off",
        "reason": reason,
    }


def _why_off(rooms: Rooms, budget: "AccountStanding") -> str | None:
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
            f" {_limit(budget.limit or 0)}, {as_usd(budget.reserved)} is set aside."
        )
    return (
        f"The {whose(budget.key)}, {_limit(budget.limit or 0)}, is used up; {again}."
        " To raise it now, use `steward budget set`."
    )


def _limit(nano_usd: int) -> str:
    """Whole cents as such; what is finer must not look like more."""
    return as_usd(nano_usd, places=6 if nano_usd % NANO_PER_CENT else 2)


async def keep_status(session: Session, rooms: Rooms) -> None:
    """Send `steward/status` after changes, not more often than five times a second."""
    if not session.can.shows_status:
        return
    shown: dict[str, object] = {}
    with rooms.events.watch() as events:
        while True:
            if (now := await status(rooms)) != shown:
                session.protocol.notify("steward/status", now)
                shown = now
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN_S):
                    await anext(events)  # Every kind of event is worth a look.
            with suppress(TimeoutError):
                async with asyncio.timeout(_AT_MOST_EVERY_S):
                    while True:
                        await anext(events)
