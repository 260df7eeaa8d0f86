"""How many questions wait for whoever looks at a page: it stands in the menu of every page."""

from fastapi import Request

from steward.web.rest.approvals import ApprovalFilter, approvals_of
from steward.web.rest.caller import Opened, caller_of
from steward.web.rest.gate import SAFE

_COUNTED_MAX = 99


async def count_waiting(request: Request, rooms: Opened) -> None:
    """Note it with the request, where a page is only looked at."""
    caller = caller_of(request)
    if caller is not None and request.method in SAFE:
        open_ones = await approvals_of(caller, rooms, ApprovalFilter(limit=_COUNTED_MAX))
        request.state.waiting = len(open_ones.items)


def waiting_for(request: Request) -> int:
    """The number that was noted; nought where nobody has signed in, and 99 for any that is more."""
    found: int = getattr(request.state, "waiting", 0)
    return found
