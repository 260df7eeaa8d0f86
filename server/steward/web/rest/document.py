"""The API described by itself: OpenAPI, as programs read it."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute, iter_route_contexts

from steward.web.rest.caller import API, WHO_MAY

Document = dict[str, Any]

router = APIRouter()

_ABOUT = """Everything that Steward knows, for programs and for its own pages.

A program shows a personal token (`Authorization: Bearer …`; `steward token create` makes one). A
token is a ceiling: what its person's role does not cover, it does not open. A page of a browser
has a session; its changes show `X-CSRF-Token` besides.

Sums are whole nano-dollars (`…_nano_usd`), times ISO 8601 in UTC, days UTC. A list answers `items`
and `next`: ask again with `after=` what `next` says, until it is null. Every error has the shape
of `Failed`, with a stable `code`; every answer names its request in `x-request-id`. A client may
send `X-Correlation-Id` (64 visible ASCII characters at most), which is answered, logged, and
written into the audit trail with each change."""
_IDEMPOTENCY: Document = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Asked for again under the same key within a day, the change is not made again:"
    " its answer is given again, with `Idempotent-Replayed: true`. Something else under the key,"
    " or the same while it is under way, is answered with 409.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
_SCHEMES: Document = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A personal token. `reports` reads, `manage` changes.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-steward",
        "description": "A session at pages; without TLS the cookie is called `steward-` and the"
        " server's port. Changes also show `X-CSRF-Token`.",
    },
}
_CHANGES = ("post", "put", "patch", "delete")
_NOT_OURS = ("HTTPValidationError", "ValidationError")
"""What FastAPI would answer to a request that does not fit; we answer as to any other fault."""


def operation_id(route: APIRoute) -> str:
    """A name that stays: the resource and the route's own."""
    resource = str(route.tags[0]) if route.tags else "page"
    return f"{resource}.{route.name}"


def document_of(site: FastAPI) -> Document:
    """The whole document; reads the sources of what it describes, so not on the loop."""
    if site.openapi_schema is None:
        made = site.openapi()
        made["info"]["description"] = _ABOUT
        made["security"] = [{name: []} for name in _SCHEMES]
        parts: Document = made.setdefault("components", {})
        parts["securitySchemes"] = _SCHEMES
        for name in _NOT_OURS:
            parts.get("schemas", {}).pop(name, None)
        who = {
            each.unique_id: _who_may(each.dependant)
            for each in iter_route_contexts(site.routes)
            if each.include_in_schema
        }
        for methods in made["paths"].values():
            for method, operation in methods.items():
                _complete(operation, who, is_change=method in _CHANGES)
        site.openapi_schema = made
    return site.openapi_schema


def _complete(operation: Document, who: dict[str, str], *, is_change: bool) -> None:
    operation["x-steward-who"] = who[operation["operationId"]]
    operation["responses"].pop("422", None)
    if is_change:
        operation.setdefault("parameters", []).append(_IDEMPOTENCY)


def _who_may(dependant: Dependant) -> str:
    """What the first that asks of a route's dependencies says."""
    found = [WHO_MAY[call] for call in _calls(dependant) if call in WHO_MAY]
    return found[0] if found else "reports"


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for each in dependant.dependencies:
        if each.call is not None:
            yield each.call
        yield from _calls(each)


@router.get(f"{API}/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> JSONResponse:
    """The document, for whoever has signed in."""
    return JSONResponse(await asyncio.to_thread(document_of, request.app))
