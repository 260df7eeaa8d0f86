"""What the editor's status bar says: cost, open questions, runs, and why AI is off."""

import asyncio
from contextlib import suppress

from steward.core.money import as_usd
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session

_AT_MOST_EVERY_S = 0.2


async def status(rooms: Rooms) -> dict[str, object]:
    """Everything in one object, for the notification and for the command."""
    standing = await rooms.ledger.standing(rooms.principal)
    questions = await rooms.approvals.pending(rooms.principal)
    runs = await rooms.runs.under_way(rooms.principal) if rooms.runs else []
    reason = rooms.gateway.unavailable_reason()
    if reason is None and standing.left <= 0:
        reason = (
            f"The budget of {as_usd(standing.limit, places=2)} is used up;"
            f" AI is back on {standing.resets_on.isoformat()}."
            if standing.narrowest.startswith("user:")
            else f"The budget of {standing.narrowest!r} is used up; see `steward budget show`."
        )
    if reason is None:
        reason = rooms.gateway.refusal  # Something is left, but too little for the last call.
    return {
        "spentToday": as_usd(standing.spent_today),
        "spentInSession": as_usd(standing.spent_in_session),
        "spent": as_usd(standing.spent),
        "reserved": as_usd(standing.reserved),
        "limit": as_usd(standing.limit, places=2),
        "left": as_usd(standing.left),
        "resetsOn": standing.resets_on.isoformat(),
        "openQuestions": len(questions),
        "runs": runs,
        "ai": "ready" if reason is None else "off",
        "reason": reason,
    }


async def keep_status(session: Session, rooms: Rooms) -> None:
    """Send `steward/status` after changes, not more often than five times a second."""
    if not session.can.shows_status:
        return
    with rooms.events.watch() as events:
        while True:
            session.protocol.notify("steward/status", await status(rooms))
            await anext(events)  # Every kind of event is worth a look.
            with suppress(TimeoutError):
                async with asyncio.timeout(_AT_MOST_EVERY_S):
                    while True:
                        await anext(events)
