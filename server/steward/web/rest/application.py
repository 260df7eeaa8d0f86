"""The site: the API of our own and the pages, as one application behind the door."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from steward import __version__
from steward.core.errors import StewardError
from steward.web.rest import (
    activity,
    agents,
    approvals,
    audit,
    budgets,
    estimate,
    events,
    export,
    extensions,
    feedback,
    health,
    keys,
    models,
    outcomes,
    people,
    performance,
    prices,
    requests,
    runs,
    security,
    teams,
    tokens,
    usage,
    workspaces,
)
from steward.web.rest.caller import API
from steward.web.rest.faults import Failed
from steward.web.rest.gate import AnswerFault
from steward.web.rooms import Rooms
from steward.web.sign_in import SignIn

_RESOURCES = (
    *(usage, export, estimate, requests, budgets, prices, models, keys),
    *(people, teams, tokens, workspaces),
    *(audit, security, activity),
    *(agents, runs, approvals),
    *(extensions, events, outcomes, performance, feedback, health),
)
_FAILED: dict[int | str, dict[str, Any]] = {
    status: {"model": Failed} for status in (400, 401, 403, 404, 409, 413, 415, 429, 503)
}


def build_site(
    rooms: Rooms, sign_in: SignIn, pages: APIRouter, answer_fault: AnswerFault
) -> FastAPI:
    """Every resource and page; OpenAPI describes the resources alone."""
    site = FastAPI(
        title="Steward",
        version=__version__,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    site.state.rooms, site.state.sign_in = rooms, sign_in
    for each in _RESOURCES:
        site.include_router(each.router, prefix=API, responses=_FAILED)
    site.include_router(pages, include_in_schema=False)
    for kind in (StewardError, RequestValidationError, HTTPException, Exception):
        site.add_exception_handler(kind, answer_fault)
    return site
