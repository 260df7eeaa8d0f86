"""All pages, in one router; and with the resources, all routes of the site."""

from collections.abc import Sequence
from functools import cache

from fastapi import APIRouter, Depends
from starlette.routing import BaseRoute

from steward.web.pages import (
    extensions,
    figures,
    health,
    money,
    overview,
    people,
    signing,
    static_files,
    trail,
    work,
)
from steward.web.pages.shown import templates_ready
from steward.web.pages.waiting import count_waiting
from steward.web.rest.application import build_routes

_FIRST = (Depends(templates_ready), Depends(count_waiting))
"""What is done before any page is made."""
router = APIRouter()
router.include_router(static_files.router)
for each in (overview, money, people, trail, work, extensions, figures, health, signing):
    router.include_router(each.router, dependencies=_FIRST)


@cache
def site_routes() -> Sequence[BaseRoute]:
    """Every resource and page, for all sites of a process.

    At the first request FastAPI works them out and keeps it with them, which takes longer than all
    else that a site begins with.
    """
    site = build_routes()
    site.include_router(router, include_in_schema=False)
    return tuple(site.routes)
