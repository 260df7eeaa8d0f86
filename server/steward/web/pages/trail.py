"""Pages of the audit trail, the security log and what happened lately."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from steward.core.audit import canonical
from steward.web.pages.shown import back, page
from steward.web.rest.activity import ActivityListing, activity_of
from steward.web.rest.audit import (
    begin_check_of,
    check_seen,
    checks_seen,
    fact_of,
    may_check,
)
from steward.web.rest.caller import Caller, Managing, Opened, Reading
from steward.web.rest.facts import Listing, facts_of
from steward.web.rest.security import SecurityListing, security_events_of, security_of
from steward.web.rooms import Rooms

router = APIRouter()


@router.get("/audit")
async def audit_page(
    request: Request, caller: Reading, rooms: Opened, wish: Annotated[Listing, Query()]
) -> HTMLResponse:
    """The trail, newest first."""
    facts = await facts_of(caller, rooms, wish)
    chosen = {name: str(value) for name, value in _filters(wish).items() if value}
    values = {
        "facts": facts,
        "wish": wish,
        "filters": chosen,
        "export": urlencode(chosen),
        "checks": await _checks(caller, rooms),
    }
    return page(request, "audit", caller, values)


@router.post("/audit")
async def begin_check(
    request: Request, caller: Managing, rooms: Opened, kept: Annotated[str, Form()] = ""
) -> Response:
    """Begin to read the whole chain."""
    begun = await begin_check_of(caller, rooms, kept)
    return back(request, f"/audit/checks/{begun.id}", caller)


@router.get("/audit/checks/{check_id}")
async def check_page(
    request: Request, caller: Reading, rooms: Opened, check_id: str
) -> HTMLResponse:
    """How far a check is, and what it found."""
    return page(
        request, "audit_check", caller, {"check": await check_seen(caller, rooms, check_id)}
    )


@router.get("/audit/{seq}")
async def fact_page(request: Request, caller: Reading, rooms: Opened, seq: int) -> HTMLResponse:
    """One entry, whole."""
    fact = await fact_of(caller, rooms, seq)
    values = {"fact": fact, "written": canonical(fact.model_dump(mode="json"))}
    return page(request, "fact", caller, values)


@router.get("/security")
async def security_page(
    request: Request, caller: Reading, rooms: Opened, wish: Annotated[SecurityListing, Query()]
) -> HTMLResponse:
    """What matters for security, in figures and one by one."""
    values = {
        "figures": await security_of(caller, rooms, _SPAN_DAYS),
        "facts": await security_events_of(caller, rooms, wish),
        "wish": wish,
    }
    return page(request, "security", caller, values)


@router.get("/activity")
async def activity_page(
    request: Request, caller: Reading, rooms: Opened, wish: Annotated[ActivityListing, Query()]
) -> HTMLResponse:
    """What happened lately, in plain words."""
    activity = await activity_of(caller, rooms, wish)
    return page(request, "activity", caller, {"activity": activity, "wish": wish})


_SPAN_DAYS = 14


def _filters(wish: Listing) -> dict[str, object]:
    return {name: getattr(wish, name) for name in ("actor", "action", "subject", "since", "until")}


async def _checks(caller: Caller, rooms: Rooms) -> object:
    """The newest checks; None where the caller may not check the trail."""
    return await checks_seen(caller, rooms) if await may_check(caller, rooms) else None
