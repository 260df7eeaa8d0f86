"""The site: the API of our own and the pages, as one application behind the door."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from steward import __version__
from steward.core.errors import StewardError
from steward.web.rest import (
    activity,
    agents,
    approvals,
    audit,
    budgets,
    document,
    estimate,
    events,
    export,
    extensions,
    feedback,
    health,
    keys,
    live,
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
from steward.web.rest.document import operation_id
from steward.web.rest.faults import Failed
from steward.web.rest.gate import AnswerFault
from steward.web.rooms import Rooms
from steward.web.sign_in import SignIn

_RESOURCES = (
    *(usage, export, estimate, requests, budgets, prices, models, keys),
    *(people, teams, tokens, workspaces),
    *(audit, security, activity),
    *(agents, runs, approvals),
    *(extensions, events, outcomes, performance, feedback, health, live),
)
_FAILED: dict[int | str, dict[str, Any]] = {
    status: {"model": Failed, "description": why}
    for status, why in (
        (400, "The request does not fit."),
        (401, "Nobody has signed in, or no longer."),
        (403, "The role, the token or the page it comes from does not permit it."),
        (404, "There is no such thing."),
        (409, "It was made before, or is under way."),
        (413, "It is larger than we take."),
        (415, "The body is no JSON."),
        (429, "Too many sign-ins from this address failed."),
        (503, "It cannot be done now; later it may."),
    )
}


def build_site(
    rooms: Rooms, sign_in: SignIn, routes: Sequence[BaseRoute], answer: AnswerFault
) -> FastAPI:
    """These routes, in these rooms."""
    site = _empty()
    site.router.routes.extend(routes)
    site.state.rooms, site.state.sign_in = rooms, sign_in
    for kind in (StewardError, RequestValidationError, HTTPException, Exception):
        site.add_exception_handler(kind, answer)
    return site


def build_routes() -> FastAPI:
    """Every resource, as OpenAPI describes them."""
    site = _empty()
    for each in _RESOURCES:
        site.include_router(each.router, prefix=API, responses=_FAILED)
    site.include_router(document.router)
    return site


def _empty() -> FastAPI:
    return FastAPI(
        title="Steward",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
