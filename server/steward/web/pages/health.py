"""The page of the server's health."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from steward.web.pages.shown import page
from steward.web.rest.caller import Opened, Reading
from steward.web.rest.health import health_of

router = APIRouter()


@router.get("/health")
async def health_page(request: Request, caller: Reading, rooms: Opened) -> HTMLResponse:
    """How every part of the server stands."""
    return page(request, "health", caller, {"health": await health_of(caller, rooms)})
