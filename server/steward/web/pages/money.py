"""Pages of usage, requests, budgets, prices, models and keys."""

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from steward.web.pages.shown import page
from steward.web.rest.caller import Opened, Reading
from steward.web.rest.usage import Dimension, usage_of

router = APIRouter()


@router.get("/usage")
async def usage_page(
    request: Request,
    caller: Reading,
    rooms: Opened,
    by: Dimension = "model",
    since: date | None = None,
    until: date | None = None,
) -> HTMLResponse:
    """What calls of models cost."""
    usage = await usage_of(caller, rooms, by, since, until)
    return page(request, "usage", caller, {"usage": usage})
