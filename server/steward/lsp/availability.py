"""Whether a model may be asked, for what must be listed at once."""

import asyncio

from steward.lsp.session import Session
from steward.lsp.status import why_off

_KNOWN_S = 3.0
_WITHIN_S = 0.005
"""How long a menu waits for the books; what was known before counts where they take longer."""


async def why_no_ai(session: Session) -> str | None:
    """Why no model would be asked now; None where one would, or where it is not known yet."""
    rooms = session.rooms_now
    if rooms is None:
        return None
    now_s = rooms.clock.monotonic_s()
    known = session.why_no_ai
    if known is not None and now_s - known[0] < _KNOWN_S:
        return known[1]
    try:
        async with asyncio.timeout(_WITHIN_S):
            budget = await rooms.ledger.narrowest(rooms.principal)
    except TimeoutError:
        return known and known[1]
    reason = why_off(rooms, budget)
    session.why_no_ai = now_s, reason
    return reason
