"""How an error is told: to a program as the API tells it, to a person as a page."""

from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from steward.web.cookie import forgotten_cookie
from steward.web.pages.shown import page, templates_ready
from steward.web.rest.caller import API, caller_of, exchange_of
from steward.web.rest.faults import answer_program, fault_of
from steward.web.rest.gate import SAFE


async def answer_fault(request: Request, error: Exception) -> Response:
    """The answer to a request that failed."""
    wants_page = "text/html" in request.headers.get("accept", "")
    if request.url.path.startswith(API) or not wants_page:
        return answer_program(request, error)
    status, fault, headers = fault_of(request, error)
    if status == 401:
        return _to_sign_in(request)
    headers.pop("x-should-retry", None)
    await templates_ready()
    made = page(request, "failed", caller_of(request), {"fault": fault, "status": status}, status)
    made.headers.update(headers)
    return made


def _to_sign_in(request: Request) -> Response:
    """A page of somebody who has not signed in: they do, and come back."""
    wanted = request.url.path
    if request.method in SAFE and request.url.query:
        wanted = f"{wanted}?{request.url.query}"
    made = RedirectResponse(f"/sign-in?{urlencode({'then': wanted})}", 303)
    made.headers.append("set-cookie", forgotten_cookie(exchange_of(request)))
    return made
