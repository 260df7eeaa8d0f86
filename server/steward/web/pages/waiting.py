"""How many questions wait for whoever looks at a page: it stands in the menu of every page."""

from fastapi import Request

from steward.web.rest.approvals import waiting_of
from steward.web.rest.caller import Opened, caller_of
from steward.web.rest.gate import SAFE


async def count_waiting(request: Request, rooms: Opened) -> None:
    """Note it with the request, where a page is only looked at."""
    caller = caller_of(request)
    if caller is not None and request.method in SAFE:
        request.state.waiting = await waiting_of(caller, rooms)


def waiting_for(request: Request) -> int:
    """The number that was noted; nought where nobody has signed in."""
    found: int = getattr(request.state, "waiting", 0)
    return found
